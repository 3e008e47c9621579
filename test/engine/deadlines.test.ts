import { beforeEach, describe, expect, test } from 'vitest';

import type { Clock } from '../../src/engine/clock.ts';
import { Deadlines } from '../../src/engine/deadlines.ts';

/** A clock that stands still until it is told to go on; `sleeps` are the timers that are set. */
class StillClock implements Clock {
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

let clock: StillClock;
let deadlines: Deadlines;
let over: string[];

beforeEach(() => {
  clock = new StillClock();
  deadlines = new Deadlines(clock);
  over = [];
});

const after = (ms: number, name: string): (() => void) =>
  deadlines.after(ms, () => over.push(`${name} at ${clock.time - 1000}`));

describe('deadlines', () => {
  test('are called back at their time, whatever order they were set in', async () => {
    after(300, 'long');
    after(100, 'short');
    after(200, 'middle');
    await clock.goOn(1000);
    expect(over).toEqual(['short at 100', 'middle at 200', 'long at 300']);
  });

  test('are not called back once they are met', async () => {
    const met = after(100, 'met');
    after(200, 'missed');
    met();
    await clock.goOn(1000);
    expect(over).toEqual(['missed at 200']);
  });

  test('may set another one when they are over', async () => {
    deadlines.after(100, () => void after(50, 'grace'));
    await clock.goOn(1000);
    expect(over).toEqual(['grace at 150']);
  });

  test('share one timer, however many steps come and go', async () => {
    for (let step = 0; step < 1000; step++) after(30_000, 'step')();
    expect([clock.set, clock.sleeps.size]).toEqual([1, 1]);
    const met = after(30_000, 'last');
    deadlines.rest();
    expect(clock.sleeps.size).toBe(1);
    met();
    deadlines.rest();
    expect(clock.sleeps.size).toBe(0);
    after(10, 'next');
    await clock.goOn(10);
    expect(over).toEqual(['next at 10']);
  });

  test('move to the next one when the earliest was met long ago', async () => {
    const early = after(100, 'early');
    early();
    after(250, 'late');
    await clock.goOn(1000);
    expect(over).toEqual(['late at 250']);
  });
});
