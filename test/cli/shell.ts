import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { onTestFinished } from 'vitest';

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** A directory with a root in it, and the compiled command line. */
export class Shell {
  readonly home: string = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-cli-')));
  readonly root: string = join(this.home, 'root');

  constructor() {
    onTestFinished(() => this.#destroy());
  }

  /** Runs a command to its end; one that never ends is killed. */
  async run(line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const child = spawn(process.execPath, [MAIN, ...line.split(' ')], {
      cwd: this.home,
      env: { ...process.env, RIPCORD_ROOT: this.root, ...FAST, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    return await new Promise((done, failed) => {
      child.on('error', failed);
      child.on('close', (code) => done({ code, out, err }));
    });
  }

  /** Writes a definition of hello whose one service runs `command`; gives its file. */
  define(command: string, more: readonly string[] = []): string {
    const directory = join(this.home, 'hello');
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'chute.yaml');
    const main = ['type: light', 'image: node', 'source: .', `command: ${command}`, ...more];
    const health = 'health: {settleMs: 20, withinMs: 500}';
    const lines = [...main, health].map((line) => `    ${line}\n`).join('');
    // A definition is no part of its source: without this one release would be like the other.
    writeFileSync(join(directory, 'command'), command);
    // Definitions are no part of what a service is made of.
    writeFileSync(join(directory, 'content'), command);
    writeFileSync(file, `name: hello\nservices:\n  main:\n${lines}`);
    return file;
  }

  async #destroy(): Promise<void> {
    for (const pid of await this.#pids())
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    rmSync(this.home, { recursive: true, force: true });
  }

  async #pids(): Promise<readonly number[]> {
    if (!existsSync(join(this.root, 'ripcord.json'))) return [];
    const { out } = await this.run('at HEAD -o json');
    return [...out.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  }
}

/** The records of a stream of JSON lines. */
export const linesOf = (out: string): readonly Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const MAIN = resolve('dist/src/cli/main.js');
const FAST = { RIPCORD_BACKOFF_SCALE: '0.01', NO_COLOR: '1', LANG: 'C.UTF-8', LC_ALL: '' };
