const WINDOW = 9;
const SLOW_MS = 1;

/**
 * How long flushes take: whether the event loop can wait for one, or the thread pool should. A median,
 * because one hiccup of the disk is no reason to change.
 */
export class FlushPace {
  readonly #recent: number[] = [];
  #at = 0;
  #slow = false;

  /** Whether the median of the last flushes is at least a millisecond. */
  get slow(): boolean {
    return this.#slow;
  }

  note(ms: number): void {
    this.#recent[this.#at] = ms;
    this.#at = (this.#at + 1) % WINDOW;
    const sorted = this.#recent.toSorted((one, other) => one - other);
    this.#slow = this.#recent.length === WINDOW && (sorted[(WINDOW - 1) / 2] ?? 0) >= SLOW_MS;
  }
}
