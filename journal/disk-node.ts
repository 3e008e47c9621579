import * as fs from 'node:fs';

import type { Disk } from './disk.ts';

/** The real file system. */
export const nodeDisk: Disk = {
  openSync: (path, flags, mode) => fs.openSync(path, flags, mode),
  closeSync: (fd) => fs.closeSync(fd),
  writeSync: (fd, bytes, position) => fs.writeSync(fd, bytes, 0, bytes.length, position),
  readSync: (fd, bytes, position) => fs.readSync(fd, bytes, 0, bytes.length, position),
  fdatasyncSync: (fd) => fs.fdatasyncSync(fd),
  fsyncSync: (fd) => fs.fsyncSync(fd),
  ftruncateSync: (fd, length) => fs.ftruncateSync(fd, length),
  sizeSync: (path) => fs.statSync(path, { throwIfNoEntry: false })?.size ?? null,
  writeAndSync,
  renameSync: (from, to) => fs.renameSync(from, to),
  unlinkSync: (path) => fs.unlinkSync(path),
  // One at a time: below /proc, making parents on the way never returns.
  mkdirSync: (path, mode) => fs.mkdirSync(path, mode),
  readdirSync: (path) => fs.readdirSync(path),
  syncDirSync: (path) => {
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
};

async function writeAndSync(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const rest = bytes.subarray(written);
    const at = position + written;
    written += await new Promise<number>((resolve, reject) => {
      fs.write(fd, rest, 0, rest.length, at, (error, count) => {
        if (error) reject(error);
        else resolve(count);
      });
    });
  }
  await new Promise<void>((resolve, reject) => {
    fs.fdatasync(fd, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Writes all of `bytes`, as one call wherever the disk takes them at once. Not on disk on return. */
export function writeAll(disk: Disk, fd: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += disk.writeSync(fd, bytes.subarray(written), position + written);
  }
}
