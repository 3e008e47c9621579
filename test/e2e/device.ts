import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { freePort } from '../free-port.ts';
import { readAtHand } from './at-hand.ts';

const MAIN = resolve('dist/src/cli/main.js');
const EXAMPLES = resolve('docs/examples');

export type Ran = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
};

/** A command under way. */
export type Begun = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
  /** What it has printed so far, on both streams. */
  readonly told: () => string;
};

/** A root in a temporary directory, with the examples on a port of its own: a device to be hurt. */
export class Device {
  readonly home: string = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-e2e-')));
  readonly root: string = join(this.home, 'root');
  readonly port: number;
  /** What its commands are run by, as `prlimit` or `nsenter` are: none of them by default. */
  launcher: readonly string[] = [];

  private constructor(port: number) {
    this.port = port;
    for (const name of ['hello', 'hello-v2', 'hello-broken']) {
      const to = join(this.home, name);
      cpSync(join(EXAMPLES, name), to, { recursive: true });
      const file = join(to, 'chute.yaml');
      // A machine that is busy takes its time.
      const text = readFileSync(file, 'utf8')
        .replaceAll('18080', String(port))
        .replace(/withinMs: \d+/, 'withinMs: 60000');
      rewrite(file, text);
    }
  }

  static async make(): Promise<Device> {
    return new Device(await freePort());
  }

  /** Runs a command of the compiled program to its end. */
  async ripcord(args: readonly string[], fault = ''): Promise<Ran> {
    return await this.begin(args, { RIPCORD_FAULT: fault }).ended;
  }

  /** Begins a command of the compiled program; its standard input is no terminal and has ended. */
  begin(args: readonly string[], more: Readonly<Record<string, string>> = {}): Begun {
    const env = {
      ...process.env,
      RIPCORD_ROOT: this.root,
      RIPCORD_BACKOFF_SCALE: '0.01',
      NO_COLOR: '1',
      ...more,
    };
    const [program = '', ...rest] = [...this.launcher, process.execPath, MAIN, ...args];
    const child = spawn(program, rest, {
      cwd: this.home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<Ran>((done, failed) => {
      child.on('error', failed);
      child.on('close', (code, signal) => done({ code, signal, out, err }));
    });
    return { child, ended, told: () => `${out}${err}` };
  }

  /** Writes a definition into a directory of its own and returns the directory's name. */
  define(name: string, text: string | Uint8Array): string {
    const directory = join(this.home, name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'chute.yaml'), text);
    return name;
  }

  /** A variant of hello, in a directory of its own, and returns the directory's name. */
  vary(name: string, change: (definition: string) => string): string {
    const from = join(this.home, 'hello');
    const to = join(this.home, name);
    cpSync(from, to, { recursive: true });
    const file = join(to, 'chute.yaml');
    rewrite(file, change(readFileSync(file, 'utf8')));
    return name;
  }

  /** Applies a definition that has to be taken and committed. */
  async install(name: string, ...flags: readonly string[]): Promise<void> {
    const { code, out, err } = await this.ripcord(['apply', name, '-y', ...flags]);
    if (code !== 0) throw new Error(`cannot install ${name} (exit ${code}): ${out}${err}`);
  }

  /**
   * The JSON that a command prints, whatever its exit code. What only reads a root at rest is read in
   * this process, with the compiled program's own code.
   */
  async json(args: readonly string[]): Promise<unknown> {
    const read = this.launcher.length > 0 ? null : await readAtHand(this.root, args, process.env);
    if (read !== null) return JSON.parse(read);
    const { out, err, code } = await this.ripcord([...args, '-o', 'json']);
    try {
      return JSON.parse(out);
    } catch {
      throw new Error(`${args.join(' ')} (exit ${code}) printed no JSON: ${out}${err}`);
    }
  }

  /** What the web chute answers, or null when nobody does. */
  async answer(): Promise<string | null> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/`);
      return (await response.text()).trim();
    } catch {
      return null;
    }
  }

  /** The live session leaders that carry a mark of this root. */
  processes(): readonly { readonly pid: number; readonly mark: string }[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const environ = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
          if (!environ.includes(`RIPCORD_ROOT=${this.root}`)) return [];
          const mark = environ.find((each) => each.startsWith('RIPCORD_STEP='));
          const [state, , , session] = readFileSync(`/proc/${name}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ');
          const leads = session === name && state !== 'Z' && mark !== undefined;
          return leads ? [{ pid: Number(name), mark: mark.slice('RIPCORD_STEP='.length) }] : [];
        } catch {
          return [];
        }
      });
  }

  /** Kills every service from outside. */
  endServices(): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }

  /** Ends what runs on it and removes it. */
  destroy(): void {
    this.endServices();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function rewrite(file: string, text: string): void {
  rmSync(file);
  writeFileSync(file, text);
}
