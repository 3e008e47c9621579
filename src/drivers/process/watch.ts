import { setTimeout as pause } from 'node:timers/promises';

import type { ProcessInstance } from '../../core/step.ts';
import { isAlive } from '../proc.ts';
import { exitOfChild, type ProcessExit } from './launch.ts';

const POLL_MS = 250;

const UNTOLD: ProcessExit = { code: null, signal: null };

/**
 * Resolves when the process has ended: a child of this program with its exit code as soon as the
 * kernel tells, an adopted one within a quarter of a second and without. Null when `signal` ends the
 * watch first. Keeps no program alive.
 */
export async function watchProcess(
  instance: ProcessInstance,
  signal: AbortSignal,
): Promise<ProcessExit | null> {
  if (signal.aborted) return null;
  const child = isAlive(instance) ? exitOfChild(instance.pid) : undefined;
  return child === undefined ? poll(instance, signal) : Promise.race([child, aborted(signal)]);
}

async function poll(instance: ProcessInstance, signal: AbortSignal): Promise<ProcessExit | null> {
  while (isAlive(instance)) {
    await pause(POLL_MS, undefined, { ref: false, signal }).catch(() => null);
    if (signal.aborted) return null;
  }
  return UNTOLD;
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
