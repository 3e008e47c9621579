import { basename, dirname } from 'node:path';

import type { Disk } from './disk.ts';
import { JournalError } from './errors.ts';
import { readRange } from './segment.ts';

/** The system's name for what went wrong (`ENOENT`, `ENOSPC`, …), or null. */
export function errnoOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** All bytes of a file, or null where there is none. Throws RIPCORD_JOURNAL_DAMAGED for a directory. */
export function readIfThere(disk: Disk, path: string): Buffer | null {
  const size = disk.sizeSync(path);
  if (size === null) return null;
  const fd = disk.openSync(path, 'r');
  try {
    return readRange(disk, fd, 0, size);
  } catch (error) {
    if (errnoOf(error) !== 'EISDIR') throw error;
    throw new JournalError('RIPCORD_JOURNAL_DAMAGED', `cannot read ${path}: it is a directory`, {
      details: { seq: null, file: basename(path), offset: null },
    });
  } finally {
    disk.closeSync(fd);
  }
}

/** Names in a directory, sorted; none where it is missing. */
export function namesIn(disk: Disk, path: string): readonly string[] {
  try {
    return [...disk.readdirSync(path)].toSorted();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes a directory and those above it. On disk on return. Safe to repeat. */
export function makeDirectory(disk: Disk, path: string, mode?: number): void {
  const parent = dirname(path);
  if (disk.sizeSync(parent) === null) makeDirectory(disk, parent, mode);
  nameDirectory(disk, path, mode);
  // Also when it was there: whoever made it may have died before this.
  disk.syncDirSync(parent);
}

/** Makes a directory where there is none. On disk once the one above it is synced. Safe to repeat. */
export function nameDirectory(disk: Disk, path: string, mode?: number): void {
  if (disk.sizeSync(path) !== null) return;
  try {
    disk.mkdirSync(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * Puts a whole file in place: after a crash there is the old one or the new one, never a part.
 *
 * On disk on return. Two calls for one path must not overlap. Throws RIPCORD_DISK_FULL.
 */
export async function writeDurably(
  disk: Disk,
  path: string,
  bytes: Uint8Array,
  mode = 0o644,
): Promise<void> {
  const draft = `${path}${DRAFT}`;
  try {
    const fd = disk.openSync(draft, 'w', mode);
    try {
      await disk.writeAndSync(fd, bytes, 0);
    } finally {
      disk.closeSync(fd);
    }
    disk.renameSync(draft, path);
    disk.syncDirSync(dirname(path));
  } catch (error) {
    removeQuietly(disk, draft);
    throw asDiskFull(error, path) ?? error;
  }
}

const DRAFT = '.tmp';

/** Whether a file is the draft of one that is put in place as a whole, by its name. Pure. */
export function isDraftName(name: string): boolean {
  return name.endsWith(DRAFT);
}

/** Removes a file if it is there and can be removed: for leftovers that do no harm. */
export function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.unlinkSync(path);
  } catch {
    // It is gone, or it stays as a leftover that the next write replaces.
  }
}

function asDiskFull(error: unknown, path: string): JournalError | null {
  const errno = errnoOf(error);
  if (errno !== 'ENOSPC' && errno !== 'EDQUOT') return null;
  return new JournalError('RIPCORD_DISK_FULL', `cannot write ${path}: no space left`, {
    cause: error,
  });
}
