/**
 * A journal looked at from outside, beside whoever writes it: no lock, no index, nothing written. An
 * unfinished last batch is simply the end.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { openBlobs } from './blobs.ts';
import type { Blobs } from './blobs.ts';
import { nodeDisk } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { errnoOf, namesIn } from './durable-file.ts';
import { JournalError } from './errors.ts';
import { isAborted } from './feed.ts';
import type { AnyEvent, Damage, JournalReader, Query } from './journal.ts';
import { checkLog } from './log-check.ts';
import type { LogCheck } from './log-check.ts';
import { hashAt, readSegments } from './log-reader.ts';
import type { LogSource } from './log-reader.ts';
import { scanFor } from './query.ts';
import type { KeysOf } from './query.ts';
import type { Head, Recorded, Seq } from './record.ts';
import { readRoot, rootPaths } from './root.ts';
import type { RootFacts } from './root.ts';
import { readRange, scanSegment, segmentName } from './segment.ts';
import { loadSnapshot } from './snapshots.ts';
import type { Upcasters } from './upcast.ts';

export interface ReadOnlyOptions<E extends AnyEvent> {
  readonly disk?: Disk;
  readonly upcasters?: Upcasters;
  readonly keysOf?: KeysOf<E>;
  /** How often `follow` looks for more. Default 100 ms. */
  readonly pollMs?: number;
}

/** What `openReadOnly` gives: it stands still at the head it found until `refresh` or `follow`. */
export interface ReadOnlyJournal<E extends AnyEvent> extends JournalReader<E> {
  /** What `ripcord.json` says: the uuid, the runtime, the host. */
  readonly facts: RootFacts;
  /** Records from `from` on, as one pass without waiting. Throws RIPCORD_JOURNAL_DAMAGED. */
  readFrom(from: Seq): Iterable<Recorded<E>>;
  /** Takes note of what was recorded meanwhile; whether there was any. */
  refresh(): boolean;
}

/** A writer at work can make a sound log look broken for as long as one read takes. */
const LOOKS_MAX = 3;
const POLL_MS = 100;

/**
 * Opens the journal of a root for reading. Damage is no error: see `damage`; what lies before it can be
 * read.
 *
 * Throws RIPCORD_ROOT_MISSING, RIPCORD_SCHEMA_NEWER, RIPCORD_SCHEMA_OLDER, RIPCORD_JOURNAL_DAMAGED when not even its id can be
 * read.
 */
export function openReadOnly<E extends AnyEvent>(
  root: string,
  options: ReadOnlyOptions<E> = {},
): ReadOnlyJournal<E> {
  const disk = options.disk ?? nodeDisk;
  const facts = readRoot(disk, root);
  if (facts === null) {
    throw new JournalError('RIPCORD_ROOT_MISSING', `cannot read ${root}: there is no ripcord root`);
  }
  return new Reader(root, disk, facts, options);
}

class Reader<E extends AnyEvent> implements ReadOnlyJournal<E> {
  readonly facts: RootFacts;
  readonly #root: string;
  readonly #disk: Disk;
  readonly #options: ReadOnlyOptions<E>;
  readonly #blobs: Blobs;
  #check: LogCheck;

  constructor(root: string, disk: Disk, facts: RootFacts, options: ReadOnlyOptions<E>) {
    this.facts = facts;
    this.#root = root;
    this.#disk = disk;
    this.#options = options;
    this.#blobs = openBlobs(disk, root);
    this.#check = look(disk, root);
  }

  get uuid(): string {
    return this.facts.uuid;
  }

  get head(): Head {
    return this.#check.head;
  }

  get damage(): Damage | null {
    return this.#check.damage;
  }

  *readFrom(from: Seq): Generator<Recorded<E>> {
    for (const records of readSegments<E>(this.#source, Math.max(1, from), this.head.seq)) {
      yield* records;
    }
  }

  async *read(from: Seq = 1, to: Seq = this.head.seq): AsyncGenerator<Recorded<E>> {
    const last = Math.min(to, this.head.seq);
    for (const records of readSegments<E>(this.#source, Math.max(1, from), last)) yield* records;
  }

  async *follow(from: Seq = this.head.seq + 1, signal?: AbortSignal): AsyncGenerator<Recorded<E>> {
    let next = from;
    while (!isAborted(signal)) {
      for await (const record of this.read(next)) {
        next = record.seq + 1;
        yield record;
        if (isAborted(signal)) return;
      }
      if (!this.refresh() && !(await rest(this.#options.pollMs ?? POLL_MS, signal))) return;
    }
  }

  find(query: Query): Promise<readonly Seq[]> {
    const keysOf = this.#options.keysOf ?? (() => ({}));
    return scanFor(this.read(query.from, query.to), query, keysOf);
  }

  loadSnapshot(at: Seq = this.head.seq): Promise<{ seq: Seq; state: unknown } | null> {
    const lookup = {
      at: Math.min(at, this.head.seq),
      hashAt: (seq: Seq) => hashAt(this.#source, seq, this.head.seq),
    };
    return loadSnapshot(this.#disk, this.#root, this.uuid, lookup);
  }

  async getBlob(key: string): Promise<Uint8Array> {
    return this.#blobs.get(key);
  }

  refresh(): boolean {
    const before = this.head.seq;
    if (this.damage === null) while (this.#advance());
    return this.head.seq > before;
  }

  /** Looks at the bytes behind the known end, then for a segment that goes on from there. */
  #advance(): boolean {
    const { disk, log, segments } = this.#source;
    const { head, used } = this.#check;
    const active = segments.at(-1);
    if (!active) return false;
    const fresh = bytesBehind(disk, join(log, active.name), used);
    const scan = scanSegment(fresh, head.seq + 1, head.hash);
    const last = scan.lines.at(-1);
    if (last) {
      const grown = { seq: last.seq, hash: last.hash };
      this.#check = { ...this.#check, head: grown, used: used + scan.used };
      return true;
    }
    const first = head.seq + 1;
    const name = segmentName(first);
    if (active.name === name || !namesIn(disk, log).includes(name)) return false;
    this.#check = { ...this.#check, segments: [...segments, { name, first }], used: 0 };
    return true;
  }

  get #source(): LogSource {
    const { log } = rootPaths(this.#root);
    const { segments } = this.#check;
    return { disk: this.#disk, log, segments, upcasters: this.#options.upcasters ?? {} };
  }
}

function look(disk: Disk, root: string): LogCheck {
  for (let looks = 1; ; looks += 1) {
    try {
      const check = checkLog(disk, root);
      if (check.damage === null || looks === LOOKS_MAX) return check;
    } catch (error) {
      // A segment may be archived between the listing and the look at it.
      if (errnoOf(error) !== 'ENOENT' || looks === LOOKS_MAX) throw error;
    }
  }
}

function bytesBehind(disk: Disk, path: string, offset: number): Buffer {
  const size = disk.sizeSync(path) ?? 0;
  if (size <= offset) return Buffer.alloc(0);
  const fd = disk.openSync(path, 'r');
  try {
    return readRange(disk, fd, offset, size - offset);
  } finally {
    disk.closeSync(fd);
  }
}

/** Waits; false when aborted meanwhile. */
async function rest(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
    return true;
  } catch {
    return false;
  }
}
