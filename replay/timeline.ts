import { produce } from 'immer';

import type { Recorded, Seq } from '../journal/record.ts';
import type { Applied } from '../src/core/applied.ts';
import type { ChuteEvent } from '../src/core/events.ts';
import { applyPatch, type Patch } from '../src/core/patch.ts';
import type { Replay } from './replay.ts';
import { type Now, resolveRef } from './resolve-ref.ts';

/** What is applied after a record. */
export type AppliedAt = { readonly seq: Seq; readonly applied: Applied };

/** The state at a point in time, given as a ref or as a seq. Throws RIPCORD_REF_UNKNOWN. */
export async function stateAt(
  replay: Replay,
  point: string | Seq,
  options: Now = {},
): ReturnType<Replay['stateAt']> {
  const text = typeof point === 'number' ? `@${point}` : point;
  const { seq } = await resolveRef(replay, text, options);
  return await replay.stateAt(seq);
}

/**
 * What is applied after each record behind `from.seq` that changes it, up to and with `to`, oldest
 * first: by patches, without folding the rest of the state.
 */
export async function* walkForward(
  replay: Replay,
  from: AppliedAt,
  to: Seq,
): AsyncGenerator<AppliedAt> {
  let { applied } = from;
  for await (const record of replay.journal.read(from.seq + 1, to)) {
    const patch = patchOf(record);
    if (!patch) continue;
    applied = patched(applied, patch);
    yield { seq: record.seq, applied };
  }
}

/**
 * What was applied before each record that changed it, from `from.seq` back to the one behind `to`,
 * newest first: `seq` is the record before the change.
 */
export async function* walkBack(
  replay: Replay,
  from: AppliedAt,
  to: Seq,
): AsyncGenerator<AppliedAt> {
  const changes: { readonly seq: Seq; readonly inverse: Patch }[] = [];
  for await (const record of replay.journal.read(to + 1, from.seq))
    if (patchOf(record) && 'inverse' in record)
      changes.push({ seq: record.seq, inverse: record.inverse });
  let { applied } = from;
  for (const { seq, inverse } of changes.toReversed()) {
    applied = patched(applied, inverse);
    yield { seq: seq - 1, applied };
  }
}

const patchOf = (record: Recorded<ChuteEvent>): Patch | null =>
  CHANGING.has(record.type) && 'patch' in record && record.patch.length > 0 ? record.patch : null;

/** The patch of `update.planned` says what is wanted; these say what is. */
const CHANGING: ReadonlySet<string> = new Set<ChuteEvent['type']>([
  'step.succeeded',
  'compensation.succeeded',
  'compensation.resolved',
  'drift.found',
]);

const patched = (applied: Applied, patch: Patch): Applied =>
  produce(applied, (draft) => applyPatch(draft, patch));
