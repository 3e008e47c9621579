import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { expectAtRest, run, statusOf, V1, V2 } from './checks.ts';
import type { Begun, Device } from './device.ts';
import { device as made } from './shell.ts';

type Logged = { readonly id: string; readonly outcome: string | null };

async function lastUpdate(device: Device): Promise<Logged | undefined> {
  const log = (await device.json(['log'])) as readonly Logged[];
  return log.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).at(-1);
}

/** When a signal comes: so long after the start, or with so many lines of progress. */
type Moment = { readonly ms: number } | { readonly lines: number };

/** Before the program has loaded, and then all the way through an update, however slow. */
const MOMENTS: readonly Moment[] = [
  ...Array.from({ length: 6 }, (_, index) => ({ ms: index * 100 })),
  ...Array.from({ length: 10 }, (_, index) => ({ lines: 1 + index * 2 })),
];

async function reached(begun: Begun, moment: Moment): Promise<void> {
  if ('ms' in moment) return await pause(moment.ms);
  const told = new Promise<void>((done) => {
    const look = (): void => {
      if (begun.told().split('\n').length > moment.lines) done();
    };
    begun.child.stderr?.on('data', look);
    look();
  });
  await Promise.race([told, begun.ended]);
}

describe.concurrent.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, code) => {
  test('at any moment leaves the version before, or comes too late', async () => {
    const device = await made();
    const sides = [
      { apply: 'apply hello -y --allow-downgrade', answer: V1, stateHash: '' },
      { apply: 'apply hello-v2 -y', answer: V2, stateHash: '' },
    ];
    for (const side of sides) {
      await run(device, side.apply, 0);
      side.stateHash = (await statusOf(device)).stateHash;
    }
    const ends = new Set<number | null>();
    let [other, now] = sides as [(typeof sides)[number], (typeof sides)[number]];
    for (const moment of MOMENTS) {
      const story = `${signal} at ${JSON.stringify(moment)}`;
      const before = await lastUpdate(device);
      const begun = device.begin(other.apply.split(' '));
      await reached(begun, moment);
      begun.child.kill(signal);
      const ran = await begun.ended;
      ends.add(ran.code);
      const told = `${story}: ${ran.out}${ran.err}`;
      const after = await lastUpdate(device);
      const outcome = after?.id === before?.id ? 'nothing' : after?.outcome;
      // By the signal itself it may die before it has begun, and again when all is told.
      const codes = { nothing: [null, code], cancelled: [code], committed: [0, null] };
      expect(Object.keys(codes), told).toContain(outcome);
      expect(codes[outcome as keyof typeof codes], told).toContain(ran.code);
      if (ran.code === null) expect(ran.signal, told).toBe(signal);
      if (outcome === 'committed') [other, now] = [now, other];
      await expectAtRest(device, now, told);
    }
    expect(ends).toContain(code);
  });
});
