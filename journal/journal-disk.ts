import { Appender } from './append.ts';
import { openBlobs } from './blobs.ts';
import type { Blobs } from './blobs.ts';
import { nodeDisk } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { makeDirectory } from './durable-file.ts';
import { JournalError } from './errors.ts';
import { Feed } from './feed.ts';
import { writeHead } from './head.ts';
import { EventIndex } from './index-store.ts';
import type { AnyEvent, AppendOptions, Damage, Journal, JournalOptions, Query } from './journal.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { checkLog } from './log-check.ts';
import type { LogCheck, TornTail } from './log-check.ts';
import { hashAt, readSegments } from './log-reader.ts';
import type { LogSource } from './log-reader.ts';
import { LogSink } from './log-sink.ts';
import { scanFor } from './query.ts';
import type { Head, Recorded, Seq } from './record.ts';
import { openReserve } from './reserve.ts';
import type { Reserve } from './reserve.ts';
import { makeRoot, readRoot, rootPaths } from './root.ts';
import { openWriter } from './segment-writer.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { SEGMENT_BYTES_DEFAULT } from './segment.ts';
import { loadSnapshot, saveSnapshot } from './snapshots.ts';
import { versionOf } from './upcast.ts';

/** What was found on the way in: for the opener to record, the journal itself knows no events. */
export type Opened = {
  /** Whether this open made the root. */
  readonly created: boolean;
  /** An unfinished write of an earlier run that was cut off: nobody had been told that it succeeded. */
  readonly tailCut: TornTail | null;
};

/** A journal in a directory, held by this process alone until closed. */
export interface DiskJournal<E extends AnyEvent> extends Journal<E> {
  readonly opened: Opened;
}

/**
 * Opens the journal of a root for writing. A damaged one is opened for reading only: see `damage`.
 *
 * Throws RIPCORD_ROOT_MISSING (unless `create`), RIPCORD_JOURNAL_LOCKED naming the holder,
 * RIPCORD_SCHEMA_NEWER, RIPCORD_SCHEMA_OLDER, RIPCORD_JOURNAL_DAMAGED when not even its id can be read.
 */
