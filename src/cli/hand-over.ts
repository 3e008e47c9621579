import { spawn } from 'node:child_process';

import type { UpdateId } from '../core/events.ts';
import type { Context } from './context.ts';

/** Leaves an update to a process of its own that takes the root and carries it to its end. */
export function handOver({ root, env }: Context, id: UpdateId): void {
  const [program = ''] = process.argv.slice(1);
  const words = [...process.execArgv, program, 'watch', id, '--root', root, '--progress', 'none'];
  spawn(process.execPath, words, { detached: true, stdio: 'ignore', env: { ...env } }).unref();
}
