import type { Clock } from '../../src/engine/clock.ts';

/** A clock that stands still until it is told to go on; `sleeps` are the timers that are set. */
export class StillClock implements Clock {
  readonly boot = 'b1';
  readonly sleeps = new Set<{ readonly until: number; readonly wake: () => void }>();
  time = 1000;
  set = 0;

  now = (): string => new Date(this.time).toISOString();
  up = (): number => this.time;

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.set += 1;
    await new Promise<void>((resolve, reject) => {
      const sleep = { until: this.time + ms, wake: resolve };
      this.sleeps.add(sleep);
      signal?.addEventListener('abort', () => {
        this.sleeps.delete(sleep);
        reject(new Error('woken'));
      });
    });
  }

  async goOn(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      const [due] = [...this.sleeps].filter((sleep) => sleep.until <= until);
      if (!due) break;
      this.time = Math.max(this.time, due.until);
      this.sleeps.delete(due);
      due.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.time = until;
  }
}
