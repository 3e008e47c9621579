import { hash } from 'node:crypto';
import { join } from 'node:path';

import type { Disk } from './disk.ts';
import {
  isDraftName,
  makeDirectory,
  namesIn,
  readIfThere,
  removeQuietly,
  writeDurably,
} from './durable-file.ts';
import type { Head, Seq } from './record.ts';

/** Folded state at a record, as kept in `snapshots/<seq, 16 digits>.json`. */
export type Snapshot = { readonly seq: Seq; readonly state: unknown };

/**
 * A snapshot file is one line of JSON that ends in the SHA-256 of all bytes before it, so that any
 * flipped bit shows. It counts only if the record at its seq has the hash it names.
 */
const NAME = /^(\d{16})\.json$/;
const DIGEST_AT_END = /^,"digest":"([0-9a-f]{64})"\}\n$/;
const DIGEST_BYTES = `,"digest":"${'0'.repeat(64)}"}\n`.length;
const KEPT_MAX = 2;

/** What a snapshot file says of its journal; nulls where its bytes have changed. */
export type SnapshotCheck = {
  readonly file: string;
  readonly seq: Seq;
  readonly hash: string | null;
  readonly uuid: string | null;
};

/** Tells the hash of the record at a seq, or null where there is none. */
export type HashAt = (seq: Seq) => string | null | Promise<string | null>;

/**
 * Keeps `state` as the snapshot at `head` and removes all but the last two. On disk on return.
 * Throws RIPCORD_DISK_FULL.
 */
export async function saveSnapshot(
  disk: Disk,
  root: string,
  uuid: string,
  kept: { readonly head: Head; readonly state: unknown },
): Promise<void> {
  const directory = join(root, 'snapshots');
  if (disk.sizeSync(directory) === null) makeDirectory(disk, directory);
  await writeDurably(
    disk,
    join(directory, nameOf(kept.head.seq)),
    encodeSnapshot(uuid, kept.head, kept.state),
  );
  prune(disk, directory, kept.head.seq);
}

/** The newest valid snapshot at or before `at`; what is damaged or of another log is passed over. */
export async function loadSnapshot(
  disk: Disk,
  root: string,
  uuid: string,
  lookup: { readonly at: Seq; readonly hashAt: HashAt },
): Promise<Snapshot | null> {
  const directory = join(root, 'snapshots');
  const seqs = seqsIn(disk, directory).filter((seq) => seq <= lookup.at);
  for (const seq of seqs.toReversed()) {
    const found = readSnapshot(disk, directory, seq);
    if (found === null || found.uuid !== uuid) continue;
    // oxlint-disable-next-line no-await-in-loop -- the next one is needed only if this one is bad
    if ((await lookup.hashAt(seq)) === found.hash) return { seq, state: found.state };
  }
  return null;
}

/** Each snapshot file, and what it says of itself. */
export function checkSnapshots(disk: Disk, root: string): readonly SnapshotCheck[] {
  const directory = join(root, 'snapshots');
  return seqsIn(disk, directory).map((seq) => {
    const found = readSnapshot(disk, directory, seq);
    const file = join('snapshots', nameOf(seq));
    return { file, seq, hash: found?.hash ?? null, uuid: found?.uuid ?? null };
  });
}

function encodeSnapshot(uuid: string, head: Head, state: unknown): Uint8Array {
  const body = JSON.stringify({ seq: head.seq, hash: head.hash, uuid, state: state ?? null });
  const open = Buffer.from(body.slice(0, -1));
  return Buffer.concat([open, Buffer.from(`,"digest":"${hash('sha256', open)}"}\n`)]);
}

function readSnapshot(
  disk: Disk,
  directory: string,
  seq: Seq,
): { readonly hash: string; readonly uuid: string; readonly state: unknown } | null {
  try {
    const bytes = readIfThere(disk, join(directory, nameOf(seq)));
    if (bytes === null || bytes.length < DIGEST_BYTES) return null;
    const open = bytes.subarray(0, bytes.length - DIGEST_BYTES);
    const end = bytes.toString('latin1', open.length);
    if (DIGEST_AT_END.exec(end)?.[1] !== hash('sha256', open)) return null;
    const body: unknown = JSON.parse(`${open.toString('utf8')}}`);
    return isSnapshot(body) && body.seq === seq ? body : null;
  } catch {
    // Unreadable is as good as absent: what it held can be folded again.
    return null;
  }
}

function isSnapshot(
  body: unknown,
): body is { seq: number; hash: string; uuid: string; state: unknown } {
  if (typeof body !== 'object' || body === null) return false;
  if (!('seq' in body && 'hash' in body && 'uuid' in body && 'state' in body)) return false;
  return typeof body.hash === 'string' && typeof body.uuid === 'string';
}

function prune(disk: Disk, directory: string, newest: Seq): void {
  const seqs = seqsIn(disk, directory);
  const kept = seqs.filter((seq) => seq <= newest).slice(-KEPT_MAX);
  for (const seq of seqs) {
    // One ahead of the head is of a log that has been cut since.
    if (!kept.includes(seq)) removeQuietly(disk, join(directory, nameOf(seq)));
  }
  // Whoever began it has died, and the next one has another name.
  for (const name of namesIn(disk, directory))
    if (isDraftName(name)) removeQuietly(disk, join(directory, name));
}

function seqsIn(disk: Disk, directory: string): readonly Seq[] {
  return namesIn(disk, directory).flatMap((name) => {
    const digits = NAME.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
}

function nameOf(seq: Seq): string {
  return `${String(seq).padStart(16, '0')}.json`;
}
