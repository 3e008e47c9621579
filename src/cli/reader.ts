import { JournalError } from '../../journal/errors.ts';
import { isLocked } from '../../journal/lock.ts';
import { openReplay } from '../../replay/reader.ts';
import type { Replay } from '../../replay/replay.ts';
import { codeOf } from '../core/errors.ts';
import type { UpdateId } from '../core/events.ts';
import { damageError } from '../library/damage-error.ts';
import { isRootThere } from '../library/root-place.ts';
import type { Context } from './context.ts';
import { say } from './output.ts';

/**
 * The journal to look back at, after finishing what was left unfinished; null where there is no root.
 *
 * With nothing unfinished, or while an engine is at work, it takes no lock and writes nothing. What the
 * disk keeps from going on is said and left as it is. Throws
 * RIPCORD_JOURNAL_DAMAGED naming record, file and offset.
 */
export async function lookBack(context: Context): Promise<Replay | null> {
  const replay = await peek(context);
  if (replay === null || unfinishedIn(replay).length === 0) return replay;
  if (!(await isLocked(context.root))) {
    const { settle } = await import('./settle.ts');
    const ids = unfinishedIn(replay);
    await settle(context, ids).catch((error: unknown) => {
      if (!UNWRITABLE.has(codeOf(error) ?? '')) throw error;
      // What is on record can be told all the same.
      const reason = error instanceof Error ? error.message : String(error);
      say(context, `! ${ids.join(', ')} cannot go on: ${reason}`);
    });
  }
  return await peek(context);
}

/** Nothing can be recorded now, which keeps nobody from reading. */
const UNWRITABLE: ReadonlySet<string> = new Set([
  'RIPCORD_DISK_FULL',
  'RIPCORD_JOURNAL_FENCED',
  'RIPCORD_ROOT_UNUSABLE',
]);

/** The same without settling anything: for commands that never write. */
export async function peek({ root }: Pick<Context, 'root'>): Promise<Replay | null> {
  if (!isRootThere(root)) return null;
  const replay = await openReplay(root).catch((error: unknown) => {
    if (codeOf(error) === 'RIPCORD_ROOT_MISSING') return null;
    throw error;
  });
  if (replay?.damage) throw damageError(root, replay.damage);
  return replay;
}

/** Like `lookBack`, for commands that cannot do without a root. Throws RIPCORD_ROOT_MISSING. */
export async function needReplay(context: Context): Promise<Replay> {
  const replay = await lookBack(context);
  if (replay !== null) return replay;
  throw new JournalError(
    'RIPCORD_ROOT_MISSING',
    `cannot read ${context.root}: there is no ripcord root`,
  );
}

/** Updates that wait for an engine rather than for a person. */
function unfinishedIn({ state }: Replay): readonly UpdateId[] {
  return Object.values(state.updates)
    .filter(({ phase }) => phase !== 'stuck')
    .map(({ id }) => id);
}
