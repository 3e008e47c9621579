/* oxlint-disable no-console -- it is a program */
/**
 * npm run mutants              breaks the product in ways that tests have to notice, one at a time
 * npm run mutants -- WORD…     those whose name has one of these words
 *
 * Works on a copy: the files here stay as they are.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { type Mutant, MUTANTS } from './mutants.ts';
import { SYNC_MUTANTS } from './sync-mutants.ts';

const COPIED = [
  'docs',
  'journal',
  'replay',
  'src',
  'test',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

/** The test that noticed, or null. */
async function caughtBy(project: string, { tests }: Mutant): Promise<string | null> {
  for (const each of tests) {
    const found = await noticedBy(project, each);
    if (found !== null) return found;
  }
  return null;
}

/** The tests must hold without any change: what fails anyway notices nothing. */
async function checkSound(project: string, mutants: readonly Mutant[]): Promise<void> {
  const tests = [...new Set(mutants.flatMap((each) => each.tests))];
  const name = 'nothing changed';
  const failing = await caughtBy(project, { name, file: '', find: '', put: '', tests });
  if (failing !== null) throw new Error(`cannot judge changes: without any, ${failing} fails`);
}

async function noticedBy(project: string, test: string): Promise<string | null> {
  if (test === 'sim') return await bySimulation(project);
  const [, play] = /^power (.*)$/.exec(test) ?? [];
  return play === undefined ? await byTests(project, test) : await byPowerCuts(project, play);
}

async function byPowerCuts(project: string, play: string): Promise<string | null> {
  // What is recorded is the compiled program: it has to be the changed one.
  const built = await run(project, ['tsc']);
  if (built.code !== 0) throw new Error(`the changed program does not compile: ${built.output}`);
  return await byTests(project, 'test/power/power.test.ts', ['-t', `operation of ${play} leaves`]);
}

async function byTests(
  project: string,
  files: string,
  chosen: readonly string[] = [],
): Promise<string | null> {
  const words = [
    'vitest',
    'run',
    files,
    ...chosen,
    '--bail',
    '1',
    '--reporter',
    'json',
    '--silent',
  ];
  const { code, output } = await run(project, words);
  if (code === 0) return null;
  const [, first = 'the test file itself'] =
    /"fullName":"([^"]*)","status":"failed"/.exec(output) ?? [];
  return `${files}: ${first}`;
}

async function bySimulation(project: string): Promise<string | null> {
  const { code, output } = await run(project, ['tsx', 'test/sim/main.ts', '--seeds', '400']);
  if (code === 0) return null;
  return `simulation: ${/^seed .*$/m.exec(output)?.[0].slice(0, 120) ?? 'a worker failed'}`;
}

async function run(
  project: string,
  words: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  return await new Promise((done) => {
    const options = { cwd: project, maxBuffer: 1 << 28, timeout: 300_000 };
    const env = { ...process.env, CI: 'true', NO_COLOR: '1' };
    execFile('npx', [...words], { ...options, env }, (error, stdout) => {
      done({ code: error === null ? 0 : 1, output: stdout });
    });
  });
}

function mutate(project: string, { name, file, find, put }: Mutant): () => void {
  const path = join(project, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`'${name}' does not fit ${file} any more`);
  writeFileSync(
    path,
    text.replace(find, () => put),
  );
  return () => writeFileSync(path, text);
}

const words = process.argv.slice(2);
const chosen = [...MUTANTS, ...SYNC_MUTANTS].filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
const project = mkdtempSync(join(tmpdir(), 'ripcord-mutants-'));
let missed = 0;
try {
  for (const name of COPIED) cpSync(name, join(project, name), { recursive: true });
  symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
  await checkSound(project, chosen);
  for (const mutant of chosen) {
    const restore = mutate(project, mutant);
    const caught = await caughtBy(project, mutant);
    restore();
    if (caught === null) missed += 1;
    console.log(
      `${caught === null ? '✗ missed' : '✓ caught'}  ${mutant.name}\n    ${caught ?? mutant.tests.join(', ')}`,
    );
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
console.log(`${chosen.length - missed} passed, ${missed} failed`);
process.exitCode = missed > 0 ? 1 : 0;
