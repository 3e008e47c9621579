import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What running one class of evidence gave. */
export type Evidence = { readonly cases: string; readonly failed: number };

/** One row of the table: a kind of fault, how often it was met, and how to meet it again. */
export type Class = {
  readonly name: string;
  readonly fault: string;
  readonly command: string;
  readonly gather: () => Promise<Evidence>;
};

const number = (count: number): string => count.toLocaleString('en-US');

type Ran = { readonly code: number; readonly output: string };

async function run(program: string, words: readonly string[]): Promise<Ran> {
  return await new Promise((done) => {
    const options = { maxBuffer: 1 << 28, env: { ...process.env, NO_COLOR: '1' } };
    execFile(program, [...words], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });
}

type Told = { readonly numPassedTests: number; readonly numFailedTests: number };

/** So many tests of these files, each with its own faults. */
async function tests(project: string, files: readonly string[]): Promise<Evidence> {
  const directory = mkdtempSync(join(tmpdir(), 'ripcord-reliability-'));
  try {
    const file = join(directory, 'told.json');
    const words = ['vitest', 'run', '--project', project, ...files, '--maxConcurrency=3'];
    const { code } = await run('npx', [...words, '--reporter', 'json', '--outputFile', file]);
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, 'utf8')) as Told;
    const failed = code === 0 ? numFailedTests : Math.max(1, numFailedTests);
    // What was skipped is no evidence.
    return { cases: `${number(numPassedTests + numFailedTests)} tests`, failed };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function simulation(seeds: number): Promise<Evidence> {
  const { output } = await run('npx', ['tsx', 'test/sim/main.ts', '--seeds', String(seeds)]);
  const line = output.split('\n').findLast((each) => each.startsWith('{')) ?? '{"failed":1}';
  const told = JSON.parse(line) as Readonly<Record<string, number>>;
  const of = (name: string): string => number(told[name] ?? 0);
  return {
    cases: `${of('seeds')} stories, ${of('flushes')} flushes, ${of('effects')} effects, ${of('deaths')} deaths, ${of('powerCuts')} power cuts`,
    failed: told['failed'] ?? 1,
  };
}

async function powerLoss(): Promise<Evidence> {
  const { code, output } = await run('npx', ['tsx', 'test/power/main.ts']);
  const lines = [
    ...output.matchAll(
      /^.*?(?:each of its (\d+) syncs)?: (\d+) cuts, (\d+) states, (\d+) distinct/gm,
    ),
  ].map((line) => line.slice(1).map((count: string | undefined) => Number(count ?? '1')));
  const sum = (at: number): string => number(lines.reduce((all, line) => all + (line[at] ?? 0), 0));
  return {
    cases: `${sum(0)} recordings, ${sum(1)} cuts, ${sum(2)} disk states, ${sum(3)} distinct`,
    failed: code === 0 ? 0 : 1,
  };
}

async function mutants(): Promise<Evidence> {
  const { output } = await run('npx', ['tsx', 'test/mutants/main.ts']);
  const [, caught = '0', missed = '1'] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return { cases: `${caught} caught, ${missed} missed`, failed: Number(missed) };
}

const E2E = 'npm run test:e2e --';

export const CLASSES: readonly Class[] = [
  {
    name: 'simulation',
    fault:
      'driver errors of every class, lost answers, hangs, deaths before and after every flush, effect and disk operation, power cuts, refusing disks, clock jumps, newer programs',
    command: 'npm run sim',
    gather: async () => await simulation(20_000),
  },
  {
    name: 'power loss',
    fault:
      'what the compiled program wrote and had not synced is lost, torn or reordered, at every operation',
    command: 'npm run power',
    gather: powerLoss,
  },
  {
    name: 'kills',
    fault:
      'SIGKILL of the real process at every flush and every effect of good, failing and stuck updates, and again while it goes on',
    command: `${E2E} kill inside failures stuck first-install lanes`,
    gather: async () =>
      await tests('e2e', [
        'test/e2e/kill.test.ts',
        'test/e2e/inside.test.ts',
        'test/e2e/failures.test.ts',
        'test/e2e/stuck.test.ts',
        'test/e2e/first-install.test.ts',
        'test/e2e/lanes.test.ts',
      ]),
  },
  {
    name: 'crashes in memory',
    fault: 'death at every append and effect, and at pairs of them',
    command: 'npm test -- test/engine',
    gather: async () => await tests('unit', ['test/engine']),
  },
  {
    name: 'damage',
    fault:
      'flipped bits, zeroed blocks, truncation, missing, swapped and foreign files of every kind',
    command: 'npm test -- test/journal; npm run test:e2e -- damage derived',
    gather: async () => {
      const journal = await tests('journal', ['test/journal']);
      const whole = await tests('e2e', ['test/e2e/damage.test.ts', 'test/e2e/derived.test.ts']);
      const cases = `${journal.cases} of the journal, ${whole.cases} of the program`;
      return { cases, failed: journal.failed + whole.failed };
    },
  },
  {
    name: 'resources',
    fault:
      'ENOSPC and EIO at every flush, a full file system, no descriptors, read-only, 300 ms for each sync',
    command: `${E2E} disk-faults resources slow-disk`,
    gather: async () =>
      await tests('e2e', [
        'test/e2e/disk-faults.test.ts',
        'test/e2e/resources.test.ts',
        'test/e2e/slow-disk.test.ts',
      ]),
  },
  {
    name: 'containers',
    fault:
      'SIGKILL of the program before every effect and right behind it again; a real engine of containers killed while it starts and stops them',
    command: `${E2E} test/docker`,
    gather: async () => await tests('e2e-docker', ['test/docker']),
  },
  {
    name: 'scenarios',
    fault: 'failures from real life',
    command: `${E2E} scenarios`,
    gather: async () => await tests('e2e', ['test/e2e/scenarios']),
  },
  {
    name: 'mutants',
    fault: 'the promise itself is broken in the code: a named test has to notice',
    command: 'npm run mutants',
    gather: mutants,
  },
];
