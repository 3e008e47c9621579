import type { Logger } from 'pino';

import type { Journal, JournalFaults, OnFlush } from '../../journal/journal.ts';
import type { Head, Recorded } from '../../journal/record.ts';
import type { Drivers } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, Interruption, Requester, UpdateId } from '../core/events.ts';
import { fold, foldAll } from '../core/fold.ts';
import type { Sha256 } from '../core/json.ts';
import type { Planner } from '../core/plan.ts';
import { NEW_STATE, type State, type UpdateState } from '../core/state.ts';
import type { Clock } from './clock.ts';
import { checkDrivers } from './driver-check.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import type { Host } from './host.ts';
import { Lane, type TurnAround } from './lane.ts';
import { type Outcome, OutcomeReader } from './outcome.ts';
import { RETRY, type RetryPolicy } from './retry.ts';
import type { Workshop } from './workshop.ts';

/** What an engine is made of. Everything that touches the world comes in here. */
export interface EngineOptions {
  readonly root: string;
  /** Opens the journal: the engine brings the fold and the fault switch. */
  openJournal(hooks: {
    readonly onFlush: OnFlush<ChuteEvent>;
    readonly faults: JournalFaults;
  }): Promise<OpenedJournal>;
  readonly drivers: Drivers;
  readonly planners: readonly Planner[];
  readonly host: Host;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly logger: Logger;
  readonly faults?: Faults;
  readonly retry?: RetryPolicy;
  readonly concurrencyMax?: number;
  /** For `engine.started`. */
  readonly version: string;
  readonly command: string;
  readonly pid: number;
}

export type OpenedJournal = {
  readonly journal: Journal<ChuteEvent>;
  /** A torn end that was cut on open: journaled with the first batch. */
  readonly tailCut: {
    readonly bytes: number;
    readonly file: string;
    readonly offset: number;
  } | null;
};

export type Listener = (records: readonly Recorded<ChuteEvent>[], state: State) => void;

/** Records between two snapshots: a snapshot costs what folding a few thousand records costs. */
const SNAPSHOT_EVERY = 2000;

