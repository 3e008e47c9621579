import type { JournalClock } from './journal.ts';

/** By the stopwatch, and by the clock since the boot: the second tells of standstills only. */
export type Moment = { readonly ms: number; readonly up: number };

export function momentOf(clock: JournalClock): Moment {
  return { ms: clock.stopwatch?.() ?? performance.now(), up: clock.up() };
}

const WINDOW = 9;
const SLOW_MS = 1;
/** So long nobody can be kept waiting: neither a signal nor whoever asks for the status. */
const STANDSTILL_MS = 100;

/**
 * How long flushes take: whether the event loop can wait for one, or the thread pool should. A median,
 * because one hiccup of the disk is no reason to change; but one in which everything stood still is.
 */
export class FlushPace {
  readonly #wasSlow: boolean[] = [];
  #at = 0;
  #slowCount = 0;

  /** Whether the median of the last flushes is at least a millisecond. */
  get slow(): boolean {
    return this.#wasSlow.length === WINDOW && this.#slowCount > WINDOW / 2;
  }

  /** `stoodMs`: the same by the clock of the journal. */
  note(ms: number, stoodMs = 0): void {
    if (stoodMs >= STANDSTILL_MS) {
      this.#wasSlow.splice(0, WINDOW, ...Array.from({ length: WINDOW }, () => true));
      this.#slowCount = WINDOW;
      return;
    }
    const isSlow = ms >= SLOW_MS;
    this.#slowCount += Number(isSlow) - Number(this.#wasSlow[this.#at] ?? false);
    this.#wasSlow[this.#at] = isSlow;
    this.#at = (this.#at + 1) % WINDOW;
  }
}
