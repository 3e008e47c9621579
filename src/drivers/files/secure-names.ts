import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { chuteDirectory } from '../../core/layout.ts';
import type { Step } from '../../core/step.ts';
import { exists, syncDirectory } from '../durable.ts';
import { below } from '../service-environment.ts';

/** Below a chute: what it has, and what belongs to each service. Deeper lies what was synced as a whole. */
const CHUTE_DEPTH = 2;
const HOST_DEPTH = 8;

/**
 * Makes the names durable that a step may have given or taken, whoever did: an attempt that died
 * between its rename and its sync leaves what every later look takes for done. Steps whose effect is
 * no file have none. Safe to repeat.
 */
export async function secureNames(root: string, { kind, chute, args }: Step): Promise<void> {
  if (/^(directory|release|volume)\./.test(kind))
    await syncNames(root, below(root, chuteDirectory(chute)), CHUTE_DEPTH);
  if (!kind.startsWith('config.')) return;
  await syncNames(root, below(root, 'host'), HOST_DEPTH);
  const { path } = (args ?? {}) as { readonly path?: unknown };
  if (typeof path !== 'string') return;
  await syncNames(root, dirname(below(root, path)), 0);
  // What somebody else had written there.
  await syncNames(root, below(root, 'quarantine'), HOST_DEPTH);
}

/** Syncs the directories from the root down to `top`, and those in it, so many levels deep. */
async function syncNames(root: string, top: string, depth: number): Promise<void> {
  for (let at = dirname(top); at.length >= root.length; at = dirname(at))
    if (await exists(at)) await syncDirectory(at);
  if (await exists(top)) await syncBelow(top, depth);
}

async function syncBelow(directory: string, depth: number): Promise<void> {
  await syncDirectory(directory);
  if (depth === 0) return;
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await syncBelow(join(directory, entry.name), depth - 1);
}
