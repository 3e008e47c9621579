import type { Clock } from './clock.ts';

/** The time between a failed attempt and the next one, for the steps of one update. */
export class Delays {
  readonly #clock: Clock;
  readonly #over: () => void;
  readonly #due = new Set<number>();
  readonly #running = new Set<number>();
  #stopped = new AbortController();

  /** `over` is called when a delay has passed and its step may be tried again. */
  constructor(clock: Clock, over: () => void) {
    this.#clock = clock;
    this.#over = over;
  }

  /** Whether step `n` may be tried now; if not, its delay runs from the first time of asking. */
  isDue(n: number, delayMs: number | null): boolean {
    if (delayMs === null || this.#due.delete(n)) return true;
    if (!this.#running.has(n)) void this.#run(n, delayMs);
    return false;
  }

  /** Forgets all delays: nothing waits for them any more. */
  clear(): void {
    this.#stopped.abort();
    this.#stopped = new AbortController();
    this.#due.clear();
    this.#running.clear();
  }

  async #run(n: number, delayMs: number): Promise<void> {
    this.#running.add(n);
    const { signal } = this.#stopped;
    await this.#clock.sleep(delayMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    this.#running.delete(n);
    this.#due.add(n);
    this.#over();
  }
}
