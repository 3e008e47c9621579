/** A copy of the project in which files may be changed, and tests run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

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
const TIMEOUT_MS = 300_000;
const VITEST = 'node_modules/vitest/vitest.mjs';
const TSC = 'node_modules/typescript/bin/tsc';
const TSX = 'node_modules/tsx/dist/cli.mjs';

type Ran = { readonly code: number; readonly output: string };
type Told = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
    }[];
  }[];
};

export class Bench {
  readonly project: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(project: string) {
    this.project = project;
  }

  static make(): Bench {
    const project = mkdtempSync(join(tmpdir(), 'ripcord-mutants-'));
    for (const name of COPIED) cpSync(name, join(project, name), { recursive: true });
    mkdirSync(join(project, 'tmp'));
    symlinkSync(resolve('node_modules'), join(project, 'node_modules'));
    return new Bench(project);
  }

  remove(): void {
    for (const child of this.#running) end(child);
    rmSync(this.project, { recursive: true, force: true });
  }

  /** The first failing test of those that are meant, by its name; or null. See `Mutant.tests`. */
  async failingIn(test: string): Promise<string | null> {
    if (test === 'sim') return await this.#failingStory();
    const [, play] = /^power (.*)$/.exec(test) ?? [];
    if (play !== undefined) return await this.#failingPlays([play]);
    const [file = '', name] = test.split(' > ');
    return await this.#failingTest([file], name === undefined ? [] : [name]);
  }

  /** The same of many: all plays at once, all files at once. */
  async failingAmong(tests: readonly string[]): Promise<string | null> {
    const plays = tests.flatMap((test) => /^power (.*)$/.exec(test)?.slice(1) ?? []);
    const named = tests.filter((test) => test.startsWith('test/')).map((test) => test.split(' > '));
    const whole = new Set(named.filter((each) => each.length === 1).map(([file = '']) => file));
    const byName = named.filter(([file = '']) => !whole.has(file));
    const files = new Set(byName.map(([file = '']) => file));
    return (
      (plays.length > 0 ? await this.#failingPlays(plays) : null) ??
      (whole.size > 0 ? await this.#failingTest([...whole], []) : null) ??
      (files.size > 0
        ? await this.#failingTest(
            [...files],
            byName.map(([, name = '']) => name),
          )
        : null) ??
      (tests.includes('sim') ? await this.#failingStory() : null)
    );
  }

  async #failingPlays(plays: readonly string[]): Promise<string | null> {
    // What is recorded is the compiled program: it has to be the changed one, well typed or not.
    await this.#run([TSC, '--noCheck']);
    const names = plays.map((play) => `operation of ${play} leaves`);
    return await this.#failingTest(['test/power/power.test.ts'], names);
  }

  async #failingTest(files: readonly string[], names: readonly string[]): Promise<string | null> {
    const pattern = names.map((name) => name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join('|');
    const chosen = names.length > 0 ? ['-t', pattern] : [];
    const words = ['run', ...files, ...chosen, '--bail', '1', '--reporter', 'json', '--silent'];
    const { code, output } = await this.#run([VITEST, ...words]);
    const told = output.indexOf('{"');
    if (told < 0) return `${files.join(', ')}: it comes to no end`;
    const { testResults } = JSON.parse(output.slice(told)) as Told;
    const tests = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map((each) => ({ ...each, file: name })),
    );
    const failed = tests.find(({ status }) => status === 'failed');
    if (failed) return `${failed.file.slice(this.project.length + 1)}: ${failed.fullName}`;
    if (code !== 0) return `${files.join(', ')}: ${testResults[0]?.message ?? 'it does not run'}`;
    const passed = tests.filter(({ status }) => status === 'passed');
    const unknown = names.filter((name) => !passed.some(({ fullName }) => fullName.includes(name)));
    if (unknown.length > 0)
      throw new Error(`no test of ${files.join(', ')} is called '${unknown.join("', '")}'`);
    return null;
  }

  async #failingStory(): Promise<string | null> {
    const { code, output } = await this.#run([TSX, 'test/sim/main.ts', '--seeds', '400']);
    if (code === 0) return null;
    return `simulation: ${/^seed .*$/m.exec(output)?.[0].slice(0, 120) ?? 'a worker failed'}`;
  }

  async #run(words: readonly string[]): Promise<Ran> {
    const env = { ...process.env, CI: 'true', NO_COLOR: '1', TMPDIR: join(this.project, 'tmp') };
    // A group of its own: what a change sends round in circles is ended with its workers.
    const child = spawn(process.execPath, [...words], {
      cwd: this.project,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#running.add(child);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const timer = setTimeout(() => end(child), TIMEOUT_MS);
    const code = await new Promise<number | null>((closed) => child.once('close', closed));
    clearTimeout(timer);
    this.#running.delete(child);
    return { code: code ?? 1, output: Buffer.concat(chunks).toString() };
  }
}

function end({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
