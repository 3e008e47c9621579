import { Appender } from './append.ts';
import type { FlushSink } from './append.ts';
import { sha256, NEWLINE, parseRecord } from './chain.ts';
import { JournalError } from './errors.ts';
import { Feed } from './feed.ts';
import type { AnyEvent, AppendOptions, Damage, Journal, JournalOptions, Query } from './journal.ts';
import { scanFor } from './query.ts';
import { NO_HASH } from './record.ts';
import type { Head, Recorded, Seq } from './record.ts';
import { lift, versionOf } from './upcast.ts';
import type { RawRecord } from './upcast.ts';

export type MemoryJournalOptions<E extends AnyEvent> = Pick<
  JournalOptions<E>,
  'clock' | 'faults' | 'keysOf' | 'onFlush' | 'upcasters'
> & {
  readonly uuid?: string;
  /** The state before its first record, as its snapshot at 0: what it tells begins on top of it. */
  readonly before?: unknown;
};

/** The journal's contract in memory: the same records and chain, nothing outlives the process. */
export function memoryJournal<E extends AnyEvent>(options: MemoryJournalOptions<E>): Journal<E> {
  return new MemoryJournal(options);
}

class MemoryJournal<E extends AnyEvent> implements Journal<E> {
  readonly uuid: string;
  readonly #options: MemoryJournalOptions<E>;
  readonly #sink = new MemorySink();
  readonly #feed = new Feed<E>();
  readonly #appender: Appender<E>;
  readonly #snapshots = new Map<Seq, string>();
  readonly #blobs = new Map<string, Uint8Array>();

  constructor(options: MemoryJournalOptions<E>) {
    this.uuid = options.uuid ?? 'memory';
    if (options.before !== undefined) this.#snapshots.set(0, JSON.stringify(options.before));
    this.#options = options;
    this.#appender = new Appender({
      sink: this.#sink,
      clock: options.clock,
      head: { seq: 0, hash: NO_HASH },
      versionOf: (type) => versionOf(options.upcasters ?? {}, type),
      onFlush: (records) => {
        options.onFlush?.(records);
        this.#feed.publish(records);
      },
      faults: options.faults ?? {},
    });
  }

  get head(): Head {
    return this.#appender.durable;
  }

  get damage(): Damage | null {
    const { failure } = this.#appender;
    if (!failure || failure.code === 'RIPCORD_JOURNAL_READONLY') return null;
    const { code, message } = failure;
    return { code, message, seq: this.head.seq + 1, file: null, offset: null };
  }

  append(events: readonly E[], options?: AppendOptions): Promise<readonly Recorded<E>[]> {
    return this.#appender.append(events, options);
  }

  async *read(from: Seq = 1, to: Seq = this.head.seq): AsyncGenerator<Recorded<E>> {
    const last = Math.min(to, this.head.seq);
    for (let seq = Math.max(1, from); seq <= last; seq += 1) yield this.#recordAt(seq);
  }

  follow(from: Seq = this.head.seq + 1, signal?: AbortSignal): AsyncGenerator<Recorded<E>> {
    const source = {
      head: () => this.head.seq,
      read: (first: Seq, last: Seq) => this.read(first, last),
    };
    return this.#feed.follow(source, from, signal);
  }

  find(query: Query): Promise<readonly Seq[]> {
    const keysOf = this.#options.keysOf ?? (() => ({}));
    return scanFor(this.read(query.from, query.to), query, keysOf);
  }

  async saveSnapshot(seq: Seq, state: unknown): Promise<void> {
    if (seq < 1 || seq > this.head.seq) {
      throw new RangeError(`cannot keep a snapshot at record ${seq}: there is none`);
    }
    this.#snapshots.set(seq, JSON.stringify(state ?? null));
  }

  async loadSnapshot(at: Seq = this.head.seq): Promise<{ seq: Seq; state: unknown } | null> {
    const seq = Math.max(0, ...[...this.#snapshots.keys()].filter((kept) => kept <= at));
    const json = this.#snapshots.get(seq);
    return json === undefined ? null : { seq, state: JSON.parse(json) };
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    const key = `sha256:${sha256(bytes)}`;
    this.#blobs.set(key, bytes.slice());
    return key;
  }

  async getBlob(key: string): Promise<Uint8Array> {
    const bytes = this.#blobs.get(key);
    if (bytes) return bytes.slice();
    throw new JournalError('RIPCORD_BLOB_MISSING', `cannot read blob ${key}: it is missing`);
  }

  async sealHead(): Promise<void> {}

  async reserve(): Promise<void> {}

  yieldReserve(): boolean {
    return false;
  }

  async close(): Promise<void> {
    const reason = 'cannot append to the journal: it is closed';
    await this.#appender.stop(new JournalError('RIPCORD_JOURNAL_READONLY', reason));
    this.#feed.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #recordAt(seq: Seq): Recorded<E> {
    const line = this.#sink.lines[seq - 1];
    if (!line) throw new RangeError(`cannot read record ${seq}: there is none`);
    const raw: Recorded<E> & RawRecord = parseRecord<E & { readonly type: string }>(line);
    return lift(raw, this.#options.upcasters ?? {});
  }
}

/** Keeps lines as a disk would, so that what is read has been through JSON. */
class MemorySink implements FlushSink {
  readonly room = Infinity;
  readonly lines: Uint8Array[] = [];
  #written: Uint8Array = new Uint8Array(0);

  makeRoom(): void {}

  write(bytes: Uint8Array): void {
    this.#written = bytes;
  }

  sync(): void {}

  async writeInPool(bytes: Uint8Array): Promise<void> {
    this.#written = bytes;
  }

  accept(): void {
    let start = 0;
    while (start < this.#written.length) {
      const stop = this.#written.indexOf(NEWLINE, start);
      this.lines.push(this.#written.subarray(start, stop));
      start = stop + 1;
    }
  }

  /** Memory forgets nothing and never fills up: whatever was injected has passed. */
  recover(_failure: unknown, _head: Head, bytes: Uint8Array): 'written' {
    this.#written = bytes;
    return 'written';
  }
}
