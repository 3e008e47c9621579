import type { Disk } from './disk.ts';
import type { Lock } from './lock.ts';
import type { Head, Recorded, Seq } from './record.ts';
import type { ReserveOptions } from './reserve.ts';

/** Anything the journal can hold: a flat JSON object with a `type` and none of the envelope's names. */
export type AnyEvent = { readonly type: string };

/** Why a journal is open for reading only, and where the evidence lies. */
export type Damage = {
  readonly code: string;
  readonly message: string;
  /** The first bad record, where it can be told. */
  readonly seq: Seq | null;
  readonly file: string | null;
  readonly offset: number | null;
};

export interface AppendOptions {
  /**
   * `true` (default): resolves when the bytes are on disk. `false`: the events are given their place
   * now and ride with the next flush; nobody may act on them before that.
   */
  readonly durable?: boolean;
}

/** What can be asked of a journal, whether or not it may be written. */
export interface JournalReader<E extends AnyEvent> {
  /** The journal's own id, made with it. */
  readonly uuid: string;
  /** The last durable record. */
  readonly head: Head;
  /** Set when the journal may only be read: damage found on open, or a fence that did not lift. */
  readonly damage: Damage | null;
  /** Reads records `from`…`to` (inclusive), oldest first; each is checked and lifted to today's shape. */
  read(from?: Seq, to?: Seq): AsyncIterable<Recorded<E>>;
  /** Records as they become durable, from `from` on, for as long as the iterator is used. */
  follow(from?: Seq, signal?: AbortSignal): AsyncIterable<Recorded<E>>;
  /** Seqs of records that match, by way of the LevelDB index (waits until it has caught up). */
  find(query: Query): Promise<readonly Seq[]>;
  /** The newest valid snapshot at or before `at`, or null. */
  loadSnapshot(at?: Seq): Promise<{ readonly seq: Seq; readonly state: unknown } | null>;
  /** Throws RIPCORD_BLOB_MISSING or RIPCORD_BLOB_DAMAGED. */
  getBlob(key: string): Promise<Uint8Array>;
}

/** An append-only, ordered, hash-chained, durable list of events. One process writes it at a time. */
export interface Journal<E extends AnyEvent> extends JournalReader<E>, AsyncDisposable {
  /**
   * Records events as one batch, all or none. Concurrent calls share one flush.
   *
   * On disk on return (see `durable`). Throws RIPCORD_JOURNAL_READONLY when damaged, RIPCORD_JOURNAL_FENCED
   * when the disk refused and the fence did not lift, RIPCORD_DISK_FULL when there was no room (nothing of
   * it is recorded, and later appends may succeed), RIPCORD_RECORD_TOO_LARGE over 16 MiB.
   */
  append(events: readonly E[], options?: AppendOptions): Promise<readonly Recorded<E>[]>;
  /** Keeps a snapshot of folded state at the head. Derived data: losing it costs time only. */
  saveSnapshot(seq: Seq, state: unknown): Promise<void>;
  /** Content-addressed bytes, on disk on return. The key is `sha256:<hex>`. */
  putBlob(bytes: Uint8Array): Promise<string>;
  /** Writes the two-slot HEAD witness; called at update boundaries. */
  sealHead(): Promise<void>;
  /** Makes room for `bytes` of records that must never fail for want of space (rollback). Throws RIPCORD_DISK_FULL. */
  reserve(bytes: number): Promise<void>;
  /**
   * Gives that room up to a rollback whose undo found none. On disk on return. False if there was none
   * to give; the next `reserve` makes it again.
   */
  yieldReserve(): boolean;
  /** Stops writing, lets the index catch up, releases the lock. */
  close(): Promise<void>;
}

export type Query = {
  readonly type?: string;
  readonly update?: string;
  readonly chute?: string;
  readonly from?: Seq;
  readonly to?: Seq;
  /** Recorded at or after, and at or before, these times by the wall clock of then. */
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
};

/** Called synchronously after each flush with everything that became durable in it, in order. */
export type OnFlush<E> = (records: readonly Recorded<E>[]) => void;

/** Points at which a fault may be injected; inert unless set. K counts from 1. */
export interface JournalFaults {
  /** Before the bytes of the next flush are written. May throw (ENOSPC) or kill the process. */
  beforeFlush?(): void;
  /** Instead of, or before, the sync of the next flush. May throw (EIO). */
  beforeSync?(): void;
  /** Right after a flush reached the disk, before anybody is told. */
  afterFlush?(): void;
}

/** Wall clock, boot-monotonic clock and boot id of this machine: injected, so that tests own them. */
export interface JournalClock {
  /** ISO 8601 UTC. */
  now(): string;
  /** Milliseconds since boot. */
  up(): number;
  /** Identifies the current boot. */
  readonly boot: string;
  /** Milliseconds with fractions, for how long a flush takes. Default: `performance.now`. */
  stopwatch?(): number;
}

/** Lifts an event from the shape `v` to `v + 1`. */
export type Upcaster = (event: Record<string, unknown>) => Record<string, unknown>;

export interface JournalOptions<E extends AnyEvent> {
  /** The root directory (see docs/journal-format.md for what lies in it). */
  readonly root: string;
  readonly clock: JournalClock;
  /** What `ripcord.json` says beside the uuid when this open makes the root. */
  readonly genesis?: Readonly<Record<string, string>>;
  /** Whether a missing root is made. Default false: then RIPCORD_ROOT_MISSING. */
  readonly create?: boolean;
  /** What is told to others who find the lock held: the command line. */
  readonly command?: string;
  readonly onFlush?: OnFlush<E>;
  readonly faults?: JournalFaults;
  /** Default: the real file system. */
  readonly disk?: Disk;
  /** Today's shape version of each event type that has left 1, and how to lift what is older. */
  readonly upcasters?: Readonly<Record<string, readonly Upcaster[]>>;
  /** Takes the writer's lock. Default: a socket of this machine, see `takeLock`. */
  readonly lock?: () => Promise<Lock>;
  /** Whether a LevelDB index is kept beside the log; without it `find` reads the log. Default true. */
  readonly index?: boolean;
  /** How much room is kept back, and how free room is told. */
  readonly reserve?: ReserveOptions;
  /** Size of a segment in bytes. Default 1 MiB. */
  readonly segmentBytes?: number;
  /** Names of event fields that the index lists records under: see `Query`. */
  readonly keysOf?: (event: E) => { readonly update?: string; readonly chutes?: readonly string[] };
}
