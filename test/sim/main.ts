/* oxlint-disable no-console -- it is a program */
/**
 * npm run sim                            20,000 seeds, from 1
 * npm run sim -- --seeds N [--from N]    as many as asked
 * npm run sim -- --seed N                one, with a line for everything that happens
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { REGRESSIONS } from './regressions.ts';
import { simulate } from './simulate.ts';

/** A worker that found so much has said enough. */
const FAILURES_MAX = 10;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
    every: { type: 'string', default: '0' },
  },
});

type Totals = Record<string, number>;

async function one(seed: number): Promise<number> {
  const { breaches, counts } = await simulate(seed, (line) => console.log(line));
  console.log(JSON.stringify(counts));
  for (const breach of breaches) console.log(`✗ ${breach}`);
  return breaches.length;
}

/** Simulates some seeds; says which failed, and adds up what happened. */
async function some(seeds: Iterable<number>): Promise<Totals> {
  const totals: Totals = { seeds: 0, failed: 0 };
  const add = (name: string, count: number): void => {
    totals[name] = (totals[name] ?? 0) + count;
  };
  for (const seed of seeds) {
    const { breaches, counts } = await simulate(seed);
    add('seeds', 1);
    for (const [name, count] of Object.entries(counts)) add(name, count);
    if (breaches.length === 0) continue;
    console.log(`seed ${seed}: ${breaches.slice(0, 3).join('; ').slice(0, 600)}`);
    add('failed', 1);
    if ((totals['failed'] ?? 0) >= FAILURES_MAX) break;
  }
  return totals;
}

function* range(from: number, until: number, every: number): Generator<number> {
  for (let seed = from; seed < until; seed += every) yield seed;
}

/** Every nth seed in a process of its own. */
async function worker(at: number, every: number): Promise<Totals> {
  const from = String(Number(values.from) + at);
  const words = [
    '--from',
    from,
    '--seeds',
    String(Number(values.seeds) - at),
    '--every',
    String(every),
  ];
  const child = fork(fileURLToPath(import.meta.url), words, {
    execArgv: [...process.execArgv, '--max-semi-space-size=32'],
  });
  let totals: Totals = { failed: 1 };
  child.on('message', (told) => {
    totals = told as Totals;
  });
  await new Promise((resolve) => child.once('exit', resolve));
  return totals;
}

async function all(): Promise<Totals> {
  const count = availableParallelism();
  const parts = await Promise.all([
    some(REGRESSIONS),
    ...Array.from({ length: count }, async (_, at) => await worker(at, count)),
  ]);
  const sum: Totals = {};
  for (const part of parts)
    for (const [name, number] of Object.entries(part)) sum[name] = (sum[name] ?? 0) + number;
  return sum;
}

const every = Number(values.every);
if (values.seed !== undefined) {
  process.exitCode = (await one(Number(values.seed))) > 0 ? 1 : 0;
} else if (every > 0) {
  const from = Number(values.from);
  const totals = await some(range(from, from + Number(values.seeds), every));
  await new Promise((told) => process.send?.(totals, told));
} else {
  const totals = await all();
  const { seeds = 0, failed = 0 } = totals;
  console.log(JSON.stringify(totals));
  console.log(`${seeds - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
process.disconnect?.();
// What a killed process was waiting for never comes.
process.exit();
