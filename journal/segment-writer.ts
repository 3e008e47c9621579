/**
 * The end of the log as a place to write: the active segment and the one prepared to follow it.
 *
 * Invariants: a batch never spans segments. A full segment is cut and synced before the next one gets
 * its name, and the name is on disk before anything is written under it. What a refused write may have
 * left is made free space again, or written over with the same bytes, before anything else goes there.
 */
import { join } from 'node:path';

import { NEWLINE } from './chain.ts';
import { writeAll } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { readIfThere, removeQuietly } from './durable-file.ts';
import type { LogCheck } from './log-check.ts';
import type { Head, Seq } from './record.ts';
import { rootPaths } from './root.ts';
import { createSegment, freeSpace, readRange, scanSegment, segmentName } from './segment.ts';
import type { SegmentFile } from './segment.ts';

export interface WriterOptions {
  readonly disk: Disk;
  /** The directory `log/`. */
  readonly log: string;
  readonly segmentBytes: number;
}

export interface WriterStart {
  /** All segments; the last one is the active one. Grows with each roll. */
  readonly segments: SegmentFile[];
  readonly size: number;
  readonly used: number;
  /** Where what a power cut left behind `used` ends. */
  readonly dirty: number;
}

export class SegmentWriter {
  readonly #options: WriterOptions;
  readonly #segments: SegmentFile[];
  #fd: number | null = null;
  #size: number;
  /** Where the next batch goes. */
  #used: number;
  /** How far a write that was not acknowledged may have left bytes. */
  #dirty: number;
  /** The state of the file `next`. */
  #next: 'absent' | 'preparing' | 'ready' = 'absent';

  constructor(options: WriterOptions, start: WriterStart) {
    this.#options = options;
    this.#segments = start.segments;
    this.#size = start.size;
    this.#used = start.used;
    this.#dirty = start.dirty;
  }

  get segments(): readonly SegmentFile[] {
    return this.#segments;
  }

  /** Free bytes in the active segment. */
  get room(): number {
    return this.#size - this.#used;
  }

