import { join } from 'node:path';

import { checkLine, NEWLINE, parseRecord } from './chain.ts';
import type { Disk } from './disk.ts';
import { readIfThere } from './durable-file.ts';
import { JournalError } from './errors.ts';
import type { Recorded, Seq } from './record.ts';
import type { SegmentFile } from './segment.ts';
import { lift } from './upcast.ts';
import type { RawRecord, Upcasters } from './upcast.ts';

/** Where records are read from. */
export type LogSource = {
  readonly disk: Disk;
  /** The directory `log/`. */
  readonly log: string;
  /** The segments, oldest first. */
  readonly segments: readonly SegmentFile[];
  readonly upcasters: Upcasters;
};

/** A line that was found good, and which record it is. */
type CheckedLine = { readonly seq: Seq; readonly hash: string; readonly bytes: Uint8Array };

/**
 * Records `from`…`to`, one array a segment, oldest first; each line and its link is checked and lifted
 * to today's shape.
 *
 * Throws RIPCORD_JOURNAL_DAMAGED naming seq, file and offset.
 */
export function* readSegments<E>(source: LogSource, from: Seq, to: Seq): Generator<Recorded<E>[]> {
  let prev: string | null = null;
  for (const [index, segment] of source.segments.entries()) {
    const next = source.segments[index + 1];
    const stop = Math.min(to, next ? next.first - 1 : to);
    const start = Math.max(from, segment.first);
    if (start > stop) continue;
    const records: Recorded<E>[] = [];
    for (const { hash, bytes } of checkedLines(source, segment, { from: start, to: stop, prev })) {
      records.push(liftTo<E>(bytes, source.upcasters));
      prev = hash;
    }
    yield records;
  }
}

/** The hash of one record, or null where there is none. Throws RIPCORD_JOURNAL_DAMAGED. */
export function hashAt(source: LogSource, seq: Seq, last: Seq): string | null {
  const segment = source.segments.findLast(({ first }) => first <= seq);
  if (!segment || seq < 1 || seq > last) return null;
  for (const line of checkedLines(source, segment, { from: seq, to: seq, prev: null })) {
    return line.hash;
  }
  return null;
}

function* checkedLines(
  source: LogSource,
  segment: SegmentFile,
  range: { readonly from: Seq; readonly to: Seq; readonly prev: string | null },
): Generator<CheckedLine> {
  const bytes = readIfThere(source.disk, join(source.log, segment.name)) ?? Buffer.alloc(0);
  let { prev } = range;
  let offset = 0;
  for (let seq = segment.first; seq <= range.to; seq += 1) {
    const stop = bytes.indexOf(NEWLINE, offset);
    const at = { seq, file: join('log', segment.name), offset };
    if (stop < 0) throw unreadable(at, 'the segment ends before it');
    if (seq >= range.from) {
      const line = bytes.subarray(offset, stop);
      const check = checkLine(line);
      if (!check.ok) throw unreadable(at, check.reason);
      const { place } = check;
      if (place.seq !== seq) throw unreadable(at, `record ${place.seq} lies in its place`);
      if (prev !== null && place.prev !== prev) {
        throw unreadable(at, 'it does not follow the record before it');
      }
      prev = place.hash;
      yield { seq, hash: place.hash, bytes: line };
    }
    offset = stop + 1;
  }
}

function liftTo<E>(line: Uint8Array, upcasters: Upcasters): Recorded<E> {
  const raw: Recorded<E> & RawRecord = parseRecord<E & { readonly type: string }>(line);
  return lift(raw, upcasters);
}

function unreadable(
  at: { readonly seq: Seq; readonly file: string; readonly offset: number },
  reason: string,
): JournalError {
  return new JournalError(
    'RIPCORD_JOURNAL_DAMAGED',
    `cannot read record ${at.seq} (${at.file}, offset ${at.offset}): ${reason}`,
    { details: at },
  );
}
