import { sha256 } from '../../journal/chain.ts';
import type { Recorded, Seq } from '../../journal/record.ts';
import type { Replay } from '../../replay/replay.ts';
import { updateNamed } from '../../replay/resolve-ref.ts';
import { storyOf } from '../../replay/story.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import { NEW_STATE } from '../core/state.ts';
import { type Said, contentHashOf } from '../engine/asked.ts';
import { idsOf, together } from '../engine/lanes.ts';
import { exitCodeOf, type Outcome, OutcomeReader } from '../engine/outcome.ts';
import { carry, type CarryOptions, type Carried } from './carry.ts';
import type { Context } from './context.ts';
import { EXIT, exitCodeForError } from './exit-code.ts';
import { lanesText, outcomeLine, outcomeText } from './outcome-text.ts';
import { noProgress, type Progress, progressAfter } from './progress.ts';
import { peek } from './reader.ts';
import { rejectedLine } from './show-error.ts';
import { openView } from './update-view.ts';

type TellOptions = {
  readonly chutes: readonly string[];
  /** Whether being rolled back is what was asked for: then it is no failure. */
  readonly wantsBack?: boolean;
};

/**
 * Has an update begun, shows its way and how it ended. With `-o json` the last line is the outcome,
 * for refusals before the update too. Resolves with the exit code.
 */
export async function runUpdate(
  context: Context,
  options: CarryOptions & TellOptions,
): Promise<number> {
  const view = openView(context);
  const carried = await carry(context, view, options);
  const back = options.wantsBack && carried.exitCode === EXIT.reverted;
  const exitCode = back ? EXIT.ok : carried.exitCode;
  await tell(context, { ...carried, exitCode }, options);
  return exitCode;
}

/** The same for an update that rests: its records are in the journal, and no engine is needed. */
export async function tellEnded(
  context: Context,
  replay: Replay,
  { id, after }: { readonly id: UpdateId; readonly after: Seq },
): Promise<number> {
  const view = openView(context);
  const lanes: { outcome: Outcome; progress: Progress }[] = [];
  const ids = [id];
  for (const each of ids) {
    view.begin(each);
    const reader = new OutcomeReader(each);
    let progress = noProgress(each);
    const { requestedSeq, lastSeq } = await updateNamed(replay, each);
    for await (const record of replay.journal.read(requestedSeq, lastSeq)) {
      if (!('update' in record) || record.update !== each) continue;
      progress = progressAfter(progress, record);
      reader.read(record);
      view.record(record, record.seq > after);
      if (record.type === 'update.requested')
        ids.push(...idsOf(each, record.request.lane).slice(1));
    }
    lanes.push({ outcome: reader.outcome, progress });
  }
  view.close();
  const [first] = lanes;
  const told = lanes.map(({ outcome, progress }) => ({
    chute: progress.chutes[0]?.chute ?? '',
    outcome,
  }));
  const outcome = lanes.length === 1 && first ? first.outcome : together(told);
  const exitCode = exitCodeOf(outcome);
  const progress = first?.progress ?? null;
  const several = lanes.length > 1 ? lanes : [];
  await tell(context, { outcome, update: id, progress, lanes: several, exitCode }, { chutes: [] });
  return exitCode;
}

async function tell(
  context: Context,
  { outcome, update, progress, lanes, exitCode }: Carried,
  { chutes: named, wantsBack = false }: TellOptions,
): Promise<void> {
  const { terminal, output, quiet, rootFlag } = context;
  if (outcome === null) {
    if (update === null || exitCode !== 0) return;
    if (output === 'text') terminal.out(`${update}\n`);
    else terminal.out(`${JSON.stringify({ type: 'detached', update })}\n`);
    if (!quiet) terminal.err(`${update} goes on: ripcord watch ${update}${rootFlag}\n`);
    return;
  }
  if (output !== 'text') return terminal.out(outcomeLine(outcome));
  if (quiet && exitCode === 0) return;
  const chutes = named.length > 0 ? named : (progress?.chutes ?? []).map(({ chute }) => chute);
  const state = (await peek(context))?.state ?? NEW_STATE;
  const text =
    lanes.length > 0
      ? lanesText(context, { lanes, state, wantsBack })
      : outcomeText(context, { outcome, progress, chutes, state, wantsBack });
  if (exitCode === 0) terminal.out(text);
  else terminal.err(text);
}

/**
 * Does what may refuse before there is an update, and tells a refusal as an outcome with `-o json`:
 * then the last line is always one.
 */
export async function withOutcome(context: Context, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const line = context.output === 'text' ? null : rejectedLine(error);
    if (line === null) throw error;
    context.terminal.out(line);
    return exitCodeForError(error);
  }
}

/**
 * Finds, in the journal, the update that a request became whose answer got lost: the same content by
 * the same person, after `since`.
 */
export async function findTaken(
  context: Context,
  asked: Said,
  since: number,
): Promise<UpdateId | null> {
  const replay = await peek(context);
  if (replay === null) return null;
  const hash = contentHashOf(asked, sha256);
  for await (const record of replay.journal.read(since + 1, replay.head.seq))
    if (isRequestOf(record, asked, hash)) return record.update;
  return null;
}

/**
 * The same for a retry, whose content only who carries it out knows: the first one of this update, or
 * of a lane that goes by its number, by the same person after `since`.
 */
export async function findRetry(
  context: Context,
  { id, by }: { readonly id: UpdateId; readonly by: Requester },
  since: Seq,
): Promise<UpdateId | null> {
  const replay = await peek(context);
  if (replay === null) return null;
  for await (const record of replay.journal.read(since + 1, replay.head.seq)) {
    if (record.type !== 'update.requested' || !isBy(record, by)) continue;
    const { retryOf } = record.request.origin ?? {};
    if (retryOf === undefined) continue;
    if (retryOf === id || (await storyOf(replay, retryOf)).request.lane?.first === id)
      return record.update;
  }
  return null;
}

type Requested = Extract<Recorded<ChuteEvent>, { type: 'update.requested' }>;

function isRequestOf(
  record: Recorded<ChuteEvent>,
  asked: Said,
  contentHash: string,
): record is Requested {
  if (record.type !== 'update.requested') return false;
  const { request } = record;
  return (
    (request.lane ?? request).contentHash === contentHash &&
    isBy(record, asked.by) &&
    request.message === asked.message
  );
}

const isBy = ({ request: { by } }: Requested, { user, via }: Requester): boolean =>
  by.user === user && by.via === via;
