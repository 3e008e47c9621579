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
 *
 * Steps and drift carry their inverse. Undoing does not: for a stretch of such records the walk goes
 * to its beginning and comes forward again.
 */
export async function* walkBack(
  replay: Replay,
  from: AppliedAt,
  to: Seq,
): AsyncGenerator<AppliedAt> {
  const changes: Change[] = [];
  for await (const record of replay.journal.read(to + 1, from.seq)) {
    const patch = patchOf(record);
    if (patch) changes.push({ seq: record.seq, patch, inverse: inverseOf(record) });
  }
  let { applied } = from;
  while (changes.length > 0) {
    const stretch = withoutInverse(changes);
    if (stretch.length > 0) {
      const befores = await appliedBefore(replay, stretch);
      yield* befores.toReversed();
      applied = befores[0]?.applied ?? applied;
      continue;
    }
    const change = changes.pop();
    if (!change?.inverse) break;
    applied = patched(applied, change.inverse);
    yield { seq: change.seq - 1, applied };
  }
}

type Change = { readonly seq: Seq; readonly patch: Patch; readonly inverse: Patch | null };

/** Takes the changes without an inverse off the end. */
function withoutInverse(changes: Change[]): readonly Change[] {
  const first = changes.findLastIndex(({ inverse }) => inverse !== null) + 1;
  return changes.splice(first);
}

async function appliedBefore(
  replay: Replay,
  stretch: readonly Change[],
): Promise<readonly AppliedAt[]> {
  const [first] = stretch;
  if (!first) return [];
  let { applied } = await replay.stateAt(first.seq - 1);
  return stretch.map(({ seq, patch }) => {
    const before = { seq: seq - 1, applied };
    applied = patched(applied, patch);
    return before;
  });
}

const patchOf = (record: Recorded<ChuteEvent>): Patch | null =>
  CHANGING.has(record.type) && 'patch' in record && record.patch.length > 0 ? record.patch : null;

const inverseOf = (record: Recorded<ChuteEvent>): Patch | null =>
  'inverse' in record ? record.inverse : null;

/** The patch of `update.planned` says what is wanted; these say what is. */
const CHANGING: ReadonlySet<string> = new Set<ChuteEvent['type']>([
  'step.succeeded',
  'compensation.succeeded',
  'compensation.resolved',
  'drift.found',
]);

const patched = (applied: Applied, patch: Patch): Applied =>
  produce(applied, (draft) => applyPatch(draft, patch));
