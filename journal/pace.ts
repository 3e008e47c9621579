const WINDOW = 9;
const SLOW_MS = 1;

/**
 * How long flushes take: whether the event loop can wait for one, or the thread pool should. A median,
 * because one hiccup of the disk is no reason to change.
 */
export class FlushPace {
  readonly #wasSlow: boolean[] = [];
  #at = 0;
  #slowCount = 0;

  /** Whether the median of the last flushes is at least a millisecond. */
  get slow(): boolean {
    return this.#wasSlow.length === WINDOW && this.#slowCount > WINDOW / 2;
  }

  note(ms: number): void {
    const isSlow = ms >= SLOW_MS;
    this.#slowCount += Number(isSlow) - Number(this.#wasSlow[this.#at] ?? false);
    this.#wasSlow[this.#at] = isSlow;
    this.#at = (this.#at + 1) % WINDOW;
  }
}
