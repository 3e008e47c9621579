/* oxlint-disable no-console -- it is a program */
/**
 * npm run mutants              breaks the product in ways that tests have to notice, one at a time
 * npm run mutants -- WORD…     those whose name has one of these words
 *
 * Ends with a report of which test notices each. The exit code is 1 when one goes unnoticed. Works on
 * copies: the files here stay as they are.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { Bench } from './bench.ts';
import { broken } from './broken.ts';
import { CHANGES, type Mutant, nameOf } from './mutant.ts';
import { MUTANTS } from './mutants.ts';

type Judged = { readonly mutant: Mutant; readonly caughtBy: string | null; readonly ms: number };

function mutate(project: string, mutant: Mutant): () => void {
  const path = join(project, mutant.file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, broken(text, mutant));
  return () => writeFileSync(path, text);
}

async function judge(bench: Bench, mutant: Mutant): Promise<Judged> {
  const began = performance.now();
  const restore = mutate(bench.project, mutant);
  let caughtBy: string | null = null;
  try {
    for (const test of mutant.tests) caughtBy ??= await bench.failingIn(test);
  } finally {
    restore();
  }
  return { mutant, caughtBy, ms: performance.now() - began };
}

/** Tests notice something only if they hold without any change. */
async function checkSound(bench: Bench, tests: readonly string[]): Promise<void> {
  const failing = await bench.failingAmong([...new Set(tests)]);
  if (failing !== null) throw new Error(`cannot judge changes: without any, ${failing} fails`);
}

function report(judged: readonly Judged[]): void {
  for (const change of CHANGES) {
    const of = judged.filter(({ mutant }) => mutant.change === change);
    if (of.length === 0) continue;
    console.log(`\n${change}`);
    for (const { mutant, caughtBy } of of) {
      console.log(`  ${caughtBy === null ? '✗ missed' : '✓ caught'}  ${mutant.at}`);
      console.log(`            ${caughtBy ?? `not by ${mutant.tests.join(', ')}`}`);
    }
  }
}

const words = process.argv.slice(2);
const chosen = MUTANTS.filter(
  (mutant) => words.length === 0 || words.some((word) => nameOf(mutant).includes(word)),
);
const judged: Judged[] = [];
const benches = Array.from({ length: Math.min(availableParallelism(), chosen.length) }, () =>
  Bench.make(),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const bench of benches) bench.remove();
    process.exit(1);
  });
try {
  const queue = [...chosen];
  const work = async (bench: Bench): Promise<void> => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const done = await judge(bench, mutant);
      judged.push(done);
      const sign = done.caughtBy === null ? '✗' : '✓';
      console.log(`${sign} ${nameOf(mutant)} (${(done.ms / 1000).toFixed(1)} s)`);
    }
  };
  const [first] = benches;
  if (first === undefined) throw new Error(`no mutant has one of these words: ${words.join(', ')}`);
  await checkSound(
    first,
    chosen.flatMap(({ tests }) => tests.slice(0, 1)),
  );
  await Promise.all(benches.map(work));
} finally {
  for (const bench of benches) bench.remove();
}
const order = (each: Judged): number => chosen.indexOf(each.mutant);
report(judged.toSorted((one, other) => order(one) - order(other)));
const missed = judged.filter(({ caughtBy }) => caughtBy === null).length;
console.log(`\n${judged.length - missed} passed, ${missed} failed`);
process.exitCode = missed > 0 ? 1 : 0;
