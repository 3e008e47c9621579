import type { Seq } from '../../journal/record.ts';
import { codeOf, RipcordError } from '../core/errors.ts';
import type { UpdateId } from '../core/events.ts';
import { idsOf, together } from '../engine/lanes.ts';
import { exitCodeOf, type Outcome, OutcomeReader } from '../engine/outcome.ts';
import { localRequester } from '../library/asked.ts';
import type { Taken } from '../server/client.ts';
import { type Access, type AccessOptions, openAccess } from './access.ts';
import type { Context } from './context.ts';
import { handOver } from './hand-over.ts';
import {
  catchInterrupts,
  exitCodeOfSignal,
  type Interrupt,
  type Interrupts,
} from './interrupts.ts';
import { noProgress, type Progress, progressAfter } from './progress.ts';
import type { UpdateView } from './update-view.ts';

export type CarryOptions = AccessOptions & {
  /** Asks the engine for the update, or names one that is on its way. */
  readonly begin: (access: Access) => Promise<Taken>;
  /** Finds an update that was taken although the answer got lost with the holder. */
  readonly recover?: () => Promise<UpdateId | null>;
  /** Whether to return as soon as the update is taken. */
  readonly detach?: boolean;
  /** An update that is on its way already: nothing has to be settled first. */
  readonly joins?: boolean;
  /** Whether an interrupt only leaves the update instead of turning it around. */
  readonly looksOn?: boolean;
  /** Records up to this one are not shown. */
  readonly after?: Seq;
};

/** What came of carrying an update: how it stands, or that it goes on without us. */
export type Carried = {
  /** Null: it goes on without us. */
  readonly outcome: Outcome | null;
  readonly update: UpdateId | null;
  readonly progress: Progress | null;
  /** How each update fared that goes by this number, when they are several. */
  readonly lanes: readonly CarriedLane[];
  readonly exitCode: number;
};

export type CarriedLane = { readonly outcome: Outcome; readonly progress: Progress };

/** A closing holder stops at a step boundary: that may take as long as a step does. */
const TAKE_OVER_PATIENCE_MS = 120_000;

/**
 * Has an update begun and follows it until it rests, whoever holds the root meanwhile: when the holder
 * goes, this process takes its place.
 *
 * The first signal turns our own update around, or only leaves where somebody else carries it.
 */
export async function carry(
  context: Context,
  view: UpdateView,
  options: CarryOptions,
): Promise<Carried> {
  const interrupts = catchInterrupts();
  const run: Run = { context, view, options, interrupts, id: null, lanes: [] };
  try {
    for (;;) {
      const access = await openAccess(context, run.id === null ? options : TAKE_OVER);
      try {
        const carried = await carryWith(run, access);
        // How it ended is told as it is, with its exit code: a first signal comes too late from here on.
        interrupts.onFirst(() => undefined);
        return carried;
      } catch (error) {
        if (interrupts.first && codeOf(error) === 'RIPCORD_ENGINE_CLOSED') return gone(run);
        if (codeOf(error) !== 'RIPCORD_SERVER_UNREACHABLE' || access.kind === 'holder') throw error;
        run.id ??= (await options.recover?.()) ?? null;
      } finally {
        await access.close(interrupts.first ?? 'done');
      }
    }
  } catch (error) {
    interrupts.stop();
    throw error;
  } finally {
    view.close();
  }
}

const TAKE_OVER: AccessOptions = { patienceMs: TAKE_OVER_PATIENCE_MS };

type Run = {
  readonly context: Context;
  readonly view: UpdateView;
  readonly options: CarryOptions;
  readonly interrupts: Interrupts;
  id: UpdateId | null;
  /** The update, and those that go by its number: known with its first record. */
  readonly lanes: Lane[];
};

type Lane = { readonly id: UpdateId; readonly reader: OutcomeReader; progress: Progress };

const laneOf = (id: UpdateId): Lane => ({
  id,
  reader: new OutcomeReader(id),
  progress: noProgress(id),
});

