import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { isLocked } from '../../journal/lock.ts';
import type { UpdateId } from '../core/events.ts';
import type { Context } from './context.ts';

/** A process takes a moment to start; then it holds the root until the update rests. */
const PATIENCE_MS = 5000;
const LOOK_MS = 20;

/**
 * Leaves an update to a process of its own that takes the root and carries it to its end. Resolves when
 * it has the root, or had it already.
 */
export async function handOver({ root, env }: Context, id: UpdateId): Promise<void> {
  const [program = ''] = process.argv.slice(1);
  const words = [...process.execArgv, program, 'watch', id, '--root', root, '--progress', 'none'];
  const child = spawn(process.execPath, words, {
    detached: true,
    stdio: 'ignore',
    env: { ...env },
  });
  child.unref();
  const deadline = performance.now() + PATIENCE_MS;
  while (child.exitCode === null && performance.now() < deadline && !(await isLocked(root)))
    await delay(LOOK_MS);
}
