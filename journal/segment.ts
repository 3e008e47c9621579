/**
 * Segments: files of whole batches. `log/<first seq, 16 digits>.ndjson`, filled with newlines before
 * use, so that an append changes no metadata and free space is newlines up to the end of the file.
 *
 * Invariant: a segment holds consecutive records from the seq in its name on, so record `n` is line
 * `n - first`. Only the last segment may have a broken end, and only one that a power cut explains.
 */
import { checkLine, claimedPlace, NEWLINE } from './chain.ts';
import type { LinePlace } from './chain.ts';
import { writeAll } from './disk-node.ts';
import type { Disk } from './disk.ts';
import type { Seq } from './record.ts';

export const SEGMENT_BYTES_DEFAULT: number = 1024 * 1024;
/** What a disk writes at once or not at all: a lost write leaves whole sectors of newlines. */
const SECTOR_BYTES = 512;
const INTRO = Buffer.from('{"seq":');
const SEGMENT_NAME = /^(\d{16})\.ndjson$/;

export type SegmentFile = { readonly name: string; readonly first: Seq };

/** A good line: its place in the journal and in the file. */
type ScannedLine = LinePlace & { readonly offset: number; readonly length: number };

/** The first thing in a segment that is no good record, though one belongs there. */
type Breach = { readonly seq: Seq; readonly offset: number; readonly reason: string };

export type SegmentScan = {
  /** The good lines, oldest first, of whole batches only. */
  readonly lines: readonly ScannedLine[];
  /** Where the last whole batch ends: the next one goes here. */
  readonly used: number;
  /** Where the last byte that is not free space ends. */
  readonly dirty: number;
  /**
   * `free`: nothing but free space behind `used`. `torn`: an unfinished write, which nobody was told
   * of. `rotten`: something that was on disk is broken.
   */
  readonly tail: 'free' | 'torn' | 'rotten';
  readonly breach: Breach | null;
};

/** The file name of the segment that begins with `first`. Pure. */
export function segmentName(first: Seq): string {
  return `${String(first).padStart(16, '0')}.ndjson`;
}

/** The segments in a listing of `log/`, oldest first. Pure. */
export function segmentsAmong(names: readonly string[]): SegmentFile[] {
  const segments: SegmentFile[] = [];
  for (const name of names) {
    const match = SEGMENT_NAME.exec(name);
    if (match) segments.push({ name, first: Number(match[1]) });
  }
  return segments.toSorted((one, other) => one.first - other.first);
}

/** Free space. Pure. */
export function freeSpace(bytes: number): Buffer {
  return Buffer.alloc(bytes, NEWLINE);
}

/** Whether nothing was ever recorded in it: free space, or the zeros of a file not yet filled. Pure. */
export function isFree(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === NEWLINE || byte === 0);
}

/** Makes a file of free space. Its bytes are on disk on return, its name once the directory is synced. */
export function createSegment(disk: Disk, path: string, bytes: number): void {
  const fd = disk.openSync(path, 'w');
  try {
    writeAll(disk, fd, freeSpace(bytes), 0);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

/** The bytes from `position` on, fewer than `length` at the end of the file. */
export function readRange(disk: Disk, fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const count = disk.readSync(fd, bytes.subarray(read), position + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/**
 * Walks a segment from its start: each line by itself, its seq, its link to the one before, and that
 * batches are whole. `prev` is the hash before the segment; null takes the first line's word. Pure.
 */
export function scanSegment(bytes: Uint8Array, first: Seq, prev: string | null): SegmentScan {
  const lines: ScannedLine[] = [];
  let whole = 0;
  let offset = 0;
  let used = 0;
  let link = prev;
  let reason: string | null = null;
  while (offset < bytes.length && bytes[offset] !== NEWLINE) {
    const stop = bytes.indexOf(NEWLINE, offset);
    if (stop < 0) {
      reason = 'it does not end with a newline';
      break;
    }
    const check = checkLine(bytes.subarray(offset, stop));
    const before = lines[lines.length - 1];
    reason = check.ok ? misplaced(check.place, first + lines.length, link, before) : check.reason;
    if (!check.ok || reason !== null) break;
    lines.push({ ...check.place, offset, length: stop - offset });
    link = check.place.hash;
    offset = stop + 1;
    if (check.place.end === check.place.seq) {
      whole = lines.length;
      used = offset;
    }
  }
  const dirty = endOfContent(bytes, used);
  if (dirty <= used) return { lines, used, dirty: used, tail: 'free', breach: null };
  const seq = first + lines.length;
  const breach = {
    seq,
    offset,
    reason:
      reason ??
      (whole < lines.length ? 'its batch is not complete' : 'free space lies in its place'),
  };
  const tail = judgeTail(bytes, offset, dirty, seq);
  return { lines: lines.slice(0, whole), used, dirty, tail, breach };
}

function misplaced(
  place: LinePlace,
  seq: Seq,
  link: string | null,
  before: ScannedLine | undefined,
): string | null {
  if (place.seq !== seq) return `it is record ${place.seq}`;
  if (link !== null && place.prev !== link) return 'it does not follow the record before it';
  if (before && before.end >= seq && place.end !== before.end) {
    return 'it does not belong to the batch before it';
  }
  return null;
}

/** Where the last byte that is not a newline ends, but not before `from`. */
function endOfContent(bytes: Uint8Array, from: number): number {
  let end = bytes.length;
  while (end > from && bytes[end - 1] === NEWLINE) end -= 1;
  // The newline of a whole last line is content: only a cut inside a line lacks it.
  return end > from && end < bytes.length ? end + 1 : end;
}

/**
 * Whether a power cut explains what is left from `offset` on, where record `seq` should be.
 *
 * A flush may hold several records, and the disk may keep any of its sectors: a good record behind a
 * bad one is no proof of rot while it does not know the bad one to be durable (`synced`), but then a
 * sector of free space must be missing in between. A flipped bit leaves no such hole.
 */
function judgeTail(bytes: Uint8Array, offset: number, dirty: number, seq: Seq): 'torn' | 'rotten' {
  let good: number | null = null;
  // Also inside a line: a flipped newline makes one line of two.
  for (let start = nextIntro(bytes, offset); start < dirty; start = nextIntro(bytes, start + 1)) {
    const found = bytes.indexOf(NEWLINE, start);
    const line = bytes.subarray(start, found < 0 ? dirty : found);
    const claim = claimedPlace(line);
    if (claim && claim.synced >= seq) return 'rotten';
    // What lacks its newline at the end of the file is the broken end itself.
    if (found < 0 || !checkLine(line).ok) continue;
    if (claim && claim.seq < seq) return 'rotten';
    good ??= start;
  }
  return good === null || hasHole(bytes, offset, good) ? 'torn' : 'rotten';
}

function nextIntro(bytes: Uint8Array, from: number): number {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(INTRO, from);
  return found < 0 ? Infinity : found;
}

function hasHole(bytes: Uint8Array, from: number, to: number): boolean {
  let start = from;
  while (start < to) {
    const stop = Math.min(to, (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    if (bytes.subarray(start, stop).every((byte) => byte === NEWLINE)) return true;
    start = stop;
  }
  return false;
}
