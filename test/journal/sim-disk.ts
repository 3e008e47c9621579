import { dirname, join } from 'node:path';

import type { Disk } from '../../journal/disk.ts';
import { errnoOf } from '../../journal/durable-file.ts';

type Write = { readonly at: number; readonly bytes: Buffer } | { readonly cutTo: number };
type Inode = { now: Bytes; durable: Bytes; pending: Write[] };
type Entry = Inode | 'directory';
type NameChange = { readonly remove?: string; readonly add?: readonly [string, Entry] };

const SECTOR_BYTES = 512;

/** Deterministic numbers in [0, 1). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A disk in memory that forgets what was not synced: after `crash` each sector of each unsynced write
 * and each unsynced change of a directory is there or not, as the dice fall.
 */
export class SimDisk implements Disk {
  readonly #names = new Map<string, Entry>();
  readonly #durable = new Map<string, Entry>();
  #changes: { readonly directory: string; readonly change: NameChange }[] = [];
  readonly #open = new Map<number, Inode>();
  #fds = 3;
  /** Called before everything that changes the disk; may throw. */
  beforeChange: (operation: keyof Disk) => void = () => {};

  openSync(path: string, flags: string): number {
    const found = this.#names.get(path);
    if (found === 'directory') throw errno('EISDIR');
    if (!found && !flags.startsWith('w')) throw errno('ENOENT', path);
    const inode = found ?? { now: new Bytes(), durable: new Bytes(), pending: [] };
    if (!found) {
      this.beforeChange('openSync');
      this.#change(dirname(path), { add: [path, inode] });
    } else if (flags.startsWith('w')) {
      inode.now.cut(0);
      inode.pending.push({ cutTo: 0 });
    }
    this.#fds += 1;
    this.#open.set(this.#fds, inode);
    return this.#fds;
  }

  closeSync(fd: number): void {
    this.#open.delete(fd);
  }

  writeSync(fd: number, bytes: Uint8Array, position: number): number {
    this.beforeChange('writeSync');
    const inode = this.#inode(fd);
    inode.now.write(bytes, position);
    inode.pending.push({ at: position, bytes: Buffer.from(bytes) });
    return bytes.length;
  }

  readSync(fd: number, bytes: Uint8Array, position: number): number {
    return this.#inode(fd).now.read(bytes, position);
  }

  fdatasyncSync(fd: number): void {
    const inode = this.#inode(fd);
    const { pending } = inode;
    try {
      this.beforeChange('fdatasyncSync');
    } catch (error) {
      // A failed sync leaves clean pages: no later one writes them again. A power cut leaves no pages.
      if (errnoOf(error) !== null) inode.pending = [];
      throw error;
    }
    inode.pending = [];
    for (const write of pending) {
      if ('cutTo' in write) inode.durable.cut(write.cutTo);
      else inode.durable.write(write.bytes, write.at);
    }
  }

  fsyncSync(fd: number): void {
    this.fdatasyncSync(fd);
  }

  ftruncateSync(fd: number, length: number): void {
    this.beforeChange('ftruncateSync');
    const inode = this.#inode(fd);
    inode.now.cut(length);
    inode.pending.push({ cutTo: length });
  }

  sizeSync(path: string): number | null {
    const found = this.#names.get(path);
    if (found === 'directory') return 0;
    return found?.now.length ?? null;
  }

  async writeAndSync(fd: number, bytes: Uint8Array, position: number): Promise<void> {
    this.writeSync(fd, bytes, position);
    this.fdatasyncSync(fd);
  }

  renameSync(from: string, to: string): void {
    this.beforeChange('renameSync');
    const found = this.#names.get(from);
    if (!found) throw errno('ENOENT', from);
    this.#change(dirname(to), { remove: from, add: [to, found] });
  }

