import { join } from 'node:path';

import { openBlobs } from './blobs.ts';
import { checkLine, NEWLINE } from './chain.ts';
import type { Disk } from './disk.ts';
import { namesIn, readIfThere } from './durable-file.ts';
import { JournalError } from './errors.ts';
import { isUnwitnessed, readHead } from './head.ts';
import { healSegment } from './heal.ts';
import { type Head, NO_HASH, type Seq } from './record.ts';
import { healFacts, readRoot, type RootFacts, rootPaths } from './root.ts';
import { checkSecrets, type DamagedSecret } from './secrets-check.ts';
import { freeSpace, segmentsAmong } from './segment.ts';
import { checkSnapshots } from './snapshots.ts';

/** Records `from`…`to`, both inclusive. */
export type SeqRange = { readonly from: Seq; readonly to: Seq };

/** What stands in a root and what of it can go on. Found without writing anything. */
export type Survey = {
  /** The last record that follows from the first one, flipped bits put right. */
  readonly head: Head;
  /** The last record anything speaks of, and its hash where that is known. */
  readonly known: Head;
  readonly segments: number;
  /** Segments to be replaced by these bytes. */
  readonly replaced: readonly { readonly file: string; readonly bytes: Buffer }[];
  /** Files that cannot stay. */
  readonly removed: readonly string[];
  readonly healed: readonly { readonly seq: Seq; readonly file: string; readonly offset: number }[];
  /** Records that cannot stay but can still be read, and where. */
  readonly readable: readonly (SeqRange & { readonly file: string })[];
  readonly secrets: readonly DamagedSecret[];
  /** Null where `ripcord.json` cannot be read, or is not as it was written. */
  readonly facts: RootFacts | null;
  /** Its bytes with one bit turned, where that is all that it lacks. */
  readonly healedFacts: Buffer | null;
  /** The journal's id, if anything still tells it. */
  readonly uuid: string | null;
  /** Whether HEAD can be read and speaks of a record that stays. */
  readonly witnessed: boolean;
};

/** Looks at everything in a root. Throws RIPCORD_SCHEMA_NEWER, RIPCORD_SCHEMA_OLDER, RIPCORD_ROOT_MISSING. */
export function surveyRoot(disk: Disk, root: string): Survey {
  const facts = readFacts(disk, root);
  const log = new LogSurvey();
  log.walk(disk, root);
  const snapshots = checkSnapshots(disk, root);
  const path = rootPaths(root).head;
  const witness = readHead(disk, path);
  if (witness !== null) log.speakOf(witness);
  for (const { seq, hash } of snapshots) if (hash !== null) log.speakOf({ seq, hash });
  if (facts === undefined && log.known.seq === 0) {
    throw new JournalError('RIPCORD_ROOT_MISSING', `cannot repair ${root}: no journal is there`);
  }
  const strays = snapshots.filter(({ seq, hash }) => hash === null || !log.holds(seq, hash));
  const removed = [...log.removed, ...strays.map(({ file }) => file), ...damagedBlobs(disk, root)];
  const { head, known, segments, replaced, healed, readable } = log;
  return {
    head,
    known,
    segments,
    replaced,
    removed,
    healed,
    readable,
    secrets: checkSecrets(disk, root),
    facts: facts ?? null,
    healedFacts: facts === null ? healFacts(readIfThere(disk, rootPaths(root).facts)) : null,
    uuid: facts?.uuid ?? snapshots.find(({ uuid }) => uuid !== null)?.uuid ?? null,
    witnessed:
      witness === null
        ? isUnwitnessed(disk, path)
        : witness.seq === 0 || log.holds(witness.seq, witness.hash),
  };
}

class LogSurvey {
  head: Head = { seq: 0, hash: NO_HASH };
  known: Head = { seq: 0, hash: NO_HASH };
  segments = 0;
  readonly replaced: { file: string; bytes: Buffer }[] = [];
  readonly removed: string[] = [];
  readonly healed: { seq: Seq; file: string; offset: number }[] = [];
  readonly readable: (SeqRange & { file: string })[] = [];
  readonly #hashes = new Map<Seq, string>();
  #broken = false;

