/**
 * Group commit. Batches get their place in the chain when they are appended, wait for one another until
 * the end of the turn, and go to disk together as one write and one sync.
 *
 * Invariant (the fence): after a rejected write or sync nothing more is written and nobody is told
 * anything until the sink has found out what is on disk.
 */
import { encodeBatch } from './chain.ts';
import type { EncodedBatch } from './chain.ts';
import { JournalError } from './errors.ts';
import type { AnyEvent, AppendOptions, JournalClock, JournalFaults, OnFlush } from './journal.ts';
import { FlushPace, type Moment, momentOf } from './pace.ts';
import type { Head, Recorded, Seq } from './record.ts';

/** Where flushes go. */
export interface FlushSink {
  /** Bytes of whole batches that still fit without `makeRoom`. */
  readonly room: number;
  /** Makes room for a batch of that size, which begins with record `first`. */
  makeRoom(bytes: number, first: Seq): void;
  write(bytes: Uint8Array): void;
  sync(): void;
  writeInPool(bytes: Uint8Array): Promise<void>;
  /** The bytes are durable and count. */
  accept(bytes: number): void;
  /** After a failure: see `Recovery`. Never throws. */
  recover(failure: FlushFailure, head: Head, bytes: Uint8Array): Recovery;
}

export type FlushFailure = { readonly stage: 'room' | 'write' | 'sync'; readonly cause: unknown };

/**
 * `written`: the bytes are on disk after all. `refused`: nothing of them is and later ones may succeed.
 * `lost`: it cannot be known, nothing more may be written.
 */
export type Recovery = 'written' | 'refused' | 'lost';

export interface AppenderOptions<E extends AnyEvent> {
  readonly sink: FlushSink;
  readonly clock: JournalClock;
  readonly head: Head;
  readonly versionOf: (type: string) => number;
  readonly onFlush: OnFlush<E>;
  readonly faults: JournalFaults;
  /** Awaited before the first flush: what else has to agree that this is the only writer. */
  readonly admission?: () => Promise<void>;
}

type Waiting<E> = EncodedBatch<E> & {
  readonly first: Seq;
  readonly settle: ((error: unknown) => void) | null;
};

const FLUSH_BYTES_MAX = 4 * 1024 * 1024;

export class Appender<E extends AnyEvent> {
  readonly #options: AppenderOptions<E>;
  readonly #pace = new FlushPace();
  /** The last durable record, and the last one that has its place. */
  #durable: Head;
  #head: Head;
  #waiting: Waiting<E>[] = [];
  #busy = false;
  #scheduled = false;
  #admitted = false;
  #failure: JournalError | null = null;
  #idle: (() => void)[] = [];

  constructor(options: AppenderOptions<E>) {
    this.#options = options;
    this.#durable = options.head;
    this.#head = options.head;
    this.#admitted = options.admission === undefined;
  }

  get durable(): Head {
    return this.#durable;
  }

  /** Why nothing more can be written, or null. */
  get failure(): JournalError | null {
    return this.#failure;
  }

