import { nodeDisk } from '../../journal/disk-node.ts';
import type { Disk } from '../../journal/disk.ts';

/** The real disk, which counts how often something is made durable. */
export type CountingDisk = Disk & { readonly flushes: () => number };

/** Counts fsync, fdatasync, and writes to files that were opened to be synced with each write. */
export function countingDisk(): CountingDisk {
  let flushes = 0;
  const synced = new Set<number>();
  return {
    ...nodeDisk,
    flushes: () => flushes,
    openSync: (path, flags, mode) => {
      const fd = nodeDisk.openSync(path, flags, mode);
      if (flags.includes('s')) synced.add(fd);
      else synced.delete(fd);
      return fd;
    },
    writeSync: (fd, bytes, position) => {
      if (synced.has(fd)) flushes += 1;
      return nodeDisk.writeSync(fd, bytes, position);
    },
    fdatasyncSync: (fd) => {
      flushes += 1;
      nodeDisk.fdatasyncSync(fd);
    },
    fsyncSync: (fd) => {
      flushes += 1;
      nodeDisk.fsyncSync(fd);
    },
    writeAndSync: async (fd, bytes, position) => {
      flushes += 1;
      await nodeDisk.writeAndSync(fd, bytes, position);
    },
    syncDirSync: (path) => {
      flushes += 1;
      nodeDisk.syncDirSync(path);
    },
  };
}
