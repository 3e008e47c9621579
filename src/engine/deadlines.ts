import type { Clock } from './clock.ts';

type Deadline = { up: number; readonly over: () => void };

/** So late no timer is but in a process that stood still. */
const STANDSTILL_MS = 100;

/**
 * Hard times of whatever runs, by one timer for all of them: a timer and its signal for each step cost
 * more than all else that the engine does for it.
 *
 * The timer is set for the earliest deadline and stays when that is met: steps are over long before.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #pending = new Set<Deadline>();
  #timer: { readonly up: number; readonly stop: AbortController } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back after `ms`, unless the returned function is called before. */
  after(ms: number, over: () => void): () => void {
    const deadline = { up: this.#clock.up() + ms, over };
    this.#pending.add(deadline);
    this.#aim(deadline.up, ms);
    return () => void this.#pending.delete(deadline);
  }

  /** Lets go of the timer, which keeps the process alive, while nothing is pending. Safe to repeat. */
  rest(): void {
    if (this.#pending.size > 0) return;
    this.#timer?.stop.abort();
    this.#timer = null;
  }

  #aim(up: number, ms: number): void {
    if (this.#timer && this.#timer.up <= up) return;
    this.#timer?.stop.abort();
    this.#timer = { up, stop: new AbortController() };
    void this.#wait(this.#timer, ms);
  }

  async #wait(timer: { readonly up: number; readonly stop: AbortController }, ms: number) {
    try {
      await this.#clock.sleep(ms, timer.stop.signal);
    } catch {
      return;
    }
    if (this.#timer !== timer) return;
    this.#timer = null;
    // A timer may come a little before the clock says so.
    const up = Math.max(timer.up, this.#clock.up());
    const lateMs = up - timer.up;
    if (lateMs >= STANDSTILL_MS) this.#putOff(lateMs);
    else this.#end(up);
    const next = Math.min(...[...this.#pending].map((deadline) => deadline.up));
    if (this.#pending.size > 0) this.#aim(next, Math.max(0, next - up));
  }

  #end(up: number): void {
    for (const deadline of this.#pending) {
      if (deadline.up > up || !this.#pending.delete(deadline)) continue;
      deadline.over();
    }
  }

  /**
   * While the process stood still, as in a sync of a slow disk, nobody could end anything: what did end
   * is heard before anything counts as late.
   */
  #putOff(ms: number): void {
    for (const deadline of this.#pending) deadline.up += ms;
  }
}