  /**
   * Makes durable what is there only as far as this process can see, and free space of an unfinished
   * write. The bytes are written again: after a failed sync the page cache takes them for clean.
   */
  settle(unproven: number): void {
    const { disk, log } = this.#options;
    const own = readRange(disk, this.#open(), unproven, this.#used - unproven);
    const bytes = Buffer.concat([own, freeSpace(this.#dirty - this.#used)]);
    writeAll(disk, this.#open(), bytes, unproven);
    disk.fdatasyncSync(this.#open());
    disk.syncDirSync(log);
    this.#dirty = this.#used;
  }

  /**
   * Makes free space again of what a refused write left behind the log. On disk with the next sync: until
   * then a power cut leaves the beginning of a batch at most, which is a torn end.
   */
  clear(): void {
    const { disk } = this.#options;
    if (this.#dirty <= this.#used) return;
    if (this.#isFreeBehind()) {
      this.#dirty = this.#used;
      return;
    }
    writeAll(disk, this.#open(), freeSpace(this.#dirty - this.#used), this.#used);
    this.#dirty = this.#used;
  }

  /** Puts bytes behind the last batch. Not on disk on return: see `sync`. */
  write(bytes: Uint8Array): void {
    this.#dirty = Math.max(this.#dirty, this.#used + bytes.length);
    writeAll(this.#options.disk, this.#open(), bytes, this.#used);
  }

  /** Makes what was written durable. */
  sync(): void {
    this.#options.disk.fdatasyncSync(this.#open());
  }

  /** `write` and `sync` in the thread pool. */
  async writeInPool(bytes: Uint8Array): Promise<void> {
    this.#dirty = Math.max(this.#dirty, this.#used + bytes.length);
    await this.#options.disk.writeAndSync(this.#open(), bytes, this.#used);
  }

  /** Counts `bytes` as part of the log, once they are durable. */
  accept(bytes: number): void {
    this.#used += bytes;
    this.#dirty = this.#used;
  }

  /** Goes on in a new segment that begins with `first` and has room for `bytes`. On disk on return. */
  roll(first: Seq, bytes: number): void {
    const { disk, log } = this.#options;
    const fd = this.#open();
    if (this.#size > this.#used) {
      disk.ftruncateSync(fd, this.#used);
      disk.fsyncSync(fd);
      this.#size = this.#used;
    }
    const size = Math.max(bytes, this.#options.segmentBytes);
    const ready = this.#next === 'ready' && size === this.#options.segmentBytes;
    // Never `next` itself while the thread pool may still be filling it.
    const fresh = join(log, ready ? 'next' : 'spare');
    if (!ready) createSegment(disk, fresh, size);
    const name = segmentName(first);
    disk.renameSync(fresh, join(log, name));
    if (ready) this.#next = 'absent';
    disk.syncDirSync(log);
    this.close();
    this.#segments.push({ name, first });
    this.#size = size;
    this.#used = 0;
    this.#dirty = 0;
  }

  /** Whether the next segment should be prepared while there is time. */
  get wantsNext(): boolean {
    return this.#next === 'absent' && this.room < this.#options.segmentBytes / 2;
  }

  /** Prepares the next segment in the thread pool. On disk on return. A failure shows at the roll. */
  async prepareNext(): Promise<void> {
    if (this.#next !== 'absent') return;
    const { disk, log, segmentBytes } = this.#options;
    const path = join(log, 'next');
    this.#next = 'preparing';
    try {
      const fd = disk.openSync(path, 'w');
      try {
        await disk.writeAndSync(fd, freeSpace(segmentBytes), 0);
      } finally {
        disk.closeSync(fd);
      }
      this.#next = 'ready';
    } catch {
      this.#next = 'absent';
    }
  }

  /** Whether the active segment, read anew, holds a good chain that ends in `head`. */
  endsWith(head: Head): boolean {
    return this.#sound(head) !== null;
  }

  /**
   * Puts the active segment's bytes and `bytes` behind them into a fresh file in its place: what a
   * failed sync left in the page cache cannot be told from what is on disk. On disk on return.
   *
   * Throws what the disk throws, or Error when the old bytes do not end in `head` any more.
   */
  rewrite(head: Head, bytes: Uint8Array): void {
    const { disk, log } = this.#options;
    const path = this.#path();
    const sound = this.#sound(head);
    if (sound === null) throw new Error('the active segment does not end in the last good record');
    const fresh = join(log, 'rewrite');
    const free = Math.max(0, this.#size - sound.length - bytes.length);
    try {
      const fd = disk.openSync(fresh, 'w');
      try {
        writeAll(disk, fd, Buffer.concat([sound, bytes, freeSpace(free)]), 0);
        disk.fsyncSync(fd);
      } finally {
        disk.closeSync(fd);
      }
      disk.renameSync(fresh, path);
      disk.syncDirSync(log);
    } catch (error) {
      removeQuietly(disk, fresh);
      throw error;
    }
    this.close();
    this.#dirty = this.#used + bytes.length;
  }

  /** Lets go of the file. The next write opens it again. */
  close(): void {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return;
    try {
      this.#options.disk.closeSync(fd);
    } catch {
      // What the file system could not keep was reported by the sync.
    }
  }

  /** Whether refused writes left nothing: then there is nothing to make free, on a full disk too. */
  #isFreeBehind(): boolean {
    const bytes = readRange(this.#options.disk, this.#open(), this.#used, this.#dirty - this.#used);
    return bytes.every((byte) => byte === NEWLINE);
  }

  #open(): number {
    this.#fd ??= this.#options.disk.openSync(this.#path(), 'r+');
    return this.#fd;
  }

  #path(): string {
    const active = this.#segments.at(-1);
    if (!active) throw new Error('cannot write a log without a segment');
    return join(this.#options.log, active.name);
  }

  /** The bytes of the active segment up to `used`, if they are a good chain that ends in `head`. */
  #sound(head: Head): Buffer | null {
    const first = this.#segments.at(-1)?.first ?? 1;
    const all = readIfThere(this.#options.disk, this.#path());
    if (all === null) return null;
    const bytes = all.subarray(0, this.#used);
    const scan = scanSegment(bytes, first, null);
    const last = scan.lines.at(-1);
    if (scan.breach || scan.used !== this.#used) return null;
    if (last) return last.hash === head.hash ? bytes : null;
    return head.seq === first - 1 ? bytes : null;
  }
}

/** A root to write to. */
export interface WriterPlace {
  readonly disk: Disk;
  readonly root: string;
  readonly segmentBytes: number;
}

/**
 * The writer of a log that was found sound. What a dead writer left is settled first, so that nobody
 * acts on a record, or on a root, that a power cut could still take back. `isOurs`: this process has
 * made the root, and all of it is on disk.
 */
export function openWriter(
  { disk, root, segmentBytes }: WriterPlace,
  check: LogCheck,
  isOurs = false,
): SegmentWriter {
  const { segments, size, used, unproven, torn } = check;
  const start = { segments: [...segments], size, used, dirty: used + (torn?.bytes ?? 0) };
  const writer = new SegmentWriter({ disk, log: rootPaths(root).log, segmentBytes }, start);
  const isEmpty = used === 0 && !isOurs;
  if (isEmpty || unproven < used || torn !== null) {
    writer.settle(unproven);
    disk.syncDirSync(root);
  }
  return writer;
}