  append(events: readonly E[], options: AppendOptions = {}): Promise<readonly Recorded<E>[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (events.length === 0) return Promise.resolve([]);
    try {
      const batch = this.#encode(events);
      if (options.durable === false) {
        this.#waiting.push({ ...batch, settle: null });
        return Promise.resolve(batch.records);
      }
      return new Promise((resolve, reject) => {
        const settle = (error: unknown): void => {
          if (error === null) resolve(batch.records);
          else reject(error);
        };
        this.#waiting.push({ ...batch, settle });
        this.#schedule();
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Flushes what still rides along, then refuses everything with `reason`. */
  async stop(reason: JournalError): Promise<void> {
    if (this.#waiting.length > 0 && !this.#failure) this.#schedule();
    if (this.#busy || this.#scheduled) await new Promise<void>((idle) => this.#idle.push(idle));
    this.#failure ??= reason;
  }

  #encode(events: readonly E[]): EncodedBatch<E> & { readonly first: Seq } {
    const { clock, versionOf } = this.#options;
    const stamp = {
      synced: this.#durable.seq,
      at: clock.now(),
      boot: clock.boot,
      up: clock.up(),
    };
    const first = this.#head.seq + 1;
    const batch = encodeBatch(events, this.#head, stamp, versionOf);
    this.#head = batch.head;
    return { ...batch, first };
  }

  /**
   * At the end of the turn: whatever other lanes append until then shares the flush. (Not a microtask:
   * that would part lanes that await a different number of times.)
   */
  #schedule(): void {
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#admitted) this.#flush();
      else void this.#admitThenFlush();
    });
  }

  async #admitThenFlush(): Promise<void> {
    this.#busy = true;
    try {
      await this.#options.admission?.();
      this.#admitted = true;
      this.#busy = false;
      this.#flush();
    } catch (error) {
      this.#fail(asFenced(error), this.#waiting.splice(0));
      this.#rest();
    }
  }

  #flush(): void {
    const { sink, faults } = this.#options;
    const batches: Waiting<E>[] = [];
    let bytes: Uint8Array = new Uint8Array(0);
    let stage: FlushFailure['stage'] = 'room';
    const started = momentOf(this.#options.clock);
    try {
      this.#makeRoom();
      batches.push(...this.#take());
      bytes = joined(batches);
      stage = 'write';
      faults.beforeFlush?.();
      if (this.#pace.slow) {
        void this.#flushInPool(batches, bytes, started);
        return;
      }
      sink.write(bytes);
      stage = 'sync';
      faults.beforeSync?.();
      sink.sync();
    } catch (cause) {
      this.#recover({ stage, cause }, batches, bytes);
      return;
    }
    this.#notePace(started);
    this.#acknowledge(batches, bytes);
    this.#rest();
  }

  async #flushInPool(
    batches: readonly Waiting<E>[],
    bytes: Uint8Array,
    started: Moment,
  ): Promise<void> {
    this.#busy = true;
    const { sink, faults } = this.#options;
    try {
      faults.beforeSync?.();
      await sink.writeInPool(bytes);
    } catch (cause) {
      this.#recover({ stage: 'sync', cause }, batches, bytes);
      return;
    }
    this.#notePace(started);
    this.#acknowledge(batches, bytes);
    this.#rest();
  }

  #notePace(started: Moment): void {
    const { ms, up } = momentOf(this.#options.clock);
    this.#pace.note(ms - started.ms, up - started.up);
  }

  #makeRoom(): void {
    const [next] = this.#waiting;
    const { sink } = this.#options;
    if (next && next.bytes.length > sink.room) sink.makeRoom(next.bytes.length, next.first);
  }

  /** The batches of the next flush: whole ones, as many as fit into the segment. */
  #take(): Waiting<E>[] {
    const limit = Math.min(this.#options.sink.room, FLUSH_BYTES_MAX);
    let total = 0;
    let count = 0;
    for (const { bytes } of this.#waiting) {
      if (count > 0 && total + bytes.length > limit) break;
      total += bytes.length;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #acknowledge(batches: readonly Waiting<E>[], bytes: Uint8Array): void {
    const { sink, faults, onFlush } = this.#options;
    sink.accept(bytes.length);
    this.#durable = batches.at(-1)?.head ?? this.#durable;
    try {
      faults.afterFlush?.();
      const [only] = batches;
      onFlush(only && batches.length === 1 ? only.records : batches.flatMap((b) => b.records));
    } catch (error) {
      // State no longer follows the journal: going on would decide on something else than is recorded.
      this.#fail(asFenced(error), batches);
      return;
    }
    for (const { settle } of batches) settle?.(null);
  }

  /** Behind the fence: ask the sink what is on disk, then go on, go back or stop. */
  #recover(failure: FlushFailure, batches: readonly Waiting<E>[], bytes: Uint8Array): void {
    const { sink } = this.#options;
    const outcome = sink.recover(failure, this.#durable, bytes);
    if (outcome === 'written') {
      if (batches.length > 0) this.#acknowledge(batches, bytes);
    } else if (outcome === 'refused') {
      this.#head = this.#durable;
      const error = full(failure.cause);
      for (const { settle } of [...batches, ...this.#waiting.splice(0)]) settle?.(error);
    } else {
      this.#fail(asFenced(failure.cause), batches);
    }
    this.#rest();
  }

  #fail(error: JournalError, batches: readonly Waiting<E>[]): void {
    this.#failure = error;
    for (const { settle } of [...batches, ...this.#waiting.splice(0)]) settle?.(error);
  }

  #rest(): void {
    this.#busy = false;
    const riders = this.#idle.length > 0;
    if (this.#waiting.some(({ settle }) => riders || settle !== null)) {
      this.#schedule();
      return;
    }
    for (const idle of this.#idle.splice(0)) idle();
  }
}

function joined(batches: readonly { readonly bytes: Uint8Array }[]): Uint8Array {
  const [first] = batches;
  if (first && batches.length === 1) return first.bytes;
  return Buffer.concat(batches.map(({ bytes }) => bytes));
}

function full(cause: unknown): JournalError {
  return new JournalError('RIPCORD_DISK_FULL', 'cannot append to the journal: no space left', {
    cause,
  });
}

function asFenced(cause: unknown): JournalError {
  if (cause instanceof JournalError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new JournalError('RIPCORD_JOURNAL_FENCED', `cannot append to the journal: ${reason}`, {
    cause,
  });
}
