import type { Recorded, Seq } from '../journal/record.ts';
import type { ChuteName } from '../src/core/chute.ts';
import { RipcordError } from '../src/core/errors.ts';
import type { ChuteEvent, UpdateId } from '../src/core/events.ts';
import { REPEATS } from '../src/core/fold-end.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { StepId } from '../src/core/step.ts';
import type { BootSpan, Chronicle } from './chronicle.ts';
import { parseRef, type Ref, splitRange } from './ref.ts';
import type { Replay } from './replay.ts';
import type { UpdateSummary } from './update-summary.ts';

/** A ref and the record it stands for: the state after `seq` is what it means. */
export type ResolvedRef = {
  readonly text: string;
  readonly ref: Ref;
  readonly seq: Seq;
};

/** When it is now, for refs like `-2h`, in milliseconds since 1970. */
export type Now = { readonly now?: number };

/** The record that a ref stands for. Throws RIPCORD_REF_UNKNOWN. */
export async function resolveRef(
  replay: Replay,
  text: string,
  options: Now = {},
): Promise<ResolvedRef> {
  const ref = parseRef(text);
  return { text, ref, seq: await seqOf(replay, ref, text, options.now ?? Date.now()) };
}

/**
 * Both ends of `A..B`, or a point as a range that ends there. `A..` ends at the head, `..B` begins
 * before the first record. Throws RIPCORD_REF_UNKNOWN.
 */
export async function resolveRange(
  replay: Replay,
  text: string,
  options: Now = {},
): Promise<{ readonly from: ResolvedRef; readonly to: ResolvedRef }> {
  const range = splitRange(text) ?? { from: null, to: text };
  return {
    from: await resolveRef(replay, range.from ?? '@0', options),
    to: await resolveRef(replay, range.to ?? 'HEAD', options),
  };
}

/** The summary of an update. Throws RIPCORD_REF_UNKNOWN when there never was one of that number. */
export async function updateNamed(replay: Replay, id: UpdateId): Promise<UpdateSummary> {
  const chronicle = await replay.chronicle();
  const found = chronicle.update(id);
  if (found) return found;
  const last = chronicle.updates.at(-1);
  const reason = last ? `the newest update is ${last.id}` : 'there are no updates yet';
  throw unknown(id, reason);
}

/** The records of the newest boot, or of one before it. Throws RIPCORD_REF_UNKNOWN. */
export function bootSpan({ boots }: Pick<Chronicle, 'boots'>, back: number): BootSpan {
  const span = boots.at(-1 - back);
  if (span) return span;
  throw unknown(back === 0 ? 'boot' : `boot-${back}`, `the journal knows ${boots.length} boots`);
}

async function seqOf(replay: Replay, ref: Ref, text: string, now: number): Promise<Seq> {
  const head = replay.head.seq;
  switch (ref.is) {
    case 'record':
      if (ref.seq <= head) return ref.seq;
      throw unknown(text, `the journal ends with @${head}`);
    case 'update':
      return (await updateNamed(replay, ref.update)).lastSeq;
    case 'before':
      return (await updateNamed(replay, ref.update)).requestedSeq - 1;
    case 'step':
      return await lastOfStep(replay, await updateNamed(replay, ref.update), ref.step, text);
    case 'revision':
      return seqOfRevision(await replay.chronicle(), ref.chute, ref.revision);
    case 'head':
      return ref.back === 0 ? head : seqBack(await replay.chronicle(), ref.back, text);
    case 'boot':
      return bootSpan(await replay.chronicle(), ref.back).from - 1;
    case 'ago':
      return await lastUntil(replay, now - ref.ms);
    case 'date':
      return await lastUntil(replay, ref.time);
  }
}

async function lastOfStep(
  replay: Replay,
  { id, requestedSeq, lastSeq }: UpdateSummary,
  step: number | StepId,
  text: string,
): Promise<Seq> {
  let last: Seq | null = null;
  let steps: readonly { readonly n: number; readonly id: StepId }[] = [];
  for await (const record of replay.journal.read(requestedSeq, lastSeq)) {
    if (!('update' in record) || record.update !== id) continue;
    if (record.type === 'update.planned') ({ steps } = record);
    if ('n' in record && (record.n === step || record.step === step)) last = record.seq;
  }
  if (last !== null) return last;
  const known = steps.some((each) => each.n === step || each.id === step);
  const plan = steps.length === 0 ? `${id} has no plan` : `its plan has s1 to s${steps.length}`;
  throw unknown(text, known ? 'that step was never begun' : plan, `ripcord show ${id}`);
}

function seqOfRevision({ updates }: Chronicle, chute: ChuteName, revision: number): Seq {
  const makers = updates.filter(
    ({ outcome, operations, revisions }) =>
      outcome === 'committed' &&
      !REPEATS.has(operations[chute] ?? 'apply') &&
      typeof revisions[chute] === 'number',
  );
  // A chute that was removed and came back counts from 1 again: the newest is meant.
  const maker = makers.findLast(({ revisions }) => revisions[chute] === revision);
  if (maker) return maker.lastSeq;
  const newest = makers.at(-1)?.revisions[chute];
  const never = chute === HOST ? 'nobody has configured it' : 'there was never such a chute';
  const reason = typeof newest === 'number' ? `it is at r${newest}` : never;
  throw unknown(`${chute}@r${revision}`, reason, `ripcord log --chute ${chute}`);
}

function seqBack({ updates }: Chronicle, back: number, text: string): Seq {
  const counted = updates.filter(
    ({ outcome }) => outcome !== 'rejected' && outcome !== 'unchanged',
  );
  const first = counted.at(-back);
  if (first) return first.requestedSeq - 1;
  throw unknown(text, `there are only ${counted.length} updates`);
}

/**
 * The last record made by then. A clock that nobody has set yet says 1970: such records count as made
 * when the one before them was.
 */
async function lastUntil(replay: Replay, time: number): Promise<Seq> {
  let last: Seq = 0;
  let known = Number.NEGATIVE_INFINITY;
  for await (const record of replay.journal.read(1, replay.head.seq)) {
    known = knownTime(record, known);
    if (known <= time) last = record.seq;
  }
  return last;
}

/** Clocks that show a time before this program existed were never set. */
const CLOCK_SET_SINCE = Date.UTC(2020, 0);

function knownTime({ at }: Recorded<ChuteEvent>, before: number): number {
  const time = Date.parse(at);
  return time >= CLOCK_SET_SINCE ? time : before;
}

function unknown(text: string, reason: string, hint = 'ripcord log'): RipcordError {
  return new RipcordError('RIPCORD_REF_UNKNOWN', `cannot find ${text}: ${reason}`, { hint });
}