  walk(disk: Disk, root: string): void {
    const { log } = rootPaths(root);
    const segments = segmentsAmong(namesIn(disk, log));
    this.segments = segments.length;
    for (const [index, segment] of segments.entries()) {
      const file = join('log', segment.name);
      const bytes = readIfThere(disk, join(log, segment.name)) ?? Buffer.alloc(0);
      if (!this.#broken && segment.first === this.head.seq + 1) {
        this.#keep(file, bytes, segments[index + 1]?.first ?? null);
      } else {
        this.#broken = true;
        this.removed.push(file);
        // Its name alone says that the record before it existed.
        this.speakOf({ seq: segment.first - 1, hash: NO_HASH });
        this.#list(file, bytes);
      }
    }
  }

  /** Takes note that a record has existed. */
  speakOf(record: Head): void {
    if (record.seq > this.known.seq) this.known = record;
  }

  holds(seq: Seq, hash: string): boolean {
    return this.#hashes.get(seq) === hash;
  }

  /** Goes on with the log in a segment that follows: all of it, or up to where it breaks. */
  #keep(file: string, found: Buffer, next: Seq | null): void {
    const { bytes, scan, healed } = healSegment(found, this.head.seq + 1, this.head.hash);
    for (const { seq, hash } of scan.lines) this.#hashes.set(seq, hash);
    const last = scan.lines.at(-1);
    if (last !== undefined) this.head = { seq: last.seq, hash: last.hash };
    this.speakOf(this.head);
    for (const { seq, offset } of healed) this.healed.push({ seq, file, offset });
    // A torn end of the last segment is for the next open to cut.
    const whole = scan.breach === null || (next === null && scan.tail === 'torn');
    if (whole) {
      // Behind a segment that ends too early the next one does not follow: `walk` sees to it.
      if (healed.length > 0) this.replaced.push({ file, bytes });
      return;
    }
    this.#broken = true;
    const kept = bytes.subarray(0, scan.used);
    this.replaced.push({
      file,
      bytes: Buffer.concat([kept, freeSpace(bytes.length - scan.used)]),
    });
    if (scan.breach !== null) this.speakOf({ seq: scan.breach.seq, hash: NO_HASH });
    this.#list(file, bytes.subarray(scan.used));
  }

  /** Notes the records in bytes whose chain is broken before them. */
  #list(file: string, bytes: Buffer): void {
    let range: { from: Seq; to: Seq } | null = null;
    let start = 0;
    while (start < bytes.length) {
      const found = bytes.indexOf(NEWLINE, start);
      const stop = found < 0 ? bytes.length : found;
      const check = stop > start ? checkLine(bytes.subarray(start, stop)) : null;
      if (check?.ok === true) {
        const { seq, hash } = check.place;
        this.speakOf({ seq, hash });
        if (range !== null && seq === range.to + 1) {
          range.to = seq;
        } else {
          if (range !== null) this.readable.push({ ...range, file });
          range = { from: seq, to: seq };
        }
      }
      start = stop + 1;
    }
    if (range !== null) this.readable.push({ ...range, file });
  }
}

/** Null where they cannot be read, undefined where no root was ever finished. */
function readFacts(disk: Disk, root: string): RootFacts | null | undefined {
  try {
    return readRoot(disk, root) ?? undefined;
  } catch (error) {
    if (error instanceof JournalError && error.code === 'RIPCORD_JOURNAL_DAMAGED') return null;
    throw error;
  }
}

function damagedBlobs(disk: Disk, root: string): string[] {
  const blobs = openBlobs(disk, root);
  return blobs.keys().flatMap((key) => {
    try {
      blobs.get(key);
      return [];
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      const hex = key.slice('sha256:'.length);
      return [join('blobs', 'sha256', hex.slice(0, 2), hex)];
    }
  });
}
