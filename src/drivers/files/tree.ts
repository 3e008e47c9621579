import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';

import { RipcordError } from '../../core/errors.ts';
import { SET_ID_BITS, SOURCE_BYTES_MAX, SOURCE_ENTRIES_MAX, staysInside } from './limits.ts';

/** One file, directory or link of a source, by its path inside it. */
export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly target: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly executable: boolean;
      readonly bytes: number;
    };

/** What to leave out of a tree besides `.git` and `.ripcord`, by absolute paths. */
export type TreeOptions = { readonly except?: readonly string[] };

const LEFT_OUT = new Set(['.git', '.ripcord']);
const HASHES_AT_ONCE = 8;

/**
 * Every entry of a directory, sorted by path.
 *
 * Throws RIPCORD_SOURCE_INVALID naming what cannot be part of a release: a link that leads out, a
 * device, a setuid file, more than the limits allow.
 */
export async function listTree(
  root: string,
  options: TreeOptions = {},
): Promise<readonly TreeEntry[]> {
  const except = new Set(options.except);
  const entries: TreeEntry[] = [];
  const directories = [''];
  let bytes = 0;
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    for (const name of await readdir(join(root, at))) {
      const path = at === '' ? name : `${at}/${name}`;
      if (LEFT_OUT.has(name) || except.has(join(root, path))) continue;
      const entry = await readEntry(root, path);
      entries.push(entry);
      if (entry.type === 'directory') directories.push(path);
      if (entry.type === 'file') bytes += entry.bytes;
      if (entries.length > SOURCE_ENTRIES_MAX || bytes > SOURCE_BYTES_MAX) throw tooLarge(root);
    }
  }
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * SHA-256 over what counts of a tree: paths, contents, link targets and whether a file can be
 * executed; not times, owners or other permissions. As `sha256:<hex>`.
 */
export async function digestTree(root: string, options: TreeOptions = {}): Promise<string> {
  return digestEntries(root, await listTree(root, options));
}

/** The digest of a tree whose entries are known. */
async function digestEntries(root: string, entries: readonly TreeEntry[]): Promise<string> {
  const contents = await hashFiles(root, entries);
  const hash = createHash('sha256');
  for (const entry of entries) {
    const { type, path } = entry;
    const rest =
      entry.type === 'file'
        ? [entry.executable, entry.bytes, contents.get(path) ?? '']
        : entry.type === 'link'
          ? [entry.target]
          : [];
    hash.update(`${JSON.stringify([type, path, ...rest])}\n`);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Copies the entries of a tree into an empty directory, with two modes for files: 644 and 755. */
export async function copyTree(
  from: string,
  to: string,
  entries: readonly TreeEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) {
    signal.throwIfAborted();
    const target = join(to, entry.path);
    if (entry.type === 'directory') await mkdir(target, { mode: 0o755 });
    else if (entry.type === 'link') await symlink(entry.target, target);
    else {
      await copyFile(join(from, entry.path), target, constants.COPYFILE_FICLONE);
      await chmod(target, entry.executable ? 0o755 : 0o644);
    }
  }
}

/** How many files a tree has, and how many bytes they hold. Pure. */
export function sizeOf(entries: readonly TreeEntry[]): {
  readonly files: number;
  readonly bytes: number;
} {
  const files = entries.filter((entry) => entry.type === 'file');
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** The SHA-256 of a file's bytes, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function readEntry(root: string, path: string): Promise<TreeEntry> {
  const stat = await lstat(join(root, path));
  if (stat.isDirectory()) return { type: 'directory', path };
  if (stat.isSymbolicLink()) {
    const target = await readlink(join(root, path));
    if (!staysInside(path, target)) throw unfit(root, path, `it is a link to '${target}'`);
    return { type: 'link', path, target };
  }
  if (!stat.isFile()) throw unfit(root, path, 'it is neither a file, a directory nor a link');
  if ((stat.mode & SET_ID_BITS) !== 0) throw unfit(root, path, 'it is setuid or setgid');
  return { type: 'file', path, executable: (stat.mode & 0o100) !== 0, bytes: stat.size };
}

async function hashFiles(
  root: string,
  entries: readonly TreeEntry[],
): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, string>();
  const queue = entries.filter((entry) => entry.type === 'file').map(({ path }) => path);
  const workers = Array.from({ length: HASHES_AT_ONCE }, async () => {
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      hashes.set(path, await hashFile(join(root, path)));
    }
  });
  await Promise.all(workers);
  return hashes;
}

function unfit(root: string, path: string, reason: string): RipcordError {
  return new RipcordError(
    'RIPCORD_SOURCE_INVALID',
    `cannot use source '${root}': '${path}' cannot be part of a release, ${reason}`,
    { hint: `remove '${path}' from the source` },
  );
}

function tooLarge(root: string): RipcordError {
  return new RipcordError(
    'RIPCORD_SOURCE_INVALID',
    `cannot use source '${root}': it has more than ${SOURCE_ENTRIES_MAX} entries or ${SOURCE_BYTES_MAX} bytes`,
  );
}
