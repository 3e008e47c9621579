import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Recorded } from '../../journal/record.ts';
import { verifyRoot } from '../../journal/verify.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { NEW_STATE } from '../../src/core/state.ts';
import { openNoOp } from './no-op-world.ts';

const CHUNK = 1000;

/** Events a second, folded as on open: in chunks of 1,000. */
export function foldArm(records: readonly Recorded<ChuteEvent>[]): number {
  const began = performance.now();
  let state = NEW_STATE;
  for (let at = 0; at < records.length; at += CHUNK)
    state = fold(state, records.slice(at, at + CHUNK));
  return perSecond(state.seq, began);
}

/** Events a second that `verify` reads and checks, byte by byte. */
export async function verifyArm(root: string): Promise<number> {
  const began = performance.now();
  const { ok, events } = await verifyRoot(root);
  if (!ok) throw new Error('the journal of the bench is damaged');
  return perSecond(events, began);
}

/** Milliseconds until an engine has opened a journal with its index, and folded it. */
export async function openArm(root: string): Promise<number> {
  const began = performance.now();
  const { engine } = await openNoOp({ root, steps: 1 });
  // The index is opened by its first use.
  await engine.journal.find({ type: 'engine.started', limit: 1 });
  const took = performance.now() - began;
  await engine.close();
  return took;
}

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Milliseconds from start to exit of `ripcord status`. */
export function statusArm(root: string): number {
  return runArm([MAIN, '--root', root, 'status']);
}

/** Milliseconds from start to exit of Node alone. */
export function nodeArm(): number {
  return runArm(['-e', '0']);
}

function runArm(args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [...args], { encoding: 'utf8' });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}

const RESIDENT = fileURLToPath(new URL('resident-child.js', import.meta.url));

/** MiB resident of an engine of its own on that root, behind an update of 1,000 steps. */
export function residentArm(root: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RESIDENT, root], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cannot measure memory: ${stderr}`);
  return Number(stdout);
}

const perSecond = (count: number, began: number): number =>
  (count * 1000) / (performance.now() - began);
