import { randomFillSync } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { join } from 'node:path';

import type { Disk } from './disk.ts';
import { removeQuietly, writeDurably } from './durable-file.ts';
import { JournalError } from './errors.ts';

const BALLAST_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;

/** Room kept back for records that must not fail for want of it: those of a rollback. */
export interface Reserve {
  /**
   * Makes sure that `bytes` can be written later, by a ballast file of at least that size that
   * `release` gives up. On disk on return. Safe to repeat.
   *
   * Throws RIPCORD_DISK_FULL, saying what is needed and what is there.
   */
  reserve(bytes: number): Promise<void>;
  /** Gives the room up to whoever writes next. On disk on return. False if there was none to give. */
  release(): boolean;
  /** Whether the ballast is in place. */
  held(): boolean;
}

export interface ReserveOptions {
  /** The least size of the ballast. Default 4 MiB. */
  readonly ballastBytes?: number;
  /** Bytes that may still be written to the file system of a path. Default: what it says itself. */
  readonly freeBytes?: (path: string) => number;
}

/** The reserve of a root: the file `ballast` in it. Nothing is made until the first `reserve`. */
export function openReserve(disk: Disk, root: string, options: ReserveOptions = {}): Reserve {
  const path = join(root, 'ballast');
  const freeBytes = options.freeBytes ?? freeBytesOf;
  const least = options.ballastBytes ?? BALLAST_BYTES;

  async function make(size: number): Promise<void> {
    const present = disk.sizeSync(path) ?? 0;
    if (present >= size) return;
    const has = freeBytes(root) + present;
    if (has < size) throw tooLittle(size, has, null);
    // The old one goes first: both at once may be more than there is.
    removeQuietly(disk, path);
    try {
      await writeDurably(disk, path, incompressible(size), 0o600);
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      throw tooLittle(size, has, error);
    }
  }

  let last: Promise<void> = Promise.resolve();

  return {
    // One at a time: lanes that start together would take each other's file away.
    reserve(bytes) {
      const made = last.then(() => make(Math.max(bytes, least)));
      last = made.catch(() => undefined);
      return made;
    },

    release() {
      if (disk.sizeSync(path) === null) return false;
      disk.unlinkSync(path);
      // Blocks that were freed can be had once that is on disk.
      disk.syncDirSync(root);
      return true;
    },

    held: () => disk.sizeSync(path) !== null,
  };
}

/** Bytes that an unprivileged writer may still put on the file system that holds `path`. */
function freeBytesOf(path: string): number {
  const stats = statfsSync(path);
  return stats.bavail * stats.bsize;
}

/** A file system that compresses would otherwise keep back less than it says. */
function incompressible(size: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(size);
  const block = randomFillSync(Buffer.allocUnsafe(Math.min(size, BLOCK_BYTES)));
  for (let at = 0; at < size; at += block.length) block.copy(bytes, at);
  return bytes;
}

function tooLittle(needs: number, has: number, cause: unknown): JournalError {
  return new JournalError(
    'RIPCORD_DISK_FULL',
    `cannot reserve room for the journal: needs ${inMiB(needs)}, has ${inMiB(has)}`,
    { cause, details: { needs, has } },
  );
}

function inMiB(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}
