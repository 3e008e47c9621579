import type { ChuteName } from '../core/chute.ts';
import { hasBegun } from '../core/in-the-way.ts';
import type { UpdateState } from '../core/state.ts';
import type { Asked } from './asked.ts';
import type { Engine } from './engine.ts';
import type { Requests } from './requests.ts';
import { SUPERVISOR } from './supervised.ts';

/** Milliseconds between two looks at the services. */
const LOOK_EVERY_MS = 500;
/** The first wait before a service is started again, doubled each time it dies soon after. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** Alive for this long, and the waits begin anew. */
const WELL_AFTER_MS = 60_000;

/** How often in a row a chute died soon after its start; all times since boot. */
type Deaths = {
  readonly count: number;
  readonly startedUp: number;
  /** When it was first seen dead since then. */
  readonly deadUp: number | null;
};

/**
 * Starts services again that exited unexpectedly, for as long as an engine lives. Each start is an
 * update like any other: it has a cause in the journal, and it can fail and be rolled back.
 */
export class Supervisor {
  readonly #engine: Engine;
  readonly #requests: Requests;
  readonly #stopped = new AbortController();
  readonly #deaths = new Map<ChuteName, Deaths>();
  readonly #running: Promise<void>;
  /**
   * Resolves when nothing is unfinished any more, and what should run after a reboot was started, or
   * could not be.
   */
  readonly booted: Promise<void>;

  /** Settles what is unfinished, then looks after the services. */
  constructor(engine: Engine, requests: Requests) {
    this.#engine = engine;
    this.#requests = requests;
    this.booted = this.#boot();
    this.booted.catch(() => undefined);
    this.#running = this.#run();
  }

  /** Looks no more; what is under way goes on until the engine closes. Safe to repeat. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Resolves when nothing of it is under way any more. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /**
   * Settles what is unfinished. After a reboot in this order: what was at work on the device itself;
   * every chute that should run, beside what had begun, and behind that where it is in the way; what
   * has not begun. A chute that cannot be started, because what it needs is gone, keeps its wish to run
   * and is tried again later.
   */
  async #boot(): Promise<void> {
    const engine = this.#engine;
    if (!engine.isRebooted) return await engine.settle();
    const letGo = engine.holdBack(isUnderWay);
    const settled = engine.settle();
    settled.catch(() => undefined);
    try {
      await engine.rested((update) => isUnderWay(update) && update.request.host !== undefined);
      await this.#startAll();
      await engine.rested(isUnderWay);
      // Those that an update was at work on, which may have come to nothing.
      await this.#startAll();
    } finally {
      letGo();
    }
    await settled;
  }

  async #startAll(): Promise<void> {
    try {
      const dead = await this.#dead(isUnderWay);
      await Promise.all(dead.map(async (chute) => await this.#startAgain(chute, true)));
    } catch (error) {
      if (!this.#stopped.signal.aborted)
        this.#engine.workshop.logger.warn({ err: error }, 'cannot start what should run');
    }
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#engine.workshop;
    const { signal } = this.#stopped;
    await this.booted.catch(() => undefined);
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const chute of await this.#dead()) await this.#startAgain(chute);
      } catch (error) {
        // An engine that closes takes its updates with it: the next one goes on with them.
        if (!signal.aborted) logger.warn({ err: error }, 'cannot look after the services');
      }
    }
  }

  /** Chutes of which a service is gone that should run, and that none of these updates is about. */
  async #dead(
    isAtWork: (update: UpdateState) => boolean = () => true,
  ): Promise<readonly ChuteName[]> {
    const { applied, updates } = this.#engine.state;
    const atWork = Object.values(updates).filter(isAtWork);
    const busy = new Set(atWork.flatMap(({ request }) => request.chutes.map(({ chute }) => chute)));
    const wanted = Object.entries(applied.chutes)
      .filter(([chute, { run }]) => run === 'running' && !busy.has(chute))
      .map(([chute]) => chute);
    if (wanted.length === 0) return [];
    const seen = await this.#engine.workshop.host.observe(applied, wanted);
    // One that a person left stopped, settling a stuck update, did not exit unexpectedly.
    const gone = seen.filter(({ state }) => state === 'exited');
    return [...new Set(gone.map(({ chute }) => chute))];
  }

  async #startAgain(chute: ChuteName, atBoot = false): Promise<void> {
    const { clock, logger } = this.#engine.workshop;
    const up = clock.up();
    const before = this.#deaths.get(chute);
    const deadUp = before?.deadUp ?? up;
    const soon = before !== undefined && deadUp - before.startedUp < WELL_AFTER_MS;
    const count = soon ? before.count : 0;
    const waitMs = count === 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - 1), LONGEST_WAIT_MS);
    if (up - deadUp < waitMs) {
      this.#deaths.set(chute, { count, startedUp: before?.startedUp ?? up, deadUp });
      return;
    }
    this.#deaths.set(chute, { count: count + 1, startedUp: up, deadUp: null });
    const why = atBoot ? 'it should run after a reboot' : 'a service exited unexpectedly';
    logger.warn({ chute }, `${why}: starting it`);
    const start: Asked = {
      chutes: [{ chute, operation: 'start', definition: null, sources: {} }],
      by: { user: SUPERVISOR, role: 'owner', via: SUPERVISOR },
      requestId: null,
      message: why,
      onInterrupt: 'resume',
      mode: atBoot ? 'queue' : 'refuse',
      strict: false,
      allowDowngrade: false,
      allowQuarantined: true,
      origin: null,
      ...(atBoot && { atBoot: true }),
    };
    // Somebody may have stopped it while others were started.
    const shouldRun = (): boolean => this.#engine.state.applied.chutes[chute]?.run === 'running';
    const { id, done } = await this.#requests.ask(start, shouldRun);
    if (id === null) return;
    const { outcome, error } = await done;
    if (outcome !== 'committed')
      logger.warn({ chute, outcome, err: error }, 'cannot start it again');
  }
}

/** Whether an update has begun, or is the start of what should run: what waits comes behind. */
const isUnderWay = (update: UpdateState): boolean =>
  hasBegun(update) || update.request.atBoot === true;
