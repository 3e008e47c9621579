/**
 * `npm run power`: cuts the power at every operation of everything that is recorded.
 *
 *     npm run power                          all of it
 *     npm run power -- NAME                  one scenario
 *     npm run power -- DIRECTORY CUT CHOICE  one disk of a recording that was kept
 */
import { basename } from 'node:path';

import { type Effort, lookAgain } from './explore.ts';
import { PLAYS } from './plays.ts';
import { readRecording } from './recording.ts';
import { playNamed, report, type PlayReport, summary, wrongText } from './report.ts';

const WIDE: Effort = { random: 60, torn: 6, subsets: 8, seed: 1, atCut: 600, samples: 60 };

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
  const plays = first === undefined ? PLAYS : [playNamed(first)];
  const seed = Number(process.env['RIPCORD_POWER_SEED'] ?? WIDE.seed);
  const reports: PlayReport[] = [];
  for (const play of plays) {
    const done = await report(play, { ...WIDE, seed });
    reports.push(done);
    const { explored, settled, wrong } = done;
    const { cuts, tried, distinct } = explored;
    say(`${play.name}: ${cuts} cuts, ${tried} states, ${distinct} distinct, ${settled} settled`);
    if (wrong.length > 0) say(wrongText(done));
  }
  say(summary(reports));
  process.exitCode = reports.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}
