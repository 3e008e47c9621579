import type { Logger } from 'pino';

import type { Journal } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import type { Drivers } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Sha256 } from '../core/json.ts';
import type { Planner } from '../core/plan.ts';
import type { State, UpdateState } from '../core/state.ts';
import { Book, type Listener, type OpenJournal } from './book.ts';
import type { Clock } from './clock.ts';
import { Deadlines } from './deadlines.ts';
import { checkDrivers } from './driver-check.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import type { Host } from './host.ts';
import { Lane, type TurnAround } from './lane.ts';
import { unfinishedOf } from './lanes.ts';
import { type Outcome, OutcomeReader } from './outcome.ts';
import { RETRY, type RetryPolicy } from './retry.ts';
import { engineClosed } from './too-late.ts';
import { Turns } from './turns.ts';
import type { Workshop } from './workshop.ts';

/** What an engine is made of. Everything that touches the world comes in here. */
export interface EngineOptions {
  readonly root: string;
  readonly openJournal: OpenJournal;
  readonly drivers: Drivers;
  readonly planners: readonly Planner[];
  readonly host: Host;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly logger: Logger;
  readonly faults?: Faults;
  readonly retry?: RetryPolicy;
  /** Steps of one update that may run at the same time. Default 4. */
  readonly concurrencyMax?: number;
  /** For `engine.started`. */
  readonly version: string;
  readonly command: string;
  readonly pid: number;
}

type Running = { readonly lane: Lane; readonly done: Promise<void> };

/**
 * The shell around the pure core: keeps the book and drives a lane for every unfinished update. The
 * one writer of its root for as long as it is open.
 */
export class Engine {
  readonly #book: Book;
  readonly #shop: Workshop;
  readonly #lanes = new Map<UpdateId, Running>();
  #closing: Promise<void> | null = null;
  #isHeldBack: (update: UpdateState) => boolean = () => false;

