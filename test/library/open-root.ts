import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ChuteRequest } from '../../src/core/events.ts';
import { Ripcord, type RipcordOptions } from '../../src/library/ripcord.ts';

/** A root in a temporary directory, with the engines that were opened on it. */
export class Root {
  readonly home: string = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-library-')));
  readonly path: string = join(this.home, 'root');
  readonly #opened: Ripcord[] = [];

  async open(options: Partial<RipcordOptions> = {}): Promise<Ripcord> {
    const ripcord = await Ripcord.open({ root: this.path, backoffScale: 0.01, ...options });
    this.#opened.push(ripcord);
    return ripcord;
  }

  /** Closes what was opened, ends the services that run, and removes everything. */
  async destroy(): Promise<void> {
    for (const ripcord of this.#opened) {
      await ripcord.close();
      for (const { services } of Object.values(ripcord.state.applied.chutes))
        for (const { instance } of Object.values(services))
          if (instance && 'pid' in instance) end(instance.pid);
    }
    rmSync(this.home, { recursive: true, force: true });
  }
}

function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Without files of its own a service would take those of the working directory. */
const SOURCE = mkdtempSync(join(tmpdir(), 'ripcord-source-'));
writeFileSync(join(SOURCE, 'README'), 'nothing to see\n');
process.once('exit', () => rmSync(SOURCE, { recursive: true, force: true }));

/** A chute whose one service runs a command; well as soon as it has lived for a moment. */
export function chute(
  command: readonly string[],
  more: { readonly version?: number; readonly environment?: Readonly<Record<string, string>> } = {},
): object {
  const { version = 1, environment = {} } = more;
  const health = { settleMs: 20 };
  const main = { type: 'light', image: 'node', source: SOURCE, command, environment, health };
  return { name: 'hello', version, services: { main } };
}

export const SLEEPS = ['sleep', '600'];

export const byName = (operation: 'start' | 'stop' | 'restart' | 'delete'): ChuteRequest => ({
  chute: 'hello',
  operation,
  definition: null,
  sources: {},
});

export function pidOf(ripcord: Ripcord, name = 'hello'): number {
  const instance = ripcord.state.applied.chutes[name]?.services['main']?.instance;
  return instance && 'pid' in instance ? instance.pid : 0;
}
