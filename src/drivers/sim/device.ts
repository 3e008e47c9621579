import type { StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { canonical, type Json, type Sha256 } from '../../core/json.ts';
import { isAbout, type SimChance, type SimFault } from './faults.ts';
import { usualMs } from './latencies.ts';
import { type Random, randomFrom } from './random.ts';
import { emptyWorld, type SimWorld } from './sim-world.ts';

/** One thing that was done to a simulated device. */
export type SimEffect = {
  /** Milliseconds since boot. */
  readonly t: number;
  readonly update: string;
  readonly step: string;
  readonly kind: string;
  readonly on: 'run' | 'undo';
  /** Which part of the step's effect. */
  readonly effect: string;
  /** The hash of the step's arguments. */
  readonly args: string;
};

/** Time as a simulated device needs it: it sets no timers of its own. */
export type SimTime = {
  readonly up: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export type SimOptions = {
  readonly sha256: Sha256;
  /** Without it everything is done at once. */
  readonly time?: SimTime;
  readonly world?: SimWorld;
  /** What went on before: for a device that was saved. */
  readonly ledger?: readonly SimEffect[];
  /** By kind, in milliseconds; other kinds as usual. */
  readonly latencyMs?: Readonly<Record<string, number>>;
  readonly faults?: readonly SimFault[];
  readonly chance?: SimChance;
  readonly seed?: number;
};

/** A simulated device as JSON: `new SimDevice({ ...saved, … })` goes on from it. */
export type SavedDevice = {
  readonly world: SimWorld;
  readonly ledger: readonly SimEffect[];
  readonly seed: number;
};

/** One call of a driver's `run` or `undo`. */
export type SimCall = {
  readonly on: 'run' | 'undo';
  readonly context: StepContext;
  readonly args: Json;
  /** Milliseconds on top of what the kind usually takes. */
  readonly moreMs?: number;
};

/** Does a part of an effect and writes it down, unless the call is to break off before. */
export type DoPart = (effect: string, change: (world: SimWorld) => void) => void;

/**
 * A device that is not there: processes, files, releases, volumes, ports, secrets and a disk of so many
 * bytes, all in memory, with a ledger of whatever was done to it. Equal seeds and equal calls give equal
 * worlds, ledgers and faults.
 */
export class SimDevice {
  readonly world: SimWorld;
  readonly sha256: Sha256;
  readonly #options: SimOptions;
  readonly #random: Random;
  readonly #ledger: SimEffect[];
  /** How often each fault has hit. */
  readonly #hits = new Map<SimFault, number>();

  constructor(options: SimOptions) {
    this.#options = options;
    this.sha256 = options.sha256;
    this.world = structuredClone(options.world ?? emptyWorld());
    this.#ledger = [...(options.ledger ?? [])];
    this.#random = randomFrom(options.seed ?? 1);
  }

  /** Whatever was done to it, oldest first. */
  get ledger(): readonly SimEffect[] {
    return this.#ledger;
  }

  /** All there is to know of it, as JSON. */
  save(): SavedDevice {
    const { world, ledger } = this;
    return structuredClone({ world, ledger, seed: this.#random.state() });
  }

  /**
   * Takes the time of one call, does what it does, and hits it with the faults that are due. Throws
   * RIPCORD_FAULT_INJECTED for these, with their class, and what `work` throws.
   */
  async call<T>(call: SimCall, work: (part: DoPart) => T): Promise<T> {
    const { step, signal } = call.context;
    signal.throwIfAborted();
    const fault = this.#faultFor(call);
    const { time, latencyMs = {} } = this.#options;
    const ms = (latencyMs[step.kind] ?? usualMs(step.kind, call.on)) + (call.moreMs ?? 0);
    if (time && ms > 0) await time.sleep(ms, signal);
    signal.throwIfAborted();
    if (fault?.when === 'before') return await hit(fault, call);

    const partsMax = fault?.when === 'partway' ? (fault.parts ?? 1) : Number.POSITIVE_INFINITY;
    let parts = 0;
    const part: DoPart = (effect, change) => {
      if (parts >= partsMax) throw BROKEN_OFF;
      parts += 1;
      change(this.world);
      this.#write(call, effect);
    };
    try {
      const value = work(part);
      // What has fewer parts than that has all of them: only its answer is lost.
      return fault ? await hit(fault, call) : value;
    } catch (error) {
      if (error === BROKEN_OFF && fault) return await hit(fault, call);
      throw error;
    }
  }

  #write({ on, context, args }: SimCall, effect: string): void {
    const { step, update } = context;
    const t = this.#options.time?.up() ?? 0;
    const hash = this.sha256(canonical(args)).slice(0, 16);
    this.#ledger.push({ t, update, step: step.id, kind: step.kind, on, effect, args: hash });
  }

  #faultFor({ on, context: { step } }: SimCall): SimFault | null {
    const { faults = [], chance } = this.#options;
    const due = faults.find(
      (fault) =>
        fault.on === on &&
        isAbout(fault, step) &&
        (this.#hits.get(fault) ?? 0) < (fault.times ?? Number.POSITIVE_INFINITY),
    );
    if (due) {
      this.#hits.set(due, (this.#hits.get(due) ?? 0) + 1);
      return due;
    }
    if (!chance || this.#random.next() >= chance.share) return null;
    const ways = chance.faults.filter((fault) => fault.on === on);
    const way = ways[Math.floor(this.#random.next() * ways.length)];
    return way ? { ...way, steps: step.id } : null;
  }
}

/** Told apart from every error of a driver by being this very one. */
class BrokenOff extends Error {}
const BROKEN_OFF = new BrokenOff();

/** What the caller meets when a fault hits. */
async function hit(fault: SimFault, { context, on }: SimCall): Promise<never> {
  const { step, signal } = context;
  if (fault.answer === 'hang')
    return await new Promise<never>((_resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  const how = fault.when === 'after' ? 'no answer came' : `it broke off ${fault.when}`;
  throw new RipcordError(
    'RIPCORD_FAULT_INJECTED',
    `cannot ${on} ${step.id}: ${how} on the simulated device`,
    { class: fault.answer },
  );
}
