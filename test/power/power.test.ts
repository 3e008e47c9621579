import { afterAll, expect, test } from 'vitest';

import type { Effort } from './explore.ts';
import { PLAYS } from './plays.ts';
import { report, type PlayReport, summary, wrongText } from './report.ts';

/** What fits into a minute; `npm run power` looks ten times as closely. */
const QUICK: Effort = { random: 6, torn: 2, subsets: 4, seed: 1, atCut: 20, samples: 4 };

const reports: PlayReport[] = [];

afterAll(() => {
  process.stdout.write(`${summary(reports)}\n`);
});

test.concurrent.each(PLAYS.map((play) => [play.name, play] as const))(
  'a power cut at any operation of %s leaves a disk to go on from',
  async (_name, play) => {
    const done = await report(play, QUICK);
    reports.push(done);
    expect(done.wrong.length, wrongText(done)).toBe(0);
    expect(done.explored.distinct).toBeGreaterThan(100);
  },
);
