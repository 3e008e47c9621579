import { beforeEach, describe, expect, test } from 'vitest';

import { Deadlines } from '../../src/engine/deadlines.ts';
import { StillClock } from './still-clock.ts';

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

  test('are put off while the process stood still: what ended meanwhile is heard first', async () => {
    const met = after(100, 'met');
    after(150, 'missed');
    // The timer is due, and comes two seconds late.
    const [sleep] = [...clock.sleeps];
    clock.time += 2100;
    sleep?.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toEqual([]);
    met();
    await clock.goOn(1000);
    expect(over).toEqual(['missed at 2150']);
  });

  test('move to the next one when the earliest was met long ago', async () => {
    const early = after(100, 'early');
    early();
    after(250, 'late');
    await clock.goOn(1000);
    expect(over).toEqual(['late at 250']);
  });
});
