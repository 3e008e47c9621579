import { expect, test, vi } from 'vitest';

import { simulate } from '../sim/simulate.ts';
import { storyOf } from '../sim/story.ts';

async function told(seed: number): Promise<readonly string[]> {
  const lines: string[] = [];
  const { breaches, counts } = await simulate(seed, (line) => lines.push(line));
  return [...lines, ...breaches, JSON.stringify(counts)];
}

/** Of each kind of disk, and in containers. */
const SEEDS = [116, 121, 127];

test('both kinds of disk are in these stories', () => {
  expect(new Set(SEEDS.map((seed) => storyOf(seed).flushMs)).size).toBe(2);
});

test.each(SEEDS)('the story of seed %i is the same however busy the machine is', async (seed) => {
  const usual = await told(seed);
  let now = 0;
  const busy = vi.spyOn(performance, 'now').mockImplementation(() => (now += 7));
  try {
    expect(await told(seed)).toEqual(usual);
  } finally {
    busy.mockRestore();
  }
  expect(usual.length).toBeGreaterThan(10);
});
