import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { expectAtRest, run, statusOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { device as made } from './shell.ts';

type Logged = { readonly id: string; readonly outcome: string | null };

async function lastUpdate(device: Device): Promise<Logged | undefined> {
  const log = (await device.json(['log'])) as readonly Logged[];
  return log.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).at(-1);
}

/** From before the program has loaded until an update is usually over. */
const MOMENTS_MS = Array.from({ length: 16 }, (_, index) => index * 80);

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
    for (const moment of MOMENTS_MS) {
      const story = `${signal} after ${moment} ms`;
      const before = await lastUpdate(device);
      const { child, ended } = device.begin(other.apply.split(' '));
      await pause(moment);
      child.kill(signal);
      const ran = await ended;
      ends.add(ran.code);
      if (ran.code === 0) [other, now] = [now, other];
      else expect(ran.code ?? ran.signal, story).toBe(ran.code === null ? signal : code);
      await expectAtRest(device, now, `${story}: ${ran.out}${ran.err}`);
      const after = await lastUpdate(device);
      if (after?.id !== before?.id)
        expect(after?.outcome, story).toBe(ran.code === 0 ? 'committed' : 'cancelled');
    }
    expect(ends).toContain(code);
  });
});
