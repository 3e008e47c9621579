import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { freePort } from '../free-port.ts';
import type { Shown } from './blocks.ts';

/** What a command printed, standard output and errors as they came. */
export type Printed = { readonly shown: Shown; readonly output: readonly string[] };

/** Where the examples of the repository listen. */
const SHOWN_PORT = '18080';

/**
 * A copy of the project with a home of its own, in which commands are run as a reader would: one
 * shell from the first to the last. The examples get a free port instead of theirs.
 */
export class Session {
  readonly top: string = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-docs-')));
  readonly project: string = join(this.top, 'ripcord');
  readonly #port: string;
  readonly #launcher: readonly string[];

  private constructor(port: number, launcher: readonly string[]) {
    this.#port = String(port);
    this.#launcher = launcher;
    mkdirSync(join(this.top, 'home'));
    for (const name of ['dist', 'docs', 'package.json', 'README.md'])
      cpSync(name, join(this.project, name), { recursive: true });
    symlinkSync(resolve('node_modules'), join(this.project, 'node_modules'));
    for (const file of readdirSync(join(this.project, 'docs/examples'), {
      recursive: true,
      encoding: 'utf8',
    }).filter((name) => /\.(yaml|mjs)$/.test(name))) {
      const path = join(this.project, 'docs/examples', file);
      writeFileSync(path, this.#moved(readFileSync(path, 'utf8')));
    }
  }

  /** `launcher`: the command that runs others where they are to be run. */
  static async open(launcher: readonly string[] = []): Promise<Session> {
    return new Session(await freePort(), launcher);
  }

  /** Runs commands one after the other. Throws at the first whose exit code is not as shown. */
  async run(commands: readonly Shown[]): Promise<readonly Printed[]> {
    const { code, output } = await this.#bash(this.#script(commands));
    const printed = commands.map((shown, at) => {
      const [, rest = ''] = output.split(marker(at), 2);
      const [own = ''] = rest.split(marker(at + 1), 1);
      return { shown, output: this.#told(own) };
    });
    if (code !== 0) throw new Error(this.#told(output).slice(-40).join('\n'));
    return printed;
  }

  /** A program as a command: what it needs and does not show is put in front of it. */
  program(lines: readonly string[], line: number): Shown {
    const code = lines.join('\n');
    const file = `docs/examples/library/shown-${line}.ts`;
    const before = code.includes('const definition') ? '' : GIVEN;
    writeFileSync(join(this.project, file), this.#moved(`${before}${code}\n`));
    return { command: `node --import tsx ${file}`, exit: 0, says: '', line, output: [] };
  }

  #script(commands: readonly Shown[]): string {
    return [
      'shopt -s expand_aliases',
      PRELUDE,
      ...commands.map(({ command, exit, line }, at) =>
        [`echo '${marker(at)}'`, this.#moved(command), `expect $? ${exit} ${line}`].join('\n'),
      ),
    ].join('\n');
  }

  async #bash(script: string): Promise<{ readonly code: number | null; readonly output: string }> {
    const file = join(this.top, 'shown.sh');
    writeFileSync(file, `trap "echo '${LAST_WORD}'" EXIT\n${script}`);
    const { RIPCORD_ROOT: _root, RIPCORD_FAULT: _fault, ...env } = process.env;
    const [program, ...args] = [...this.#launcher, 'bash', '-c', `exec 2>&1; . '${file}'`];
    const child = spawn(program, args, {
      cwd: this.project,
      env: {
        ...env,
        HOME: join(this.top, 'home'),
        XDG_STATE_HOME: join(this.top, 'state'),
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 580_000,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    return await new Promise((done, failed) => {
      child.on('error', failed);
      // What it left running keeps the pipe open: its last word says that all was read.
      const look = (code: number | null): void => {
        const [read = '', ...behind] = output.split(LAST_WORD, 2);
        if (code === null || behind.length > 0) done({ code, output: read });
        else child.stdout.once('data', () => look(code));
      };
      child.on('exit', look);
    });
  }

  #moved(text: string): string {
    return text.replaceAll(SHOWN_PORT, this.#port);
  }

  /** What was printed, as it would have been at home. */
  #told(text: string): readonly string[] {
    const home = text.replaceAll(this.#port, SHOWN_PORT).replaceAll(this.top, '/home/you');
    return home.split('\n').filter((line) => line !== '' && !MACHINE.test(line));
  }

  /** Ends whatever was started here, services above all, and leaves nothing behind. */
  close(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (Number(pid) !== process.pid && this.#isOurs(pid)) kill(Number(pid));
    }
    rmSync(this.top, { recursive: true, force: true, maxRetries: 5 });
  }

  #isOurs(pid: string): boolean {
    try {
      const about = ['environ', 'cmdline'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      );
      return about.some((text) => text.includes(`${this.top}/`));
    } catch {
      // It has ended, or is somebody else's.
      return false;
    }
  }
}

/** `npm ci`, `npm test` and the benchmark are run for themselves: here they only have to exist. */
const PRELUDE = `
npm() {
  case "$*" in
    ci) ;;
    test | 'run check' | 'run bench'* | 'run test:e2e')
      node -e 'process.exit(require("./package.json").scripts[process.argv[1]] ? 0 : 1)' "\${2:-$1}" ;;
    *) command npm "$@" ;;
  esac
}
expect() {
  [ "$1" = "$2" ] || { echo "line $3: exit $1, not $2"; exit 99; }
}`;

/** What short programs take for granted. */
const GIVEN = `
const root = '.shown';
const definition = {
  name: 'shown',
  services: {
    main: { type: 'light', image: 'node', source: 'docs/examples/hello', command: 'node server.mjs' },
  },
  web: { service: 'main', port: ${SHOWN_PORT} },
};
`;

/** npm warns about configuration that is the machine's, not ours. */
const MACHINE = /^npm warn Unknown/;

const LAST_WORD = '----8<---- end';
const marker = (at: number): string => `----8<---- ${at}`;

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
