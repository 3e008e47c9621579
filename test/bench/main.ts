/** `npm run bench`: what a durable step costs on this machine, against what it cannot cost less than. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { takeFigures } from './figures.ts';
import { describeLoad, describeMachine } from './machine.ts';
import { brokenPromises, reportOf, writeReport } from './report.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** Puts the report into docs/performance.md. */
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '9' },
    /** On the device that is to be measured. */
    dir: { type: 'string', default: 'dist' },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

mkdirSync(resolve(values.dir), { recursive: true });
const directory = mkdtempSync(join(resolve(values.dir), 'bench-'));
try {
  const machine = describeMachine(directory);
  const loadBefore = describeLoad();
  const rounds = Math.max(1, Number(values.rounds));
  const taken = await takeFigures(directory, rounds, (text) => print(`... ${text}`));
  const load = `${loadBefore} before, ${describeLoad()} after`;
  const report = reportOf(taken, { machine, load, rounds });
  print(report);
  if (values.write) writeReport(report);
  const broken = brokenPromises(taken);
  for (const promise of broken) print(`missed: ${promise}`);
  if (values.json) print(JSON.stringify(taken.figures));
  if (broken.length > 0) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
