import type { Logger } from 'pino';

import type { AppendOptions, Journal, JournalFaults, OnFlush } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, Interruption } from '../core/events.ts';
import { isEndEvent } from '../core/fold-end.ts';
import { fold, foldAll } from '../core/fold.ts';
import { hasBegun } from '../core/in-the-way.ts';
import { NEW_STATE, type State, stateOf, type UpdateState } from '../core/state.ts';

/** Opens the journal: the engine brings the fold and the fault switch. */
export type OpenJournal = (hooks: {
  readonly onFlush: OnFlush<ChuteEvent>;
  readonly faults: JournalFaults;
}) => Promise<OpenedJournal>;

export type OpenedJournal = {
  readonly journal: Journal<ChuteEvent>;
  /** A torn end that was cut on open: journaled with the first batch. */
  readonly tailCut: {
    readonly bytes: number;
    readonly file: string;
    readonly offset: number;
  } | null;
};

/** Called after each flush, with its records and the state after them. */
export type Listener = (records: readonly Recorded<ChuteEvent>[], state: State) => void;

export type BookOptions = {
  readonly openJournal: OpenJournal;
  readonly faults: JournalFaults;
  readonly logger: Logger;
  /** For `engine.started`. */
  readonly version: string;
  readonly command: string;
  readonly pid: number;
};

/**
 * Records between two snapshots: one costs what folding a few thousand records costs. While updates are
 * on their way a snapshot holds their plans, and they wait for it: then fewer are taken.
 */
const SNAPSHOT_EVERY = 2000;
const SNAPSHOT_EVERY_BUSY = 20_000;
/** Records that make a snapshot worth its file when the engine closes. */
const SNAPSHOT_MIN = 100;

/** The journal of an engine and the state that folding it gives, always in step. */
export class Book {
  readonly journal: Journal<ChuteEvent>;
  /** The boot in which the last engine began; empty when there was none. */
  readonly bootBefore: string;
  readonly #logger: Logger;
  readonly #listeners = new Set<Listener>();
  #state: State;
  /** Events that ride in the first batch: an engine that writes nothing leaves no trace. */
  #first: readonly ChuteEvent[];
  #snapshotSeq: number;
  #broken = false;
  #closed = false;

  private constructor(
    journal: Journal<ChuteEvent>,
    state: State,
    snapshotSeq: number,
    options: {
      readonly first: readonly ChuteEvent[];
      readonly logger: Logger;
    },
  ) {
    this.journal = journal;
    this.bootBefore = state.boot;
    this.#state = state;
    this.#snapshotSeq = snapshotSeq;
    this.#first = options.first;
    this.#logger = options.logger;
  }

  /** Opens the journal and folds it: from the newest snapshot, or from its beginning. */
  static async open(options: BookOptions): Promise<Book> {
    const { faults, version, pid, command, logger } = options;
    let opened: Book | null = null;
    const { journal, tailCut } = await options.openJournal({
      faults,
      onFlush: (records) => opened?.flushed(records),
    });
    const from = stateOf(await journal.loadSnapshot()) ?? NEW_STATE;
    const state = await foldAll(journal.read(from.seq + 1), from);
    const interrupted = interruptedIn(state);
    const cut: ChuteEvent[] = tailCut ? [{ type: 'journal.tailCut', ...tailCut }] : [];
    const started: ChuteEvent = { type: 'engine.started', version, pid, command, interrupted };
    opened = new Book(journal, state, from.seq, { first: [...cut, started], logger });
    // On disk, alone, before anything is probed or done: a crash loop has to be counted. Likewise when a
    // gate was left without an outcome: with this record it is open, and is asked again.
    if (interrupted.length > 0 || hasUnderWay(state)) await opened.append([]);
    return opened;
  }

  get state(): State {
    return this.#state;
  }

  /** Calls back after each flush until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** On disk on return. Throws what the journal throws; after that nothing more is written. */
  async append(
    events: readonly ChuteEvent[],
    options?: AppendOptions,
  ): Promise<readonly Recorded<ChuteEvent>[]> {
    if (this.#closed)
      throw new RipcordError('RIPCORD_ENGINE_CLOSED', 'cannot record anything: the engine closed', {
        hint: 'open it again',
      });
    const first = this.#first;
    this.#first = [];
    try {
      const records = await this.journal.append([...first, ...events], options);
      this.#broken = false;
      // The witness of a log's end: a tail that is lost later would show at these places.
      if (events.some(isResting)) await this.journal.sealHead();
      return first.length === 0 ? records : records.slice(first.length);
    } catch (error) {
      this.#broken = true;
      // Refused as a whole: a later batch, if there is one, has to begin with them.
      this.#first = [...first, ...this.#first];
      throw error;
    }
  }

  /** Lets go of the journal; says so in it when anything was written and it can be. */
  async close(reason: string): Promise<void> {
    const { journal } = this;
    this.#closed = true;
    try {
      if (this.#first.length === 0 && !this.#broken && !journal.damage) {
        await journal.append([{ type: 'engine.stopped', reason }]);
        await journal.sealHead();
        if (this.#state.seq - this.#snapshotSeq > SNAPSHOT_MIN) await this.#snapshot();
      }
    } finally {
      await journal.close();
    }
  }

  private flushed(records: readonly Recorded<ChuteEvent>[]): void {
    this.#state = fold(this.#state, records);
    for (const listener of this.#listeners) listener(records, this.#state);
    const isBusy = Object.keys(this.#state.updates).length > 0;
    const every = isBusy ? SNAPSHOT_EVERY_BUSY : SNAPSHOT_EVERY;
    if (this.#state.seq - this.#snapshotSeq >= every) void this.#snapshot();
  }

  async #snapshot(): Promise<void> {
    const state = this.#state;
    this.#snapshotSeq = state.seq;
    try {
      await this.journal.saveSnapshot(state.seq, state);
    } catch (error) {
      // Derived data: without it the next start folds a little longer.
      this.#logger.warn({ err: error }, 'cannot save a snapshot');
    }
  }
}

/** Whether nothing more follows without somebody's doing. */
function isResting(event: ChuteEvent): boolean {
  return isEndEvent(event) || event.type === 'update.stuck';
}

/** Whether a step is on record as under way: in no engine that ended, but only its successor's start says so. */
function hasUnderWay({ updates }: State): boolean {
  return Object.values(updates).some(({ marks }) => /[io]/.test(marks));
}

/** What the end of the last engine cut off; nothing when it ended cleanly. Pure. */
function interruptedIn(state: State): readonly Interruption[] {
  if (!state.engineRuns) return [];
  const updates = Object.values(state.updates);
  // What should run at boot comes first, and what waits for that was nobody's work.
  const isBoot = updates.some(({ phase, request }) => request.atBoot && phase !== 'stuck');
  const waits = (update: UpdateState): boolean =>
    isBoot && !hasBegun(update) && !update.request.atBoot;
  return updates
    .filter((update) => update.phase !== 'queued' && update.phase !== 'stuck' && !waits(update))
    .map((update) => ({ update: update.id, step: stepOf(update) }));
}

function stepOf({ plan, marks }: UpdateState): string {
  if (!/[^.]/.test(marks)) return 'plan';
  const open = marks.search(/[i?oO]/);
  return plan?.steps[open >= 0 ? open : marks.search(/[.prfR]/)]?.id ?? 'plan';
}