async function carryWith(run: Run, access: Access): Promise<Carried> {
  const { context, view, options, interrupts } = run;
  const leaving = new AbortController();
  let begins = false;
  const interrupt = (signal: Interrupt): void => {
    // An update that is about to be taken is turned around when it has its number.
    if (run.id === null && begins) return;
    if (run.id === null || (options.looksOn && access.kind === 'holder')) void access.close(signal);
    else if (access.kind === 'client') leaving.abort();
    else turnAround(run.id, access, view);
  };
  interrupts.onFirst(interrupt);
  if (run.id === null) {
    if (!options.joins) await access.settled;
    if (interrupts.first) return gone(run);
    begins = true;
    const taken = await options.begin(access);
    if (taken.update === null) return ended(run, taken.outcome);
    run.id = taken.update;
    if (interrupts.first) interrupt(interrupts.first);
    if (options.detach) {
      await access.close('detached');
      if (access.kind === 'holder') await handOver(context, run.id);
      return { outcome: null, update: run.id, progress: null, lanes: [], exitCode: 0 };
    }
  }
  return await followWith(run, access, leaving);
}

async function followWith(run: Run, access: Access, leaving: AbortController): Promise<Carried> {
  const { context } = run;
  const id = run.id ?? '';
  let late = false;
  const timer =
    context.timeoutMs === null
      ? null
      : setTimeout(() => {
          late = true;
          leaving.abort();
        }, context.timeoutMs);
  if (run.lanes.length === 0) run.lanes.push(laneOf(id));
  try {
    // The first one's first record says whether there are more.
    for (const lane of run.lanes)
      if (!leaving.signal.aborted) await followLane(run, lane, { access, leaving });
  } finally {
    if (timer) clearTimeout(timer);
  }
  if (late) {
    await access.close('timeout');
    if (access.kind === 'holder') await handOver(context, id);
    throw new RipcordError(
      'RIPCORD_WAIT_EXPIRED',
      `cannot wait longer for ${id}: it goes on without us`,
      { hint: `ripcord watch ${id}${context.rootFlag}` },
    );
  }
  if (leaving.signal.aborted) return gone(run);
  return ended(run, outcomeOf(run.lanes));
}

async function followLane(
  { view, options, lanes }: Run,
  lane: Lane,
  { access, leaving }: { readonly access: Access; readonly leaving: AbortController },
): Promise<void> {
  const { id, reader } = lane;
  if (reader.rests) return;
  if (lane.progress.lastSeq === 0) view.begin(id);
  // All of them were asked for in one batch, the first one first.
  const after = Math.max(lane.progress.lastSeq, lanes[0]?.progress.firstSeq ?? 0);
  for await (const record of access.follow(id, after, leaving.signal)) {
    lane.progress = progressAfter(lane.progress, record);
    reader.read(record);
    view.record(record, record.seq > (options.after ?? 0));
    if (record.type !== 'update.requested') continue;
    lanes.push(...idsOf(id, record.request.lane).slice(1).map(laneOf));
  }
}

/** The outcome of an update, or of all that go by its number. */
function outcomeOf(lanes: readonly Lane[]): Outcome {
  const told = lanes.map(({ reader: { outcome }, progress }) => ({
    chute: progress.chutes[0]?.chute ?? '',
    outcome,
  }));
  const [only] = told;
  return told.length === 1 && only ? only.outcome : together(told);
}

function turnAround(id: UpdateId, access: Access, view: UpdateView): void {
  view.notice(`interrupted: ${id} is undone after the running step; once more leaves at once`);
  access.cancel(id, localRequester('cli')).catch((error: unknown) => {
    view.notice(error instanceof Error ? error.message : String(error));
  });
}

function ended({ id, lanes, interrupts }: Run, outcome: Outcome): Carried {
  const signal = interrupts.first;
  const words = [outcome, ...(outcome.lanes ?? [])].map((each) => each.outcome);
  const interrupted = signal !== null && words.includes('cancelled');
  const exitCode = interrupted ? exitCodeOfSignal(signal) : exitCodeOf(outcome);
  const several = lanes.length > 1 ? lanes : [];
  return {
    outcome,
    update: id,
    progress: lanes[0]?.progress ?? null,
    lanes: several.map(({ reader, progress }) => ({ outcome: reader.outcome, progress })),
    exitCode,
  };
}

function gone({ id, interrupts, view, context, lanes }: Run): Carried {
  if (id !== null) {
    const { rootFlag } = context;
    view.notice(`${id} goes on; ripcord watch ${id}${rootFlag} · ripcord cancel ${id}${rootFlag}`);
  }
  const exitCode = interrupts.first === null ? 0 : exitCodeOfSignal(interrupts.first);
  return { outcome: null, update: id, progress: lanes[0]?.progress ?? null, lanes: [], exitCode };
}