export async function openJournal<E extends AnyEvent>(
  options: JournalOptions<E>,
): Promise<DiskJournal<E>> {
  const { root, disk = nodeDisk, segmentBytes = SEGMENT_BYTES_DEFAULT } = options;
  if (readRoot(disk, root) === null) {
    if (options.create !== true) throw missing(root);
    makeDirectory(disk, root);
  }
  const { command = process.argv.slice(1).join(' '), clock } = options;
  const lock = await (options.lock?.() ?? takeLock(disk, root, { command, since: clock.now() }));
  try {
    const present = readRoot(disk, root);
    const { uuid } = present ?? (await makeRoot(disk, root, options.genesis ?? {}, segmentBytes));
    const check = checkLog(disk, root);
    const created = present === null;
    const place = { disk, root, segmentBytes };
    const writer = check.damage === null ? openWriter(place, check, created) : null;
    const opened = { created, tailCut: check.torn };
    return new OpenJournal(options, { uuid, disk, lock, check, writer, opened });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

type Parts = {
  readonly uuid: string;
  readonly disk: Disk;
  readonly lock: Lock;
  readonly check: LogCheck;
  readonly writer: SegmentWriter | null;
  readonly opened: Opened;
};

class OpenJournal<E extends AnyEvent> implements DiskJournal<E> {
  readonly opened: Opened;
  readonly #options: JournalOptions<E>;
  readonly #parts: Parts;
  readonly #feed = new Feed<E>();
  readonly #blobs: Blobs;
  readonly #reserve: Reserve;
  /** Null where none is kept. */
  readonly #index: EventIndex<E> | null;
  readonly #sink: LogSink | null;
  readonly #appender: Appender<E> | null;
  #closing: Promise<void> | null = null;

  constructor(options: JournalOptions<E>, parts: Parts) {
    const { disk, writer, check } = parts;
    this.#options = options;
    this.#parts = parts;
    this.opened = parts.opened;
    this.#blobs = openBlobs(disk, options.root);
    this.#reserve = openReserve(disk, options.root, options.reserve);
    const source = {
      uuid: parts.uuid,
      head: () => this.head,
      hashAt: (seq: Seq) => this.#hashAt(seq),
      read: (from: Seq, to: Seq) => this.read(from, to),
    };
    this.#index =
      options.index === false ? null : new EventIndex(options.root, source, this.#keysOf);
    this.#sink = writer && new LogSink(writer, this.#reserve);
    const upcasters = options.upcasters ?? {};
    this.#appender =
      this.#sink &&
      new Appender({
        sink: this.#sink,
        clock: options.clock,
        head: check.head,
        versionOf: (type) => versionOf(upcasters, type),
        onFlush: (records) => this.#onFlush(records),
        faults: options.faults ?? {},
        ...this.#admission(),
      });
  }

  #admission(): { readonly admission?: () => Promise<void> } {
    const index = this.#index;
    return index === null ? {} : { admission: () => index.guard() };
  }

  get uuid(): string {
    return this.#parts.uuid;
  }

  get head(): Head {
    return this.#appender?.durable ?? this.#parts.check.head;
  }

  get damage(): Damage | null {
    const failure = this.#appender?.failure;
    if (!failure || failure.code === 'RIPCORD_JOURNAL_READONLY') return this.#parts.check.damage;
    const { code, message } = failure;
    return { code, message, seq: this.head.seq + 1, file: null, offset: null };
  }

  append(events: readonly E[], options?: AppendOptions): Promise<readonly Recorded<E>[]> {
    const { damage } = this.#parts.check;
    if (!this.#appender) return Promise.reject(readOnly(damage?.message ?? 'it is damaged'));
    return this.#appender.append(events, options);
  }

  async *read(from: Seq = 1, to: Seq = this.head.seq): AsyncGenerator<Recorded<E>> {
    const last = Math.min(to, this.head.seq);
    for (const records of readSegments<E>(this.#source, Math.max(1, from), last)) {
      yield* records;
      // A long history must not keep the event loop from everything else.
      await nextTurn();
    }
  }

  follow(from: Seq = this.head.seq + 1, signal?: AbortSignal): AsyncGenerator<Recorded<E>> {
    const source = {
      head: () => this.head.seq,
      read: (first: Seq, last: Seq) => this.read(first, last),
    };
    return this.#feed.follow(source, from, signal);
  }

  find(query: Query): Promise<readonly Seq[]> {
    // What is damaged is looked up in the log itself, and its index is left for the repair to judge.
    if (this.#appender && this.#index) return this.#index.find(query);
    return scanFor(this.read(query.from, query.to), query, this.#keysOf);
  }

  async saveSnapshot(seq: Seq, state: unknown): Promise<void> {
    const hash = seq === this.head.seq ? this.head.hash : this.#hashAt(seq);
    if (hash === null)
      throw new RangeError(`cannot keep a snapshot at record ${seq}: there is none`);
    const { disk, uuid } = this.#parts;
    await saveSnapshot(disk, this.#options.root, uuid, { head: { seq, hash }, state });
  }

  loadSnapshot(at: Seq = this.head.seq): Promise<{ seq: Seq; state: unknown } | null> {
    const { disk, uuid } = this.#parts;
    const lookup = { at: Math.min(at, this.head.seq), hashAt: (seq: Seq) => this.#hashAt(seq) };
    return loadSnapshot(disk, this.#options.root, uuid, lookup);
  }

  putBlob(bytes: Uint8Array): Promise<string> {
    return this.#blobs.put(bytes);
  }

  async getBlob(key: string): Promise<Uint8Array> {
    return this.#blobs.get(key);
  }

  async sealHead(): Promise<void> {
    if (this.damage === null) this.#witness();
  }

  #witness(): void {
    if (this.head.seq === 0) return;
    try {
      writeHead(this.#parts.disk, rootPaths(this.#options.root).head, this.head);
    } catch {
      // A witness that is behind is normal: what it costs is that a lost tail shows later.
    }
  }

  async reserve(bytes: number): Promise<void> {
    await this.#reserve.reserve(bytes);
    this.#sink?.prepare();
  }

  yieldReserve(): boolean {
    return this.#reserve.release();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      const fenced = this.damage !== null;
      await this.#appender?.stop(readOnly('it is closed'));
      if (!fenced) this.#witness();
      await this.#index?.close();
      await this.#sink?.close();
    } finally {
      this.#feed.close();
      await this.#parts.lock.release();
    }
  }

  #onFlush(records: readonly Recorded<E>[]): void {
    this.#options.onFlush?.(records);
    this.#index?.add(records);
    this.#feed.publish(records);
  }

  readonly #keysOf = (
    event: E,
  ): { readonly update?: string; readonly chutes?: readonly string[] } =>
    this.#options.keysOf?.(event) ?? {};

  #hashAt(seq: Seq): string | null {
    const { head } = this;
    return seq === head.seq ? head.hash : hashAt(this.#source, seq, head.seq);
  }

  get #source(): LogSource {
    const { disk, writer, check } = this.#parts;
    const segments = writer?.segments ?? check.segments;
    const { log } = rootPaths(this.#options.root);
    return { disk, log, segments, upcasters: this.#options.upcasters ?? {} };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function missing(root: string): JournalError {
  return new JournalError('RIPCORD_ROOT_MISSING', `cannot open ${root}: there is no ripcord root`);
}

function readOnly(reason: string): JournalError {
  return new JournalError('RIPCORD_JOURNAL_READONLY', `cannot append to the journal: ${reason}`);
}
