import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';

import { codeOf } from '../core/errors.ts';

const MEBIBYTE = 1024 * 1024;

/** What zfs says of a data set is what is free in its pool and what it uses: that changes all the time. */
const ZFS = 0x2f_c1_2f_c1;

/** How large and how free the file system is that a path lies on, or will lie on. */
export type DiskSpace = {
  readonly totalMiB: number;
  /** What this user may still write. */
  readonly freeMiB: number;
  /** Whether the total stays what it is. */
  readonly lasting: boolean;
};

/** The file system under a path that need not exist; null where nothing above it can be looked at. */
export function diskSpace(path: string): DiskSpace | null {
  try {
    const { type, bsize, blocks, bavail } = statfsSync(path);
    return {
      totalMiB: Math.floor((blocks * bsize) / MEBIBYTE),
      freeMiB: Math.floor((bavail * bsize) / MEBIBYTE),
      lasting: type !== ZFS && blocks > 0,
    };
  } catch (error) {
    const above = dirname(path);
    const missing = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
    return missing && above !== path ? diskSpace(above) : null;
  }
}

/** What this user may still write to the file system that holds a path; null where it does not say. */
export function freeBytes(path: string): number | null {
  try {
    const { bsize, blocks, bavail } = statfsSync(path);
    return blocks > 0 ? bavail * bsize : null;
  } catch {
    return null;
  }
}

/** The whole size of the file system of a root; null where it has none that lasts. */
export function diskSize(root: string): number | null {
  const space = diskSpace(root);
  return space?.lasting && space.totalMiB > 0 ? space.totalMiB : null;
}
