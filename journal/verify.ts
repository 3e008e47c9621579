import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';

import { openBlobs } from './blobs.ts';
import { parseRecord } from './chain.ts';
import { nodeDisk } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { namesIn, readIfThere } from './durable-file.ts';
import { JournalError } from './errors.ts';
import { isUnwitnessed, readHead } from './head.ts';
import { type Head, NO_HASH, type Seq } from './record.ts';
import { readRoot, rootPaths } from './root.ts';
import { checkSecrets } from './secrets-check.ts';
import { scanSegment, type SegmentFile, segmentsAmong, type SegmentScan } from './segment.ts';
import { checkSnapshots } from './snapshots.ts';

/** Something on disk that is not as it was written. */
export type Problem = {
  /** The first bad record, where the problem is with records. */
  readonly seq: Seq | null;
  /** Relative to the root. */
  readonly file: string;
  readonly offset: number | null;
  readonly code: string;
  readonly message: string;
};

/** What a walk over everything that is kept has found. */
export type Verification = {
  readonly ok: boolean;
  /** Good records, wherever they lie. */
  readonly events: number;
  /** The last record that follows from the first one without a gap. */
  readonly head: Head;
  readonly problems: readonly Problem[];
  /** An unfinished write behind the last record: no problem, the next writer cuts it. */
  readonly torn: { readonly file: string; readonly offset: number; readonly bytes: number } | null;
};

export interface VerifyOptions {
  /** Also parses every record and reads blobs that none of them names. */
  readonly deep?: boolean;
  readonly disk?: Disk;
}

/** A segment as it was found, and whether all of it follows from the first record. */
type WalkedSegment = {
  readonly segment: SegmentFile;
  readonly bytes: Buffer;
  readonly scan: SegmentScan;
  readonly problem: Problem | null;
  readonly last: boolean;
};

/** A field of that name holds the key of a blob the record needs. */
const BLOB_FIELD = Buffer.from('lob":"sha256:');
const KEY_BYTES = 'sha256:'.length + 64;

/**
 * Checks every record of every segment, the chain, HEAD, snapshots, the blobs that records name, secrets,
 * and `ripcord.json`. Never writes, takes no lock: a writer may be at work.
 *
 * Throws RIPCORD_ROOT_MISSING where there is no journal at all.
 */
export async function verifyRoot(root: string, options: VerifyOptions = {}): Promise<Verification> {
  const disk = options.disk ?? nodeDisk;
  const problems = checkFacts(disk, root);
  // First the witnesses, then the log: a writer at work moves the log first.
  const witness = readHead(disk, rootPaths(root).head);
  const snapshots = checkSnapshots(disk, root);
  const found = new Findings(new Set([witness?.seq ?? 0, ...snapshots.map(({ seq }) => seq)]));
  for (const walked of walkLog(disk, root)) {
    found.add(walked, options.deep === true);
    // oxlint-disable-next-line no-await-in-loop -- whoever else runs in this process gets a turn
    await breathe();
  }
  problems.push(...found.problems, ...checkHead(disk, root, witness, found));
  if (!found.begun) problems.push(damaged('log', 'the log is missing', 1));
  for (const { file, seq, hash } of snapshots) {
    const reason =
      hash === null
        ? 'its bytes have changed'
        : found.hashes.get(seq) === hash
          ? null
          : `it is not of record ${seq} of this log`;
    if (reason !== null) problems.push(damaged(file, `snapshot ${seq} is broken: ${reason}`));
  }
  problems.push(...checkBlobs(disk, root, found, options.deep === true));
  for (const { file, reason } of checkSecrets(disk, root)) {
    const message = `${file} is damaged: ${reason}`;
    problems.push({ seq: null, file, offset: null, code: 'RIPCORD_SECRET_DAMAGED', message });
  }
  const { events, head, torn } = found;
  return { ok: problems.length === 0, events, head, problems, torn };
}

/** All segments, oldest first, each read whole and checked; a writer may be adding to the last. */
function* walkLog(disk: Disk, root: string): Generator<WalkedSegment> {
  const { log } = rootPaths(root);
  const segments = segmentsAmong(namesIn(disk, log));
  let next: Seq = 1;
  let prev: string | null = NO_HASH;
  for (const [index, segment] of segments.entries()) {
    const file = join('log', segment.name);
    const bytes = readIfThere(disk, join(log, segment.name)) ?? Buffer.alloc(0);
    const after = segments[index + 1];
    const gap = segment.first === next ? null : missing(file, next, segment.first);
    const scan = scanSegment(bytes, segment.first, gap === null ? prev : null);
    const full = scan.used === bytes.length;
    const problem = gap ?? breachOf(file, scan, segment, full ? undefined : after);
    yield { segment, bytes, scan, problem, last: after === undefined };
    const line = scan.lines.at(-1);
    // Behind a break the chain begins anew, so that later breaks are seen too.
    prev = problem === null ? (line?.hash ?? prev) : null;
    next = problem === null ? segment.first + scan.lines.length : (after?.first ?? next);
  }
}

class Findings {
  readonly problems: Problem[] = [];
  readonly hashes = new Map<Seq, string>();
  readonly blobs = new Map<string, { seq: Seq; file: string; offset: number }>();
  readonly #wanted: ReadonlySet<Seq>;
  begun = false;
  events = 0;
  head: Head = { seq: 0, hash: NO_HASH };
  torn: Verification['torn'] = null;