/**
 * The shell around the pure core: holds the journal, folds what is written, and drives a lane for
 * every unfinished update. The one writer of its root for as long as it is open.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #shop: Workshop;
  readonly #lanes = new Map<UpdateId, { readonly lane: Lane; readonly done: Promise<void> }>();
  readonly #listeners = new Set<Listener>();
  #journal: Journal<ChuteEvent> | null = null;
  #state: State = NEW_STATE;
  /** Events that ride in the first batch: an engine that writes nothing leaves no trace. */
  #first: ChuteEvent[] = [];
  #snapshotSeq = 0;
  #failure: unknown = null;
  #closing: Promise<void> | null = null;

  private constructor(options: EngineOptions) {
    this.#options = options;
    checkDrivers(options.drivers);
    this.#shop = this.#makeShop(options);
  }

  /**
   * Opens the journal and folds it; `settle` then finishes or undoes what was interrupted.
   *
   * Throws RIPCORD_JOURNAL_LOCKED when another engine holds it, RIPCORD_JOURNAL_DAMAGED when it may only
   * be read.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    const engine = new Engine(options);
    await engine.#open();
    return engine;
  }

  get state(): State {
    return this.#state;
  }

  get head(): Head {
    return this.journal.head;
  }

  get journal(): Journal<ChuteEvent> {
    if (this.#journal) return this.#journal;
    throw new RipcordError('RIPCORD_ENGINE_CLOSED', 'cannot use the engine: it is not open');
  }

  /** What lanes and requests work with. */
  get workshop(): Workshop {
    return this.#shop;
  }

  /** Calls back after each flush, with its records and the state after them. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Brings every unfinished update to rest, as far as it can be without a person. */
  async settle(): Promise<void> {
    for (const { id, phase } of Object.values(this.#state.updates))
      if (phase !== 'stuck') this.drive(id);
    await Promise.all([...this.#lanes.values()].map(({ done }) => done));
  }

  /** Starts the lane of an update; safe to repeat. */
  drive(id: UpdateId): void {
    if (this.#lanes.has(id) || this.#closing) return;
    const lane = new Lane(this.#shop, id);
    const done = this.#driveLane(lane);
    // Whoever waits for `done` gets the error; nobody has to wait.
    done.catch(() => undefined);
    this.#lanes.set(id, { lane, done });
  }

  async #driveLane(lane: Lane): Promise<void> {
    try {
      await lane.drive();
    } catch (error) {
      this.#failure ??= error;
      this.#options.logger.error({ update: lane.id, err: error }, 'a lane ended with an error');
      throw error;
    } finally {
      this.#lanes.delete(lane.id);
      for (const other of this.#lanes.values()) other.lane.wake();
    }
  }

  /**
   * Resolves with an update's outcome when it rests, or is stuck. Throws what stopped its lane, and
   * RIPCORD_ENGINE_CLOSED when the engine closed first.
   */
  async outcome(id: UpdateId): Promise<Outcome> {
    const reader = new OutcomeReader(id);
    for (const seq of await this.journal.find({ update: id }))
      for await (const record of this.journal.read(seq, seq)) reader.read(record);
    const unsubscribe = this.subscribe((records) => {
      for (const record of records) reader.read(record);
    });
    try {
      await this.#lanes.get(id)?.done;
    } finally {
      unsubscribe();
    }
    if (reader.rests) return reader.outcome;
    throw new RipcordError('RIPCORD_ENGINE_CLOSED', `cannot wait for ${id}: the engine closed`, {
      hint: 'the next command goes on with it',
    });
  }

  /** Turns an update around. Throws RIPCORD_UPDATE_FINISHED or RIPCORD_UPDATE_UNKNOWN. */
  async turnAround(id: UpdateId, request: TurnAround): Promise<void> {
    this.#updateOf(id);
    this.drive(id);
    await this.#lanes.get(id)?.lane.turnAround(request);
  }

  /** An unfinished update. Throws RIPCORD_UPDATE_UNKNOWN, or RIPCORD_UPDATE_FINISHED when it rests. */
  #updateOf(id: UpdateId): UpdateState {
    const update = this.#state.updates[id];
    if (update) return update;
    const number = Number(/^u([1-9]\d*)$/.exec(id)?.[1] ?? Number.NaN);
    if (number < this.#state.nextUpdate)
      throw new RipcordError('RIPCORD_UPDATE_FINISHED', `cannot change ${id}: it is finished`, {
        hint: `ripcord show ${id} says how it ended; ripcord rollback ${id} takes it back`,
      });
    throw new RipcordError('RIPCORD_UPDATE_UNKNOWN', `cannot change ${id}: no such update`, {
      hint: 'ripcord log lists the updates of this device',
    });
  }

  /** An update that is stuck. Throws when it is not. */
  stuck(id: UpdateId): UpdateState {
    const update = this.#updateOf(id);
    if (update.phase === 'stuck') return update;
    throw new RipcordError('RIPCORD_OPERATION_REFUSED', `cannot resolve ${id}: it is not stuck`, {
      hint: `ripcord watch ${id} shows what it does`,
    });
  }

  /**
   * Stops at the next step boundary of every lane and lets go of the journal. Nothing is rolled back:
   * the next engine goes on, and this does not count as an interruption.
   */
  async close(reason = 'closed'): Promise<void> {
    this.#closing ??= this.#close(reason);
    await this.#closing;
  }

  async #close(reason: string): Promise<void> {
    const lanes = [...this.#lanes.values()];
    for (const { lane } of lanes) lane.stop();
    await Promise.allSettled(lanes.map(({ done }) => done));
    const journal = this.#journal;
    if (!journal) return;
    const wrote = this.#first.length === 0;
    try {
      if (wrote && this.#failure === null && !journal.damage) {
        await journal.append([{ type: 'engine.stopped', reason }]);
        await journal.sealHead();
      }
      if (this.#state.seq - this.#snapshotSeq > SNAPSHOT_EVERY / 20)
        await journal.saveSnapshot(this.#state.seq, this.#state);
    } finally {
      await journal.close();
    }
  }

  async #open(): Promise<void> {
    const { faults = NO_FAULTS } = this.#options;
    let opening = true;
    const { journal, tailCut } = await this.#options.openJournal({
      faults: faults.journal,
      onFlush: (records) => {
        if (!opening) this.#flushed(records);
      },
    });
    this.#journal = journal;
    const snapshot = await journal.loadSnapshot();
    const from = snapshot ? (snapshot.state as State) : NEW_STATE;
    this.#snapshotSeq = from.seq;
    this.#state = await foldAll(journal.read(from.seq + 1), from);
    opening = false;
    const { version, pid, command } = this.#options;
    const interrupted = interruptedIn(this.#state);
    if (tailCut) this.#first.push({ type: 'journal.tailCut', ...tailCut });
    this.#first.push({ type: 'engine.started', version, pid, command, interrupted });
    // On disk, alone, before anything is probed or done: a crash loop must be counted.
    if (interrupted.length > 0) await this.#shop.append([]);
  }

  #flushed(records: readonly Recorded<ChuteEvent>[]): void {
    this.#state = fold(this.#state, records);
    for (const listener of this.#listeners) listener(records, this.#state);
    for (const record of records) {
      if (!LANES_WAIT_FOR.has(record.type)) continue;
      for (const { lane } of this.#lanes.values()) lane.wake();
      void this.#snapshotIfDue();
      break;
    }
  }

  async #snapshotIfDue(): Promise<void> {
    const state = this.#state;
    if (state.seq - this.#snapshotSeq < SNAPSHOT_EVERY) return;
    this.#snapshotSeq = state.seq;
    try {
      await this.#journal?.sealHead();
      await this.#journal?.saveSnapshot(state.seq, state);
    } catch (error) {
      // Derived data: without it the next start folds a little longer.
      this.#options.logger.warn({ err: error }, 'cannot save a snapshot');
    }
  }

  #makeShop(options: EngineOptions): Workshop {
    const { root, drivers, planners, host, clock, sha256, logger } = options;
    const engine = this;
    return {
      root,
      get journal() {
        return engine.journal;
      },
      drivers,
      planners,
      host,
      clock,
      sha256,
      logger,
      faults: options.faults ?? NO_FAULTS,
      retry: options.retry ?? RETRY,
      concurrencyMax: options.concurrencyMax ?? 4,
      state: () => engine.#state,
      append: async (events, appendOptions) => {
        const first = engine.#first;
        engine.#first = [];
        return await engine.journal.append([...first, ...events], appendOptions);
      },
    };
  }
}

/** What the end of the last engine cut off; nothing when it ended cleanly. Pure. */
export function interruptedIn(state: State): readonly Interruption[] {
  if (!state.engineRuns) return [];
  return Object.values(state.updates)
    .filter(({ phase }) => phase !== 'queued' && phase !== 'stuck')
    .map((update) => ({ update: update.id, step: stepOf(update) }));
}

function stepOf({ plan, marks }: UpdateState): string {
  const open = marks.search(/[i?oO]/);
  const last = open >= 0 ? open : marks.search(/[.prfR]/);
  if (!/[^.]/.test(marks)) return 'plan';
  return plan?.steps[last]?.id ?? 'plan';
}

const LANES_WAIT_FOR: ReadonlySet<string> = new Set([
  'update.rejected',
  'update.superseded',
  'update.cancelled',
  'update.committed',
  'update.reverted',
  'update.resolved',
  'update.stuck',
]);

export type { Outcome, Requester };
