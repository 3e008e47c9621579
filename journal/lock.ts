/**
 * One writer per root: an abstract socket that the kernel frees when its process dies, however it
 * dies. It also keeps a second opener in the same process out, which a file lock would not.
 */
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { sha256 } from './chain.ts';
import { writeAll } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { errnoOf, readIfThere, removeQuietly } from './durable-file.ts';
import { JournalError } from './errors.ts';

/** Who holds the lock. Information only: the lock itself is the socket. */
export type Holder = {
  readonly pid: number;
  /** The process's start, in clock ticks since boot: tells it from a later one with the same pid. */
  readonly started: number | null;
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly since: string;
};

export interface Lock {
  /** Lets the next one in. Safe to repeat. */
  release(): Promise<void>;
}

/** The kernel's limit. Node 20 pads shorter names with NUL and later ones do not: so never shorter. */
const SOCKET_NAME_BYTES = 108;
const RETRY_MS = 20;
const PATIENCE_MS = 1000;

/**
 * Takes the lock of a root, trying for a second: after a SIGKILL it is free within milliseconds.
 *
 * Throws RIPCORD_JOURNAL_LOCKED naming the holder.
 */
export async function takeLock(
  disk: Disk,
  root: string,
  note: { readonly command: string; readonly since: string },
): Promise<Lock> {
  const server = await listenPatiently(lockName(root), () => locked(disk, root));
  server.unref();
  const path = join(root, 'holder.json');
  writeHolder(disk, path, { pid: process.pid, started: startOf('self'), ...note });
  let released: Promise<void> | null = null;
  const release = (): Promise<void> => {
    removeQuietly(disk, path);
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { release: () => (released ??= release()) };
}

/** Who says to hold the lock of a root; null when nobody does. It may have died since. */
export function readHolder(disk: Disk, root: string): Holder | null {
  try {
    const bytes = readIfThere(disk, join(root, 'holder.json'));
    const holder: unknown = bytes === null ? null : JSON.parse(bytes.toString('utf8'));
    return isHolder(holder) ? holder : null;
  } catch {
    // It is information only, and may be read while it is written.
    return null;
  }
}

/** Whether somebody holds the lock right now. Takes it for a moment to find out. */
export async function isLocked(root: string): Promise<boolean> {
  const server = await listen(lockName(root));
  if (server === null) return true;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  return false;
}

async function listenPatiently(name: string, refuse: () => JournalError): Promise<Server> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other is the point
    const server = await listen(name);
    if (server !== null) return server;
    if (performance.now() >= deadline) throw refuse();
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(RETRY_MS);
  }
}

/** Null when somebody else listens there. */
function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (errnoOf(error) === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen({ path: name, exclusive: true }, () => resolve(server));
  });
}

/** Two spellings of one directory are one lock: it is named by device and inode. */
function lockName(root: string): string {
  const stats = statSync(root, { bigint: true, throwIfNoEntry: false });
  // A simulated disk has no inodes of this machine.
  const id = stats ? `${stats.dev}-${stats.ino}` : sha256(root);
  return `\0ripcord-${id}`.padEnd(SOCKET_NAME_BYTES, '-');
}

function locked(disk: Disk, root: string): JournalError {
  const holder = readHolder(disk, root);
  const who = holder
    ? `process ${holder.pid} (${holder.command}) has held it since ${holder.since}`
    : 'another process holds it';
  return new JournalError('RIPCORD_JOURNAL_LOCKED', `cannot lock the journal in ${root}: ${who}`, {
    details: { holder },
  });
}

function writeHolder(disk: Disk, path: string, holder: Holder): void {
  const draft = `${path}.tmp`;
  try {
    const fd = disk.openSync(draft, 'w');
    try {
      writeAll(disk, fd, Buffer.from(`${JSON.stringify(holder)}\n`), 0);
    } finally {
      disk.closeSync(fd);
    }
    disk.renameSync(draft, path);
  } catch {
    // A full disk must not keep the engine from finishing its work: the socket is the lock.
    removeQuietly(disk, draft);
  }
}

/** When a process started, in clock ticks since boot; null where it is not known. */
function startOf(pid: number | 'self'): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command in parentheses may hold spaces; start time is the 20th field behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[19]);
  } catch {
    return null;
  }
}

function isHolder(holder: unknown): holder is Holder {
  if (typeof holder !== 'object' || holder === null) return false;
  if (!('pid' in holder && 'command' in holder && 'since' in holder)) return false;
  return typeof holder.pid === 'number' && typeof holder.command === 'string';
}
