import { checkLine, NEWLINE } from './chain.ts';
import type { Seq } from './record.ts';
import { scanSegment, type SegmentScan } from './segment.ts';

/** A bit that was put right. */
export type Healed = { readonly seq: Seq; readonly offset: number };

/** How far a broken record is searched for its flipped bit: eight hashes a byte, some ten seconds in all. */
const SEARCH_BYTES_MAX = 32 * 1024;
/** More broken records than this in one segment are no single flipped bits. */
const HEALED_MAX = 16;

/**
 * A segment with its flipped bits put right, one a record at most, as far as that can be proven: the
 * record then has the hash it names and follows from the one before. Pure.
 */
export function healSegment(
  bytes: Buffer,
  first: Seq,
  prev: string,
): { readonly bytes: Buffer; readonly scan: SegmentScan; readonly healed: readonly Healed[] } {
  let known = bytes;
  const healed: Healed[] = [];
  for (;;) {
    const scan = scanSegment(known, first, prev);
    const { breach } = scan;
    if (breach === null || healed.length >= HEALED_MAX) return { bytes: known, scan, healed };
    const before = linkBefore(known, breach.offset) ?? prev;
    const fixed = flipBack(known, { ...breach, prev: before });
    if (fixed === null) return { bytes: known, scan, healed };
    healed.push({ seq: breach.seq, offset: breach.offset });
    known = fixed;
  }
}

/** The bytes with the one bit turned that makes record `seq` at `offset` right; null if none does. */
function flipBack(
  bytes: Buffer,
  broken: { readonly seq: Seq; readonly offset: number; readonly prev: string },
): Buffer | null {
  const { seq, offset, prev } = broken;
  const end = searchEnd(bytes, offset);
  if (end - offset > SEARCH_BYTES_MAX) return null;
  const trial = Buffer.from(bytes.subarray(offset, end));
  for (let at = 0; at < trial.length; at += 1) {
    const was = trial[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) {
      trial[at] = was ^ (1 << bit);
      const stop = trial.indexOf(NEWLINE);
      const check = stop < 0 ? null : checkLine(trial.subarray(0, stop));
      if (check?.ok === true && check.place.seq === seq && check.place.prev === prev) {
        return Buffer.concat([bytes.subarray(0, offset), trial, bytes.subarray(end)]);
      }
    }
    trial[at] = was;
  }
  return null;
}

/** Behind the second newline: a flip may have made one out of a letter, or a letter out of one. */
function searchEnd(bytes: Buffer, offset: number): number {
  const once = bytes.indexOf(NEWLINE, offset);
  const twice = once < 0 ? -1 : bytes.indexOf(NEWLINE, once + 1);
  return twice < 0 ? bytes.length : twice + 1;
}

/** The hash of the good line that ends right before `offset`; null at the start. */
function linkBefore(bytes: Buffer, offset: number): string | null {
  if (offset === 0) return null;
  const start = offset < 2 ? 0 : bytes.lastIndexOf(NEWLINE, offset - 2) + 1;
  const check = checkLine(bytes.subarray(start, offset - 1));
  return check.ok ? check.place.hash : null;
}