  unlinkSync(path: string): void {
    if (!this.#names.has(path)) throw errno('ENOENT', path);
    this.beforeChange('unlinkSync');
    this.#change(dirname(path), { remove: path });
  }

  mkdirSync(path: string): void {
    if (this.#names.has(path)) return;
    this.beforeChange('mkdirSync');
    this.#change(dirname(path), { add: [path, 'directory'] });
  }

  readdirSync(path: string): readonly string[] {
    if (this.#names.get(path) !== 'directory') throw errno('ENOENT', path);
    return [...this.#names.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => name.slice(join(path, '/').length));
  }

  syncDirSync(path: string): void {
    this.beforeChange('syncDirSync');
    for (const { directory, change } of this.#changes) {
      if (directory === path) apply(this.#durable, change);
    }
    this.#changes = this.#changes.filter(({ directory }) => directory !== path);
  }

  /** The disk as it may look after the power went. */
  crash(roll: () => number): SimDisk {
    const names = new Map(this.#durable);
    for (const { change } of this.#changes) if (roll() < 0.5) apply(names, change);
    const after = new SimDisk();
    const copies = new Map<Inode, Inode>();
    for (const [path, entry] of names) {
      const copy = entry === 'directory' ? entry : (copies.get(entry) ?? survivor(entry, roll));
      if (entry !== 'directory' && copy !== 'directory') copies.set(entry, copy);
      after.#names.set(path, copy);
      after.#durable.set(path, copy);
    }
    return after;
  }

  /** The files in which a text is, whatever else they hold. */
  filesWith(text: string): readonly string[] {
    return [...this.#names].flatMap(([path, entry]) =>
      entry !== 'directory' && entry.now.includes(text) ? [path] : [],
    );
  }

  /** Flips a bit where nobody looks, as the medium does. */
  flip(path: string, byte: number, bit: number): void {
    const found = this.#names.get(path);
    if (!found || found === 'directory') throw errno('ENOENT', path);
    found.now.flip(byte, bit);
    found.durable = found.now.copy();
  }

  #change(directory: string, change: NameChange): void {
    apply(this.#names, change);
    this.#changes.push({ directory, change });
  }

  #inode(fd: number): Inode {
    const inode = this.#open.get(fd);
    if (!inode) throw errno('EBADF');
    return inode;
  }
}

function apply(names: Map<string, Entry>, { remove, add }: NameChange): void {
  if (remove !== undefined) names.delete(remove);
  if (add) names.set(add[0], add[1]);
}

function survivor({ durable, pending }: Inode, roll: () => number): Inode {
  const bytes = durable.copy();
  for (const write of pending) {
    if ('cutTo' in write) {
      if (roll() < 0.5) bytes.cut(write.cutTo);
      continue;
    }
    const whole = roll();
    for (let start = write.at; start < write.at + write.bytes.length;) {
      const stop = Math.min(nextSector(start), write.at + write.bytes.length);
      const part = write.bytes.subarray(start - write.at, stop - write.at);
      if (whole < 0.2 || (whole < 0.8 && roll() < 0.6)) bytes.write(part, start);
      start = stop;
    }
  }
  return { now: bytes, durable: bytes.copy(), pending: [] };
}

function nextSector(offset: number): number {
  return (Math.floor(offset / SECTOR_BYTES) + 1) * SECTOR_BYTES;
}

/** What a file holds. It grows in place: a log is written to more often than it is long. */
class Bytes {
  #held = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#held.length) {
      const held = Buffer.alloc(Math.max(end, 2 * this.#held.length));
      held.set(this.#held.subarray(0, this.#length));
      this.#held = held;
    }
    // What was cut off once is zeros when the file grows beyond it.
    if (position > this.#length) this.#held.fill(0, this.#length, position);
    this.#held.set(bytes, position);
    this.#length = Math.max(this.#length, end);
  }

  read(into: Uint8Array, position: number): number {
    const found = this.#held.subarray(
      Math.min(position, this.#length),
      Math.min(position + into.length, this.#length),
    );
    into.set(found);
    return found.length;
  }

  /** A file that is shorter stays as long as it is. */
  cut(length: number): void {
    this.#length = Math.min(length, this.#length);
  }

  flip(byte: number, bit: number): void {
    if (byte < this.#length) this.#held[byte] = (this.#held[byte] ?? 0) ^ (1 << bit);
  }

  includes(text: string): boolean {
    return this.#held.subarray(0, this.#length).includes(text);
  }

  copy(): Bytes {
    const copied = new Bytes();
    copied.#held = Buffer.from(this.#held.subarray(0, this.#length));
    copied.#length = this.#length;
    return copied;
  }
}

function errno(code: string, path = ''): Error {
  return Object.assign(new Error(`${code} ${path}`), { code });
}
