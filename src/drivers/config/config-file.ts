import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import type { StepContext } from '../../core/driver.ts';
import { changedFile, type FileChange, filesOf, fileText } from '../../core/host-file.ts';
import { serviceReading } from '../../core/render/read-by.ts';
import { fillTokens, secretsIn } from '../../core/render/tokens.ts';
import { mergeUci } from '../../core/render/uci-merge.ts';
import type { ReloadedService, RootPath } from '../../core/step.ts';
import { textOrder } from '../../core/text-order.ts';
import { makeDirectory, publish, syncDirectory } from '../durable.ts';
import { below } from '../service-environment.ts';

/*
 * A rendered file has two places below the root: where it is written, and where what was last loaded
 * is kept. On a host that only renders, the second is what "runs".
 */

const RUNNING = 'host/running';

/** Where what was last loaded from a file is kept. Pure. */
export function runningPath(path: RootPath): RootPath {
  return `${RUNNING}/${path}`;
}

/** What reloads are owed and paid under. Pure. */
export function reloadKey(service: ReloadedService): string {
  return `reload:${service}`;
}

/** The rendered text that a file is to hold once a change is through; null: the file goes. Pure. */
export function shallHold({ applied }: StepContext, change: FileChange): string | null {
  const file = changedFile(applied.host.files[change.path] ?? null, change);
  return file && fileText(file.sections);
}

/**
 * Every file that a service reads, and those that it reads no longer: also what it has loaded of a file
 * that nobody writes any more, as where a person accepted that it could not be reloaded.
 */
export async function readBy(
  { root, applied }: StepContext,
  { service, paths }: { readonly service: ReloadedService; readonly paths: readonly RootPath[] },
): Promise<readonly RootPath[]> {
  const left = await loadedBefore(root);
  const its = left.filter((path) => serviceReading(path) === service).toSorted(textOrder);
  return [...new Set([...filesOf(applied.host.files, service), ...paths, ...its])];
}

/** Every file of which something was loaded, or was about to be. */
async function loadedBefore(root: string): Promise<readonly RootPath[]> {
  const running = below(root, RUNNING);
  const found = await readdir(running, { recursive: true, withFileTypes: true }).catch(noneThere);
  if (found === null) return [];
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(running, join(parentPath, name)).replace(/\.new$/, ''));
}

/** The hash of a rendered text, without its secrets. Pure. */
export function renderedHash(content: string | null): string {
  return `sha256:${createHash('sha256')
    .update(content ?? '')
    .digest('hex')}`;
}

/** A rendered text as it goes to disk. Holds secrets: never journaled. */
export async function filled(context: StepContext, content: string): Promise<string> {
  const names = secretsIn(content);
  const values = await Promise.all(
    names.map(async (name) => [name, await context.secret({ $secret: name })] as const),
  );
  return fillTokens(content, { root: context.root, secrets: Object.fromEntries(values) });
}

/**
 * What a file is to hold, or null where it is to go: the rendered text, or what is there with our
 * sections in place of those it has. Throws RIPCORD_PLAN_INVALID for a shared file that cannot be read.
 */
export function meant(
  there: string | null,
  ours: string | null,
  merge: 'uci' | undefined,
): string | null {
  if (merge === undefined) return ours;
  return mergeUci(there, ours ?? '', OWNER);
}

/** How the names of our sections in shared files begin. */
const OWNER = 'ripcord';

/** The permissions of a file below the root, or null. */
export async function modeAt({ root }: StepContext, path: RootPath): Promise<number | null> {
  const found = await stat(below(root, path)).catch(noneThere);
  return found && found.mode & 0o777;
}

/** The bytes of a file below the root, or null. */
export async function read(context: StepContext, path: RootPath): Promise<string | null> {
  return await readFile(below(context.root, path), 'utf8').catch(noneThere);
}

function noneThere(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}

/** Puts bytes in place of a file in one rename, or removes it. On disk on return. Safe to repeat. */
export async function put(
  context: StepContext,
  path: RootPath,
  { bytes, mode }: { readonly bytes: string | null; readonly mode: number },
): Promise<void> {
  const to = below(context.root, path);
  // What a put that was cut off left: it may hold secrets, and have another mode.
  const from = `${to}.new`;
  await rm(from, { force: true });
  const same = (await read(context, path)) === bytes;
  if (same && (bytes === null || (await modeAt(context, path)) === mode)) return;
  if (bytes === null) {
    await rm(to, { force: true });
    await syncDirectory(dirname(to)).catch(() => undefined);
    return;
  }
  await makeDirectory(dirname(to));
  // As is asked for, whatever this process takes from files it makes; before there is anything to read.
  await writeFile(from, '', { mode });
  await chmod(from, mode);
  await writeFile(from, bytes, { flush: true });
  await publish(from, to);
}

/** Of these files, those of which something else runs than is on disk. */
export async function unloaded(
  context: StepContext,
  paths: readonly RootPath[],
): Promise<readonly RootPath[]> {
  const differ: RootPath[] = [];
  for (const path of paths)
    if ((await read(context, path)) !== (await read(context, runningPath(path)))) differ.push(path);
  return differ;
}
