/** The place of a record in the journal: 1, 2, 3, … without gaps. */
export type Seq = number;

/** The end of a journal: its last record. `seq` 0 and a hash of zeros stand for an empty one. */
export type Head = { readonly seq: Seq; readonly hash: string };

/** The hash that stands before the first record. */
export const NO_HASH: string = '0'.repeat(64);

/** What the journal adds to an event when it records it. No event may use these names. */
export type Envelope = {
  readonly seq: Seq;
  /** The last `seq` of the batch this record was appended with: a batch is all or nothing. */
  readonly end: Seq;
  /** The highest `seq` that was known to be on disk when this record was written. */
  readonly synced: Seq;
  /** The hash of the record before this one. */
  readonly prev: string;
  /** ISO 8601, UTC. For people to read; order comes from `seq` alone. */
  readonly at: string;
  /** The boot of the machine on which it was recorded. */
  readonly boot: string;
  /** Milliseconds since that boot: the clock for deadlines, because the date may jump. */
  readonly up: number;
  /** The version of the event's shape: older shapes are lifted on read. */
  readonly v: number;
  /** SHA-256 over `prev` and the exact bytes of the rest of the record, in hex. */
  readonly hash: string;
};

/** An event as the journal holds it: the event itself plus where and when it was recorded. */
export type Recorded<E> = E & Envelope;
