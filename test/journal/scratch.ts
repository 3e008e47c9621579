import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import type { Disk } from '../../journal/disk.ts';

/** An empty directory that goes with the test. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ripcord-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Flips one bit of a file in place. */
export function flipBit(path: string, byte: number, bit = 0): void {
  const bytes = readFileSync(path);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

const CHANGING: ReadonlySet<string> = new Set<keyof Disk>([
  'writeSync',
  'fdatasyncSync',
  'fsyncSync',
  'ftruncateSync',
  'writeAndSync',
  'renameSync',
  'unlinkSync',
  'mkdirSync',
  'syncDirSync',
]);

/** The real disk until its `nth` changing call, from which on every one fails with `code`. */
export function dyingDisk(nth: number, code = 'EIO'): { disk: Disk; died: () => boolean } {
  let calls = 0;
  const disk = new Proxy(nodeDisk, {
    get(target, name, receiver) {
      const real: unknown = Reflect.get(target, name, receiver);
      if (typeof real !== 'function' || !CHANGING.has(String(name))) return real;
      return (...args: unknown[]): unknown => {
        calls += 1;
        if (calls < nth) return Reflect.apply(real, target, args);
        const error = Object.assign(new Error(`${code}: ${String(name)}`), { code });
        if (name === 'writeAndSync') return Promise.reject(error);
        throw error;
      };
    },
  });
  return { disk, died: () => calls >= nth };
}
