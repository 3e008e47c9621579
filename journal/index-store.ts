import { join } from 'node:path';

import { JournalError } from './errors.ts';
import { entriesFor, MARKER_KEY, RUN_SPAN_MAX } from './index-keys.ts';
import { type Db, isLocked, openLevel, removeLevel } from './index-level.ts';
import { isSealed, sealIndex, unsealIndex } from './index-seal.ts';
import { searchIndex } from './index-search.ts';
import type { AnyEvent, Query } from './journal.ts';
import { type KeysOf, pick, scanFor } from './query.ts';
import { type Head, NO_HASH, type Recorded, type Seq } from './record.ts';

/** The form of the entries: another one is not read but rebuilt. */
const LAYOUT = 1;
/** How long the log has to be quiet before its records are indexed, and how many make it wait no longer. */
const DELAY_MS = 100;
const QUEUE_LONG = 5000;
/** Records held for the index; what is beyond is read from the log again. */
const QUEUE_MAX = 10_000;
/** How far behind the index may be for a close to wait until it has caught up. */
const BEHIND_AT_CLOSE_MAX = 20_000;

/** The log an index is of. */
export interface IndexSource<E extends AnyEvent> {
  readonly uuid: string;
  /** The last durable record. */
  head(): Head;
  hashAt(seq: Seq): string | null | Promise<string | null>;
  /** Records `from`…`to`, checked, oldest first. */
  read(from: Seq, to: Seq): AsyncIterable<Recorded<E>>;
}

/**
 * The LevelDB index over a log, in `ROOT/index`: never trusted over the log, deleted and rebuilt
 * whenever the two may differ. Only who holds the writer lock may use it.
 *
 *     closed ──guard, find──▶ open ──write failed──▶ unusable (answers are looked up in the log)
 */
export class EventIndex<E extends AnyEvent> {
  readonly #directory: string;
  readonly #source: IndexSource<E>;
  readonly #keysOf: KeysOf<E>;
  #opening: Promise<void> | null = null;
  #db: Db | null = null;
  /** The record up to which the index is complete. */
  #marker: Head = { seq: 0, hash: NO_HASH };
  #queue: Recorded<E>[] = [];
  #draining: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closing: 'no' | 'soon' | 'now' = 'no';
  #failure: unknown = null;

  /** Touches nothing yet. */
  constructor(root: string, source: IndexSource<E>, keysOf: KeysOf<E>) {
    this.#directory = join(root, 'index');
    this.#source = source;
    this.#keysOf = keysOf;
  }

