import { castDraft, type Draft } from 'immer';

import type { Recorded } from '../../journal/record.ts';
import { assert } from './assert.ts';
import type { Failure } from './errors.ts';
import type { ChuteEvent } from './events.ts';
import { type OutcomeWord, requestKey, type State, type UpdateState } from './state.ts';

/** The events with which an update's outcome stands. */
export type EndEvent = Extract<
  ChuteEvent,
  {
    readonly type:
      | 'update.rejected'
      | 'update.superseded'
      | 'update.cancelled'
      | 'update.committed'
      | 'update.reverted'
      | 'update.resolved';
  }
>;

const ENDS: Readonly<Record<EndEvent['type'], OutcomeWord>> = {
  'update.rejected': 'rejected',
  'update.superseded': 'superseded',
  'update.cancelled': 'cancelled',
  'update.committed': 'committed',
  'update.reverted': 'reverted',
  'update.resolved': 'resolved',
};

export function isEndEvent<E extends ChuteEvent>(event: E): event is Extract<E, EndEvent> {
  return Object.hasOwn(ENDS, event.type);
}

/** The word for how an update ended, as users and exit codes see it. Pure. */
export function outcomeOf(event: EndEvent): OutcomeWord {
  return event.type === 'update.committed' && event.unchanged ? 'unchanged' : ENDS[event.type];
}

/** Ends an update: what it leaves behind is one line per chute; its story is in the journal. */
export function applyEnd(draft: Draft<State>, event: Recorded<EndEvent>): void {
  const update = draft.updates[event.update];
  assert(update, `record ${event.seq} ends update ${event.update}, which is not on its way`);
  const outcome = outcomeOf(event);
  const { requestId } = update.request;
  const known = requestId === null ? undefined : draft.requests[requestKey(requestId)];
  if (known?.update === update.id) known.outcome = outcome;

  // What got through after all is not refused again.
  if (event.type === 'update.committed') delete draft.quarantine[update.request.contentHash];
  for (const { chute, operation } of update.request.chutes) {
    const before = draft.chutes[chute];
    const gone = draft.applied.chutes[chute] === undefined;
    if (event.type === 'update.committed' && gone) {
      delete draft.chutes[chute];
      continue;
    }
    const last = { update: update.id, outcome, seq: event.seq, error: errorOf(update, event) };
    if (before) before.last = castDraft(last);
    if (event.type !== 'update.committed' || event.unchanged || REPEATS.has(operation)) continue;
    draft.chutes[chute] = castDraft({
      revision: (before?.revision ?? 0) + 1,
      owner: before?.owner ?? ownerOf(update, chute),
      last,
      since: { update: update.id, at: event.at },
    });
  }
  if (update.request.host) applyHostEnd(draft, update, { event, outcome });
  if (event.type === 'update.committed' && update.marks.includes('.')) update.phase = 'committed';
  else delete draft.updates[update.id];
}

/** How the device itself is configured counts its changes as a chute does. */
function applyHostEnd(
  draft: Draft<State>,
  update: Draft<UpdateState>,
  { event, outcome }: { readonly event: Recorded<EndEvent>; readonly outcome: OutcomeWord },
): void {
  const before = draft.host;
  const last = { update: update.id, outcome, seq: event.seq, error: errorOf(update, event) };
  const changes = update.plan?.steps.some(({ kind }) => kind.startsWith('host.save@')) ?? false;
  if (event.type === 'update.committed' && changes) {
    const since = { update: update.id, at: event.at };
    draft.host = castDraft({ revision: (before?.revision ?? 0) + 1, last, since });
  } else if (before) before.last = castDraft(last);
}

/** Operations that run the same definition again: they make no new revision. */
export const REPEATS: ReadonlySet<string> = new Set(['start', 'stop', 'restart']);

function ownerOf(update: Draft<UpdateState>, chute: string): string {
  const request = update.request.chutes.find((each) => each.chute === chute);
  return request?.definition?.owner ?? update.request.by.user;
}

function errorOf(update: Draft<UpdateState>, event: EndEvent): Failure | null {
  if (event.type === 'update.rejected') return { code: event.code, message: event.message };
  return update.aborting?.error ?? null;
}
