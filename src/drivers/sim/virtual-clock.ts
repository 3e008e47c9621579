type Sleeper = { readonly until: number; readonly wake: () => void };

/** Turns of the event loop in which nobody looked at the clock: then everybody sleeps. */
const QUIET_TURNS = 2;

/**
 * A clock whose time passes only while everybody sleeps: then it is at once as late as the first of
 * them wants to be woken. An hour of waiting costs nothing, and equal runs take equal time.
 */
export class VirtualClock {
  readonly boot = 'sim';
  readonly #epochMs: number;
  readonly #sleepers = new Set<Sleeper>();
  #up: number;
  #isTurning = false;
  #quiet = 0;

  /** `up` is when it begins, in milliseconds since boot; `epochMs` what the calendar says then. */
  constructor({ up = 0, epochMs = 0 }: { readonly up?: number; readonly epochMs?: number } = {}) {
    this.#up = up;
    this.#epochMs = epochMs - up;
  }

  now = (): string => {
    this.#quiet = 0;
    return new Date(this.#epochMs + this.#up).toISOString();
  };

  up = (): number => {
    this.#quiet = 0;
    return this.#up;
  };

  sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    this.#quiet = 0;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sleeper: Sleeper = {
        until: this.#up + ms,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#sleepers.add(sleeper);
      this.#turn();
    });
  };

  #turn(): void {
    if (this.#isTurning || this.#sleepers.size === 0) return;
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      this.#quiet += 1;
      if (this.#quiet > QUIET_TURNS) this.#wakeFirst();
      this.#turn();
    });
  }

  #wakeFirst(): void {
    let first: Sleeper | null = null;
    for (const each of this.#sleepers) if (!first || each.until < first.until) first = each;
    if (!first) return;
    this.#sleepers.delete(first);
    this.#up = Math.max(this.#up, first.until);
    this.#quiet = 0;
    first.wake();
  }
}
