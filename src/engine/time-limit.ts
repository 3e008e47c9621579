import { RipcordError } from '../core/errors.ts';
import type { Step } from '../core/step.ts';
import type { Workshop } from './workshop.ts';

/** Stands for work that did not end in time. */
export const EXPIRED: unique symbol = Symbol('expired');

/** How long a driver may take to notice its hard time before the engine goes on without it. */
const GRACE_MS = 5000;

/** Aborts at the step's hard time, and gives up on the driver a grace later. */
export class TimeLimit {
  isReached = false;
  #lift: () => void;
  #expire: () => void = () => undefined;

  constructor(shop: Workshop, step: Step, stop: HardStop) {
    const { deadlines, logger } = shop;
    this.#lift = deadlines.after(step.timeoutMs, () => {
      logger.warn({ step: step.id, timeoutMs: step.timeoutMs }, 'step used up its time');
      this.isReached = true;
      this.#lift = deadlines.after(GRACE_MS, () => this.#expire());
      const message = `${step.id} took over ${step.timeoutMs} ms`;
      stop.abort(new RipcordError('RIPCORD_STEP_TIMEOUT', message));
    });
  }

  /** What the work gives, or EXPIRED when it does not end in time: then nobody knows. */
  on<T>(working: Promise<T>): Promise<T | typeof EXPIRED> {
    return new Promise((resolve, reject) => {
      this.#expire = () => resolve(EXPIRED);
      working.then(resolve, reject);
    });
  }

  lift(): void {
    this.#lift();
  }
}

/** The signal that a driver gets: made when it is asked for, because most drivers never ask. */
export class HardStop {
  readonly #update: AbortSignal;
  #reason: unknown = null;
  #controller: AbortController | null = null;

  constructor(update: AbortSignal) {
    this.#update = update;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
      else if (this.#update.aborted) this.#controller.abort(this.#update.reason);
      else this.#update.addEventListener('abort', this.#follow, { once: true });
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  /** Follows the update no longer. */
  release(): void {
    if (this.#controller) this.#update.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.abort(this.#update.reason);
}
