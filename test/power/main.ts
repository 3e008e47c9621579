/**
 * `npm run power`: cuts the power at every operation of everything that is recorded.
 *
 *     npm run power                          all of it
 *     npm run power -- NAME                  one scenario
 *     npm run power -- killed                those that are killed before each of their syncs
 *     npm run power -- DIRECTORY CUT CHOICE  one disk of a recording that was kept
 */
import { basename } from 'node:path';

import { type Effort, lookAgain } from './explore.ts';
import { PLAYS } from './plays.ts';
import { readRecording } from './recording.ts';
import { playNamed, report, type PlayReport, summary, wrongText } from './report.ts';
import { reportSweep, SWEPT } from './sweep.ts';

const WIDE: Effort = { random: 60, torn: 6, subsets: 8, seed: 1, atCut: 600, samples: 60 };
/** Of what is killed there are as many plays as syncs. */
const SWEEP: Effort = { random: 4, torn: 2, subsets: 3, seed: 1, atCut: 12, samples: 4 };

const [first, cut, choice] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (first !== undefined && cut !== undefined) {
  const recording = readRecording(basename(first), first);
  const found = await lookAgain(recording, { cut: Number(cut), choice: choice ?? '' });
  say(`not synced at cut ${cut}:`);
  for (const [at, text] of found.pending.entries()) say(`  ${at} ${text}`);
  say(`got there: ${found.choice || 'nothing'}`);
  for (const problem of found.problems) say(`wrong: ${problem}`);
  say(found.problems.length === 0 ? 'nothing is wrong' : '');
  process.exitCode = found.problems.length === 0 ? 0 : 1;
} else {
  const isSweep = first === 'killed';
  const plays = isSweep ? [] : first === undefined ? PLAYS : [playNamed(first)];
  const seed = Number(process.env['RIPCORD_POWER_SEED'] ?? WIDE.seed);
  const reports: PlayReport[] = [];
  const tell = (name: string, of: readonly PlayReport[]): void => {
    say(`${name}: ${counts(of)}`);
    reports.push(...of);
  };
  const tellWrong = (each: PlayReport): void => {
    if (each.wrong.length > 0) say(wrongText(each));
  };
  for (const play of plays) {
    const done = await report(play, { ...WIDE, seed });
    tell(play.name, [done]);
    tellWrong(done);
  }
  for (const name of isSweep || first === undefined ? Object.keys(SWEPT) : []) {
    const of = await reportSweep(name, { ...SWEEP, seed }, tellWrong);
    tell(`${name}, killed before each of its ${of.length} syncs`, of);
  }
  say(summary(reports));
  process.exitCode = reports.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

function counts(of: readonly PlayReport[]): string {
  const sum = (count: (each: PlayReport) => number): number =>
    of.reduce((total, each) => total + count(each), 0);
  return [
    `${sum(({ explored }) => explored.cuts)} cuts`,
    `${sum(({ explored }) => explored.tried)} states`,
    `${sum(({ explored }) => explored.distinct)} distinct`,
    `${sum(({ settled }) => settled)} settled`,
  ].join(', ');
}
