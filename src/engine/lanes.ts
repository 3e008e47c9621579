import type { ChuteName } from '../core/chute.ts';
import type { RequestLane, UpdateId } from '../core/events.ts';
import type { State, UpdateState } from '../core/state.ts';
import type { Asked } from './asked.ts';
import { type Outcome, UNCHANGED } from './outcome.ts';

/**
 * A request cut into one for each of its chutes, in the order given, behind one for the device itself;
 * one when that is not asked for, when a chute is named twice, which planning refuses, or for a reset,
 * which is of all there is. Pure.
 */
export function partsOf(asked: Asked): readonly Asked[] {
  const { perChute = false, ...whole } = asked;
  const { chutes, host, ...rest } = whole;
  const names = new Set(chutes.map(({ chute }) => chute));
  const isSplit = perChute && names.size === chutes.length && host?.operation !== 'reset';
  if (!isSplit) return [whole];
  const device = host ? [{ ...rest, host, chutes: [] }] : [];
  return [...device, ...chutes.map((each) => ({ ...rest, chutes: [each] }))];
}

/** The numbers of all updates that go together by this one's: itself, when it is no first one. Pure. */
export function idsOf(id: UpdateId, lane: RequestLane | undefined): readonly UpdateId[] {
  if (lane?.first !== id) return [id];
  const number = Number(id.slice(1));
  return Array.from({ length: lane.of }, (_none, at) => `u${number + at}`);
}

/** The unfinished updates that go by this number, oldest first. Pure. */
export function unfinishedOf(id: UpdateId, { updates }: Pick<State, 'updates'>): UpdateState[] {
  return Object.values(updates)
    .filter((update) => update.id === id || update.request.lane?.first === id)
    .toSorted((a, b) => a.seq - b.seq);
}

/**
 * How a request fared that was carried out chute by chute: as the worst of its lanes did. Pure.
 */
export function together(
  lanes: readonly { readonly chute: ChuteName; readonly outcome: Outcome }[],
): Outcome {
  const [worst = UNCHANGED] = lanes
    .map(({ outcome }) => outcome)
    .toSorted((left, right) => BAD.indexOf(left.outcome) - BAD.indexOf(right.outcome));
  const all = lanes.map(({ outcome }) => outcome);
  return {
    ...worst,
    update: all.find(({ update }) => update !== null)?.update ?? null,
    refusals: all.flatMap(({ refusals }) => refusals),
    stuck: all.flatMap(({ stuck }) => stuck),
    warnings: all.flatMap(({ warnings }) => warnings),
    lanes: lanes.map(({ chute, outcome: { update, outcome, failedStep, error } }) => ({
      chute,
      update,
      outcome,
      failedStep,
      error,
    })),
  };
}

/** From the worst to the best. */
const BAD: readonly Outcome['outcome'][] = [
  'stuck',
  'reverted',
  'cancelled',
  'superseded',
  'rejected',
  'resolved',
  'committed',
  'unchanged',
];