  private constructor(book: Book, options: EngineOptions) {
    this.#book = book;
    this.#shop = workshopOf(book, options, (update) => this.#isHeldBack(update));
    book.subscribe((records) => this.#wakeLanes(records));
  }

  /**
   * Opens the journal and folds it; `settle` then finishes or undoes what was interrupted.
   *
   * Throws RIPCORD_JOURNAL_LOCKED when another engine holds it, RIPCORD_JOURNAL_DAMAGED when it may only
   * be read, RIPCORD_DRIVER_INVALID when a driver could not be relied on after a crash.
   */
  static async open(options: EngineOptions): Promise<Engine> {
    checkDrivers(options.drivers);
    const { openJournal, logger, version, command, pid, faults = NO_FAULTS } = options;
    const book = await Book.open({
      openJournal,
      logger,
      version,
      command,
      pid,
      faults: faults.journal,
    });
    return new Engine(book, options);
  }

  get state(): State {
    return this.#book.state;
  }

  /**
   * Whether the machine was started anew since an engine was through with what there was to do at boot:
   * then services of it may be gone.
   */
  get isRebooted(): boolean {
    const { bootBefore, state } = this.#book;
    return state.isBooting ?? (bootBefore !== '' && bootBefore !== this.#shop.clock.boot);
  }

  get journal(): Journal<ChuteEvent> {
    return this.#book.journal;
  }

  /** What lanes and requests work with. */
  get workshop(): Workshop {
    return this.#shop;
  }

  /** Calls back after each flush until the returned function is called. */
  subscribe(listener: Listener): () => void {
    return this.#book.subscribe(listener);
  }

  /** Brings every unfinished update to rest, as far as it can be without a person. */
  async settle(): Promise<void> {
    for (const { id, phase } of Object.values(this.state.updates))
      if (phase !== 'stuck') this.drive(id);
    await Promise.all([...this.#lanes.values()].map(({ done }) => done));
  }

  /** Resolves when the lanes of these updates have come to their ends. */
  async rested(isMeant: (update: UpdateState) => boolean): Promise<void> {
    const meant = Object.values(this.state.updates).filter(isMeant);
    await Promise.all(meant.map(async ({ id }) => await this.#lanes.get(id)?.done));
  }

  /** Has no update planned but these, until the returned function is called. */
  holdBack(isMeant: (update: UpdateState) => boolean): () => void {
    this.#isHeldBack = (update) => !isMeant(update);
    return () => {
      this.#isHeldBack = () => false;
      for (const { lane } of this.#lanes.values()) lane.othersMoved();
    };
  }

  /** Starts the lane of an update. Safe to repeat. */
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
      // The lane is on the map before it takes its first step.
      await Promise.resolve();
      await lane.drive();
    } catch (error) {
      this.#shop.logger.error({ update: lane.id, err: error }, 'a lane ended with an error');
      throw error;
    } finally {
      this.#lanes.delete(lane.id);
      this.#shop.deadlines.rest();
    }
  }

  /**
   * Resolves with an update's outcome when it rests, or is stuck. `known` are records of it that the
   * caller has just written; without them they are read from the journal.
   *
   * Throws what stopped its lane, and RIPCORD_ENGINE_CLOSED when the engine closed first.
   */
  async outcome(
    id: UpdateId,
    known: readonly Recorded<ChuteEvent>[] | null = null,
  ): Promise<Outcome> {
    const reader = new OutcomeReader(id);
    const running = this.#lanes.get(id)?.done;
    // What comes while earlier records are read is read behind them, and then each at once.
    let later: Recorded<ChuteEvent>[] | null = [];
    const unsubscribe = this.subscribe((records) => {
      if (later) later.push(...records);
      else for (const record of records) reader.read(record);
    });
    try {
      for (const record of known ?? (await this.#recordsOf(id))) reader.read(record);
      for (const record of later) reader.read(record);
      later = null;
      await running;
    } finally {
      unsubscribe();
    }
    if (reader.rests) return reader.outcome;
    throw new RipcordError('RIPCORD_ENGINE_CLOSED', `cannot wait for ${id}: the engine closed`, {
      hint: 'the next command goes on with it',
    });
  }

  async #recordsOf(id: UpdateId): Promise<readonly Recorded<ChuteEvent>[]> {
    const records: Recorded<ChuteEvent>[] = [];
    for (const seq of await this.journal.find({ update: id }))
      for await (const record of this.journal.read(seq, seq)) records.push(record);
    return records;
  }

  /**
   * Turns an update around, and all that were asked for with it when it is the first of them. Throws
   * RIPCORD_UPDATE_FINISHED when it is too late for each, RIPCORD_UPDATE_UNKNOWN.
   */
  async turnAround(id: UpdateId, request: TurnAround): Promise<void> {
    const updates = unfinishedOf(id, this.state);
    if (updates.length === 0) this.unfinished(id);
    for (const update of updates) this.drive(update.id);
    if (updates.some((update) => !this.#lanes.has(update.id) && update.phase !== 'stuck'))
      throw engineClosed(id);
    const turned = await Promise.allSettled(
      updates.map(async (update) => await this.#lanes.get(update.id)?.lane.turnAround(request)),
    );
    const late = turned.flatMap((each): unknown =>
      each.status === 'rejected' ? [each.reason] : [],
    );
    if (late.length > 0 && late.length === turned.length) throw late[0];
  }

  /** Has an update look again at what it has to do. */
  nudge(id: UpdateId): void {
    this.drive(id);
    this.#lanes.get(id)?.lane.wake();
  }

  /** An unfinished update. Throws RIPCORD_UPDATE_UNKNOWN, or RIPCORD_UPDATE_FINISHED when it rests. */
  unfinished(id: UpdateId): UpdateState {
    const update = this.state.updates[id];
    if (update) return update;
    const number = Number(/^u([1-9]\d*)$/.exec(id)?.[1] ?? Number.NaN);
    if (number < this.state.nextUpdate)
      throw new RipcordError('RIPCORD_UPDATE_FINISHED', `cannot change ${id}: it is finished`, {
        hint: `ripcord show ${id} says how it ended; ripcord rollback ${id} takes it back`,
      });
    throw new RipcordError('RIPCORD_UPDATE_UNKNOWN', `cannot change ${id}: no such update`, {
      hint: 'ripcord log lists the updates of this device',
    });
  }

  /**
   * Stops at the next step boundary of every lane and lets go of the journal. Nothing is rolled back:
   * the next engine goes on, and this does not count as an interruption. Safe to repeat.
   */
  async close(reason = 'closed'): Promise<void> {
    this.#closing ??= this.#close(reason);
    await this.#closing;
  }

  async #close(reason: string): Promise<void> {
    const lanes = [...this.#lanes.values()];
    for (const { lane } of lanes) lane.stop();
    await Promise.allSettled(lanes.map(({ done }) => done));
    await this.#book.close(reason);
  }

  #wakeLanes(records: readonly Recorded<ChuteEvent>[]): void {
    if (!records.some(({ type }) => LANES_WAIT_FOR.has(type))) return;
    for (const { lane } of this.#lanes.values()) lane.othersMoved();
  }
}

function workshopOf(
  book: Book,
  options: EngineOptions,
  isHeldBack: Workshop['isHeldBack'],
): Workshop {
  const { root, drivers, planners, host, clock, sha256, logger } = options;
  return {
    root,
    journal: book.journal,
    drivers,
    planners,
    host,
    clock,
    deadlines: new Deadlines(clock),
    planning: new Turns(),
    resolving: new Turns(),
    sha256,
    logger,
    faults: options.faults ?? NO_FAULTS,
    retry: options.retry ?? RETRY,
    concurrencyMax: options.concurrencyMax ?? 4,
    isHeldBack,
    state: () => book.state,
    append: (events, appendOptions) => book.append(events, appendOptions),
  };
}

/** What a queued update waits for. */
const LANES_WAIT_FOR: ReadonlySet<string> = new Set([
  'update.rejected',
  'update.superseded',
  'update.cancelled',
  'update.committed',
  'update.reverted',
  'update.resolved',
  'update.stuck',
  'step.succeeded',
  'step.failed',
]);
