import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/*
 * File system changes that are on disk on return. A name is only durable once its directory is
 * synced, whatever was done to the file.
 */

const SYNCS_AT_ONCE = 16;

/** Whether something has this name; a link counts as itself. */
export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

/** Makes a directory with its parents. On disk on return. Safe to repeat. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncDirectory(dirname(made));
  }
}

/** Gives something its final name, in place of what had it. On disk on return. */
export async function publish(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
}

/**
 * Removes a directory with all it holds. It loses its name first, so that no crash leaves half of it
 * under that name. On disk on return. Safe to repeat.
 */
export async function removeTree(path: string): Promise<void> {
  const gone = removedName(path);
  // Whoever took the name may have died before that was on disk: then a power cut would give it back.
  if (await exists(gone)) await syncDirectory(dirname(gone));
  await rm(gone, { recursive: true, force: true });
  if (await exists(path)) await publish(path, gone);
  await rm(gone, { recursive: true, force: true });
  if (await exists(dirname(path))) await syncDirectory(dirname(path));
}

/** Whether a removal of this directory began and did not end. */
export async function isHalfRemoved(path: string): Promise<boolean> {
  return exists(removedName(path));
}

/** Syncs every file and directory of a tree, many at a time: the disk joins their flushes. */
export async function syncTree(path: string): Promise<void> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const queue = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  queue.push(path);
  const workers = Array.from({ length: SYNCS_AT_ONCE }, async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) await syncDirectory(next);
  });
  await Promise.all(workers);
}

/** Brings the names in a directory (or a file's bytes) to the disk. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function removedName(path: string): string {
  if (basename(path).startsWith('.gone-')) return path;
  return join(dirname(path), `.gone-${basename(path)}`);
}