  constructor(wanted: ReadonlySet<Seq>) {
    this.#wanted = wanted;
  }

  add(walked: WalkedSegment, deep: boolean): void {
    const { segment, scan, problem, last } = walked;
    const { lines } = scan;
    const end = lines.at(-1);
    const sound = this.problems.length === 0;
    this.begun = true;
    this.events += lines.length;
    if (problem !== null) this.problems.push(problem);
    if (end !== undefined && sound && problem?.offset !== 0) {
      this.head = { seq: end.seq, hash: end.hash };
    }
    for (const seq of this.#wanted) {
      const line = lines[seq - segment.first];
      if (line !== undefined) this.hashes.set(seq, line.hash);
    }
    const file = join('log', segment.name);
    if (last && scan.tail === 'torn') {
      this.torn = { file, offset: scan.used, bytes: scan.dirty - scan.used };
    }
    this.#noteBlobs(walked, file);
    if (deep) this.#parse(walked, file);
  }

  #noteBlobs({ bytes, scan }: WalkedSegment, file: string): void {
    const used = bytes.subarray(0, scan.used);
    let at = used.indexOf(BLOB_FIELD);
    let line = 0;
    while (at >= 0) {
      while ((scan.lines[line + 1]?.offset ?? Infinity) <= at) line += 1;
      const start = at + BLOB_FIELD.length - 'sha256:'.length;
      const key = used.toString('latin1', start, start + KEY_BYTES);
      const place = scan.lines[line];
      if (place !== undefined && /^sha256:[0-9a-f]{64}$/.test(key) && !this.blobs.has(key)) {
        this.blobs.set(key, { seq: place.seq, file, offset: place.offset });
      }
      at = used.indexOf(BLOB_FIELD, at + BLOB_FIELD.length);
    }
  }

  #parse({ bytes, scan }: WalkedSegment, file: string): void {
    for (const { seq, offset, length } of scan.lines) {
      try {
        parseRecord(bytes.subarray(offset, offset + length));
      } catch {
        this.problems.push(damaged(file, `record ${seq} is broken: it is no JSON`, seq, offset));
      }
    }
  }
}

function checkFacts(disk: Disk, root: string): Problem[] {
  try {
    if (readRoot(disk, root) !== null) return [];
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const { code, message } = error;
    return [{ seq: null, file: 'ripcord.json', offset: null, code, message }];
  }
  if (segmentsAmong(namesIn(disk, rootPaths(root).log)).length > 0) return [];
  throw new JournalError('RIPCORD_ROOT_MISSING', `cannot verify ${root}: no journal is there`);
}

function checkHead(disk: Disk, root: string, witness: Head | null, found: Findings): Problem[] {
  if (witness === null) {
    const path = rootPaths(root).head;
    if (disk.sizeSync(path) === null) return [damaged('HEAD', 'HEAD is missing')];
    if (isUnwitnessed(disk, path)) return [];
    return [damaged('HEAD', 'HEAD is broken: neither of its slots can be read')];
  }
  // What is broken is already told; only what nobody else can see is told here.
  if (found.problems.length > 0) return [];
  if (witness.seq > found.head.seq) {
    const reason = `HEAD has seen record ${witness.seq}, the log ends with record ${found.head.seq}`;
    // A broken end that was witnessed is no unfinished write: there the damage lies.
    const { file = 'HEAD', offset = null } = found.torn ?? {};
    return [damaged(file, reason, found.head.seq + 1, offset)];
  }
  if (witness.seq === 0 || found.hashes.get(witness.seq) === witness.hash) return [];
  return [damaged('HEAD', `HEAD has seen another record ${witness.seq}`, witness.seq)];
}

function checkBlobs(disk: Disk, root: string, found: Findings, deep: boolean): Problem[] {
  const blobs = openBlobs(disk, root);
  const keys = new Set([...found.blobs.keys(), ...(deep ? blobs.keys() : [])]);
  return [...keys].flatMap((key) => {
    try {
      blobs.get(key);
      return [];
    } catch (error) {
      if (!(error instanceof JournalError)) throw error;
      const hex = key.slice('sha256:'.length);
      const file = join('blobs', 'sha256', hex.slice(0, 2), hex);
      const seq = found.blobs.get(key)?.seq ?? null;
      return [{ seq, file, offset: null, code: error.code, message: error.message }];
    }
  });
}

function missing(file: string, from: Seq, first: Seq): Problem {
  if (first < from) {
    return damaged(file, `record ${first} is in two segments`, first, 0);
  }
  const range = from === first - 1 ? `record ${from} is` : `records ${from} to ${first - 1} are`;
  return damaged(file, `${range} missing: no segment begins with record ${from}`, from, 0);
}

function breachOf(
  file: string,
  scan: SegmentScan,
  segment: SegmentFile,
  after: SegmentFile | undefined,
): Problem | null {
  const { breach } = scan;
  if (breach !== null && (after !== undefined || scan.tail === 'rotten')) {
    const { seq, offset, reason } = breach;
    return damaged(file, `record ${seq} is broken: ${reason}`, seq, offset);
  }
  const end = segment.first + scan.lines.length;
  if (after === undefined || end === after.first) return null;
  return damaged(file, `record ${end} is missing: the segment ends too early`, end, scan.used);
}

function damaged(
  file: string,
  message: string,
  seq: Seq | null = null,
  offset: number | null = null,
): Problem {
  return { seq, file, offset, code: 'RIPCORD_JOURNAL_DAMAGED', message };
}
