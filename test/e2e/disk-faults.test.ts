import { describe, expect, test } from 'vitest';

import { expectAtRest, outcomeOf, run, statusOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { device as made } from './shell.ts';

/** The last records, as batches: each is a flush, or shares one. */
async function flushesOfLastCommand(device: Device): Promise<number> {
  const events = (await device.json(['log', '--events'])) as readonly {
    readonly end: number;
    readonly type: string;
  }[];
  const from = events.findLastIndex(({ type }) => type === 'engine.started');
  return new Set(events.slice(from).map(({ end }) => end)).size;
}

describe.concurrent.each(['enospc@append', 'eio@sync'])('%s at every flush', (fault) => {
  test('a disk that refuses once stops no update: it goes on from the reserve', async () => {
    const device = await made();
    const sides = [
      { apply: 'apply hello -y --allow-downgrade', answer: V1, stateHash: '' },
      { apply: 'apply hello-v2 -y', answer: V2, stateHash: '' },
    ];
    for (const side of sides) {
      await run(device, side.apply, 0);
      side.stateHash = (await statusOf(device)).stateHash;
    }
    const flushes = await flushesOfLastCommand(device);
    expect(flushes).toBeGreaterThan(8);
    for (let k = 1; k <= flushes + 1; k++) {
      // Back and forth: one is as much an update as the other.
      const [side] = sides.slice((k - 1) % 2);
      const story = `${fault}=${k}`;
      const line = await outcomeOf(device, side?.apply ?? '', 0, story);
      expect(line.outcome, story).toBe('committed');
      await expectAtRest(device, side ?? { answer: '' }, story);
    }
  });
});
