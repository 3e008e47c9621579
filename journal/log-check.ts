/**
 * What a log looks like from outside, before anybody trusts it: the check on open. Reads only.
 *
 * The last segment is checked whole; of every sealed one its presence, its first line's link and its
 * complete last record. Bits inside sealed segments are checked by `verify` and whenever they are read.
 */
import { join } from 'node:path';

import { checkLine, claimedPlace, NEWLINE } from './chain.ts';
import type { Disk } from './disk.ts';
import { namesIn, readIfThere } from './durable-file.ts';
import { readHead } from './head.ts';
import type { Damage } from './journal.ts';
import { NO_HASH } from './record.ts';
import type { Head, Seq } from './record.ts';
import { rootPaths } from './root.ts';
import { readRange, scanSegment, segmentsAmong } from './segment.ts';
import type { SegmentFile, SegmentScan } from './segment.ts';

/** An unfinished write at the end of the log, which nobody was ever told had succeeded. */
export type TornTail = {
  readonly bytes: number;
  /** The seq that the first lost record would have had. */
  readonly atSeq: Seq;
  readonly file: string;
  readonly offset: number;
};

export type LogCheck = {
  /** The segments that can be trusted at their edges, oldest first; the last one is the active one. */
  readonly segments: readonly SegmentFile[];
  /** The last good record: of the log, or before the damage. */
  readonly head: Head;
  /** The active segment's size, and where its free space begins. */
  readonly size: number;
  readonly used: number;
  /**
   * From where on the active segment may be there for this process only, because a writer died between
   * its write and its sync: no later record and no witness knows it to be on disk.
   */
  readonly unproven: number;
  readonly torn: TornTail | null;
  readonly damage: Damage | null;
};

type Found = Omit<LogCheck, 'damage'> & { readonly damage: Omit<Damage, 'code'> | null };

const EDGE_BYTES = 4096;
const EMPTY: Head = { seq: 0, hash: NO_HASH };

/** Checks the log of a finished root. Throws what the disk throws. */
export function checkLog(disk: Disk, root: string): LogCheck {
  const paths = rootPaths(root);
  // First the witness, then the log: a writer at work may move both, and the witness is never ahead.
  const witness = readHead(disk, paths.head);
  const found = walk(disk, paths.log, segmentsAmong(namesIn(disk, paths.log)), witness?.seq ?? 0);
  const damage = found.damage ?? contradiction(witness, found);
  if (damage === null) return { ...found, damage: null };
  return { ...found, torn: null, damage: { code: 'RIPCORD_JOURNAL_DAMAGED', ...damage } };
}

function walk(disk: Disk, log: string, segments: readonly SegmentFile[], witnessed: Seq): Found {
  const [first] = segments;
  if (!first) return broken([], EMPTY, 'the log is missing', null);
  let head = EMPTY;
  for (const [index, segment] of segments.entries()) {
    const { name } = segment;
    if (segment.first !== head.seq + 1) {
      const reason = `record ${head.seq + 1} is missing: no segment begins with it`;
      return broken(segments.slice(0, index), head, reason, { file: name, offset: 0 });
    }
    const path = join(log, name);
    const next = segments[index + 1];
    if (!next) return active(disk, path, segments, { head, witnessed });
    const sealed = sealedHead(disk, path, segment, head);
    if (sealed?.seq === next.first - 1) {
      head = sealed;
      continue;
    }
    const scan = scanSegment(readIfThere(disk, path) ?? Buffer.alloc(0), segment.first, head.hash);
    head = lastOf(scan, head);
    if (scan.breach || head.seq !== next.first - 1) {
      const at = scan.breach ?? { offset: scan.used, reason: 'it ends too early' };
      const reason = `record ${head.seq + 1} is broken: ${at.reason}`;
      return broken(segments.slice(0, index + 1), head, reason, { file: name, offset: at.offset });
    }
  }
  return broken(segments, head, 'the log has no end', null);
}

function active(
  disk: Disk,
  path: string,
  segments: readonly SegmentFile[],
  known: { readonly head: Head; readonly witnessed: Seq },
): Found {
  const before = known.head;
  const bytes = readIfThere(disk, path) ?? Buffer.alloc(0);
  const name = segments.at(-1)?.name ?? '';
  const scan = scanSegment(bytes, before.seq + 1, before.hash);
  const head = lastOf(scan, before);
  if (scan.tail === 'rotten' && scan.breach) {
    const { seq, reason, offset } = scan.breach;
    return broken(segments, head, `record ${seq} is broken: ${reason}`, { file: name, offset });
  }
  const lost = scan.dirty - scan.used;
  const torn =
    scan.tail === 'torn'
      ? { bytes: lost, atSeq: head.seq + 1, file: name, offset: scan.used }
      : null;
  const proven = Math.max(known.witnessed, scan.lines.at(-1)?.synced ?? 0);
  const unproven = scan.lines.find(({ seq }) => seq > proven)?.offset ?? scan.used;
  return { segments, head, size: bytes.length, used: scan.used, unproven, torn, damage: null };
}

/** The last record of a sealed segment by its two edges alone; null when they need a closer look. */
function sealedHead(disk: Disk, path: string, segment: SegmentFile, before: Head): Head | null {
  const size = disk.sizeSync(path) ?? 0;
  const fd = disk.openSync(path, 'r');
  try {
    const start = claimedPlace(readRange(disk, fd, 0, Math.min(size, EDGE_BYTES)));
    if (start?.seq !== segment.first || start.prev !== before.hash) return null;
    for (let length = EDGE_BYTES; ; length *= 4) {
      const edge = readRange(disk, fd, Math.max(0, size - length), Math.min(size, length));
      if (edge.at(-1) !== NEWLINE) return null;
      const begin = edge.lastIndexOf(NEWLINE, edge.length - 2) + 1;
      if (begin === 0 && length < size) continue;
      const check = checkLine(edge.subarray(begin, -1));
      if (!check.ok || check.place.end !== check.place.seq) return null;
      return { seq: check.place.seq, hash: check.place.hash };
    }
  } finally {
    disk.closeSync(fd);
  }
}

function lastOf(scan: SegmentScan, before: Head): Head {
  const last = scan.lines.at(-1);
  return last ? { seq: last.seq, hash: last.hash } : before;
}

function contradiction(witness: Head | null, found: Found): Omit<Damage, 'code'> | null {
  const { head } = found;
  if (witness === null || witness.seq < head.seq) return null;
  if (witness.seq === head.seq && witness.hash === head.hash) return null;
  const lost = witness.seq === head.seq ? witness.seq : head.seq + 1;
  const file = found.segments.at(-1)?.name ?? null;
  return {
    message: `cannot trust the journal: HEAD has seen record ${witness.seq}, the log ends with record ${head.seq}`,
    seq: lost,
    file: file === null ? null : join('log', file),
    offset: found.used,
  };
}

function broken(
  segments: readonly SegmentFile[],
  head: Head,
  reason: string,
  at: { readonly file: string; readonly offset: number } | null,
): Found {
  const file = at === null ? null : join('log', at.file);
  const place = at === null ? '' : ` (${file}, offset ${at.offset})`;
  const damage = {
    message: `cannot trust the journal: ${reason}${place}`,
    seq: head.seq + 1,
    file,
    offset: at?.offset ?? null,
  };
  return { segments, head, size: 0, used: 0, unproven: 0, torn: null, damage };
}
