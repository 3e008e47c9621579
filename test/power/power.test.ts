import { afterAll, expect, test } from 'vitest';

import type { Effort } from './explore.ts';
import { PLAYS } from './plays.ts';
import { report, type PlayReport, summary, wrongText } from './report.ts';
import { reportKilled } from './sweep.ts';

/** What fits into a minute; `npm run power` looks ten times as closely. */
const QUICK: Effort = {
  random: 6,
  torn: 2,
  subsets: 4,
  seed: 1,
  atCut: 20,
  samples: 4,
  violationsMax: 6,
};

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

/** Some of some sixty each; `npm run power` has them all. */
const KILLED: readonly (readonly [name: string, n: number])[] = [
  ['first-install', 20],
  ['remove', 12],
];

test.concurrent.each(KILLED)(
  'a power cut after %s was killed before its sync %i and settled leaves a disk to go on from',
  async (name, n) => {
    const { report: done, died } = await reportKilled(name, n, QUICK);
    reports.push(done);
    expect(done.wrong.length, wrongText(done)).toBe(0);
    expect(died).toBe(true);
  },
);
