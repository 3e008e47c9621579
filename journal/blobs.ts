import { hash } from 'node:crypto';
import { join } from 'node:path';

import type { Disk } from './disk.ts';
import { makeDirectory, namesIn, readIfThere, writeDurably } from './durable-file.ts';
import { JournalError } from './errors.ts';

const KEY = /^sha256:([0-9a-f]{64})$/;

/** Content-addressed bytes under `blobs/sha256/<hh>/<hex>`, checked whenever they are read. */
export interface Blobs {
  /** Keeps bytes and returns their key. On disk on return. Safe to repeat. Throws RIPCORD_DISK_FULL. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws RIPCORD_BLOB_MISSING or RIPCORD_BLOB_DAMAGED. */
  get(key: string): Uint8Array;
  /** Whether a blob of that name is there; says nothing about its bytes. */
  has(key: string): boolean;
  /** The keys of all blobs that are there. */
  keys(): readonly string[];
}

/** The blobs of a root. Nothing is made until the first `put`. */
export function openBlobs(disk: Disk, root: string): Blobs {
  const top = join(root, 'blobs', 'sha256');
  const ready = new Set<string>();
  const running = new Map<string, Promise<void>>();

  async function write(path: string, directory: string, bytes: Uint8Array): Promise<void> {
    for (const each of [join(root, 'blobs'), top, directory]) {
      if (ready.has(each)) continue;
      makeDirectory(disk, each);
      ready.add(each);
    }
    const present = readIfThere(disk, path);
    if (present !== null && Buffer.compare(present, bytes) === 0) {
      // The process that wrote it may have died between the rename and this.
      disk.syncDirSync(directory);
      return;
    }
    await writeDurably(disk, path, bytes);
  }

  return {
    async put(bytes) {
      const hex = hash('sha256', bytes);
      const directory = join(top, hex.slice(0, 2));
      const before = running.get(hex);
      if (before === undefined) {
        const writing = write(join(directory, hex), directory, bytes);
        running.set(hex, writing);
        try {
          await writing;
        } finally {
          running.delete(hex);
        }
      } else {
        await before;
      }
      return `sha256:${hex}`;
    },

    get(key) {
      const hex = hexOf(key);
      const bytes = readIfThere(disk, join(top, hex.slice(0, 2), hex));
      if (bytes === null) {
        throw new JournalError('RIPCORD_BLOB_MISSING', `cannot read blob ${key}: it is missing`);
      }
      if (hash('sha256', bytes) !== hex) {
        throw new JournalError(
          'RIPCORD_BLOB_DAMAGED',
          `cannot read blob ${key}: its bytes have another hash`,
        );
      }
      return bytes;
    },

    has(key) {
      const hex = hexOf(key);
      return disk.sizeSync(join(top, hex.slice(0, 2), hex)) !== null;
    },

    keys() {
      return namesIn(disk, top).flatMap((half) =>
        namesIn(disk, join(top, half))
          .map((name) => `sha256:${name}`)
          .filter((key) => KEY.test(key)),
      );
    },
  };
}

function hexOf(key: string): string {
  const hex = KEY.exec(key)?.[1];
  if (hex === undefined) {
    throw new JournalError('RIPCORD_BLOB_MISSING', `cannot read blob "${key}": no such key`);
  }
  return hex;
}