  /** Why the index cannot be used, or null. The journal works without it. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Takes LevelDB's own lock, which is the second guard against two writers, and opens the index.
   * Safe to repeat. Throws RIPCORD_JOURNAL_LOCKED when another process has it open.
   */
  guard(): Promise<void> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Takes note of records that have become durable. Returns at once; they are written later. */
  add(records: readonly Recorded<E>[]): void {
    if (this.#failure !== null || this.#closing !== 'no') return;
    for (const record of records) this.#queue.push(record);
    if (this.#queue.length > QUEUE_MAX) this.#queue = [];
    if (this.#db !== null && this.#draining === null) this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    if (this.#timer !== null) {
      // LevelDB's writes make the log's own flushes slower: 240 µs against 180 µs. So they wait.
      if (this.#queue.length < QUEUE_LONG) this.#timer.refresh();
      return;
    }
    this.#timer = setTimeout(() => void this.#drain(), DELAY_MS);
    this.#timer.unref();
  }

  /** Seqs of records that match, once everything durable by now is indexed. */
  async find(query: Query): Promise<readonly Seq[]> {
    await this.guard();
    const to = this.#source.head().seq;
    await this.#catchUpWith(to);
    const last = Math.min(to, Math.floor(query.to ?? to));
    const range = { from: Math.max(1, Math.ceil(query.from ?? 1)), to: last };
    if (range.from > range.to) return [];
    if (this.#db !== null && this.#marker.seq >= to) {
      try {
        return pick(await searchIndex(this.#db, query, range), query);
      } catch (error) {
        await this.#giveUp(error);
      }
    }
    return await scanFor(this.#source.read(range.from, range.to), query, this.#keysOf);
  }

  /** Lets the index catch up, unless it is far behind, and gives up LevelDB's lock. Safe to repeat. */
  async close(): Promise<void> {
    if (this.#closing !== 'no' || this.#opening === null) return;
    this.#closing = 'soon';
    await this.#opening.catch(() => {});
    if (this.#source.head().seq - this.#marker.seq > BEHIND_AT_CLOSE_MAX) this.#closing = 'now';
    await this.#catchUpWith(this.#source.head().seq);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const db = this.#db;
    this.#db = null;
    if (db === null) return;
    try {
      await db.close();
      await sealIndex(this.#directory);
    } catch {
      // Without its seal the index is rebuilt by who comes next.
    }
  }

  async #catchUpWith(to: Seq): Promise<void> {
    while (this.#db !== null && this.#closing !== 'now' && this.#marker.seq < to) {
      // oxlint-disable-next-line no-await-in-loop -- a drain that is under way may have begun before
      await this.#drain();
    }
  }

  async #open(): Promise<void> {
    try {
      if (!(await isSealed(this.#directory))) await removeLevel(this.#directory);
      await unsealIndex(this.#directory);
      this.#db = await openLevel(this.#directory);
      const marker = await this.#readMarker(this.#db);
      if (marker === null) {
        await this.#db.close();
        await removeLevel(this.#directory);
        this.#db = await openLevel(this.#directory);
      } else {
        this.#marker = marker;
      }
    } catch (error) {
      if (isLocked(error)) throw locked(this.#directory, error);
      await this.#giveUp(error);
      return;
    }
    void this.#drain();
  }

  /** The marker, or null where it does not fit the log. */
  async #readMarker(db: Db): Promise<Head | null> {
    const text: string | undefined = await db.get(MARKER_KEY);
    if (text === undefined) return null;
    const [layout, uuid, seq, hash]: unknown[] = text.split(' ');
    const found = Number(seq);
    if (layout !== String(LAYOUT) || uuid !== this.#source.uuid) return null;
    if (found > this.#source.head().seq) return null;
    if (typeof hash !== 'string' || (await this.#source.hashAt(found)) !== hash) return null;
    return { seq: found, hash };
  }

  /** Indexes what is durable by now; one at a time, and nobody but `find` and `close` waits. */
  #drain(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#draining ??= this.#catchUp()
      .catch((error: unknown) => this.#giveUp(error))
      .finally(() => {
        this.#draining = null;
        if (this.#db !== null && this.#queue.length > 0) this.#waitForQuiet();
      });
    return this.#draining;
  }

  async #catchUp(): Promise<void> {
    // No further: in a busy log it would never end.
    const to = this.#source.head().seq;
    while (this.#db !== null && this.#closing !== 'now' && this.#marker.seq < to) {
      const run = this.#takeQueued(to);
      // oxlint-disable-next-line no-await-in-loop -- in order, one write at a time
      await (run.length > 0 ? this.#write(this.#db, run) : this.#readLog(this.#db, to));
    }
  }

  /** The records behind the marker, if they are still held. */
  #takeQueued(to: Seq): Recorded<E>[] {
    const next = this.#marker.seq + 1;
    const stale = this.#queue.findIndex((record) => record.seq >= next);
    if (stale !== 0) this.#queue.splice(0, stale < 0 ? this.#queue.length : stale);
    if (this.#queue[0]?.seq !== next) return [];
    return this.#queue.splice(0, Math.min(RUN_SPAN_MAX, to - next + 1));
  }

  async #readLog(db: Db, head: Seq): Promise<void> {
    const from = this.#marker.seq + 1;
    const to = Math.min(head, (this.#queue[0]?.seq ?? Infinity) - 1);
    let run: Recorded<E>[] = [];
    for await (const record of this.#source.read(from, to)) {
      run.push(record);
      if (run.length < RUN_SPAN_MAX) continue;
      await this.#write(db, run);
      run = [];
      if (this.#closing === 'now') return;
    }
    if (run.length > 0) await this.#write(db, run);
    if (this.#marker.seq < to) throw new Error(`the log gave no record ${this.#marker.seq + 1}`);
  }

  async #write(db: Db, run: readonly Recorded<E>[]): Promise<void> {
    const last = run[run.length - 1];
    if (last === undefined) return;
    const marker = { seq: last.seq, hash: last.hash };
    const value = [LAYOUT, this.#source.uuid, marker.seq, marker.hash].join(' ');
    const puts = entriesFor(run, this.#keysOf);
    await db.batch([...puts, { type: 'put', key: MARKER_KEY, value }]);
    this.#marker = marker;
  }

  /** After one failed write LevelDB acknowledges what it will lose: nothing more goes to that handle. */
  async #giveUp(error: unknown): Promise<void> {
    this.#failure ??= error;
    this.#queue = [];
    const db = this.#db;
    this.#db = null;
    try {
      await db?.close();
    } catch {
      // There is nothing left to lose in it.
    }
  }
}

function locked(directory: string, cause: unknown): JournalError {
  return new JournalError(
    'RIPCORD_JOURNAL_LOCKED',
    `cannot open ${directory}: another process has it open`,
    { cause },
  );
}
