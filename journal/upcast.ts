import { JournalError } from './errors.ts';
import type { Upcaster } from './journal.ts';
import type { Envelope } from './record.ts';

/** How to lift old shapes of each event type: the n-th upcaster lifts shape n to shape n + 1. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/** A record as parsed from the log, before its shape is known. */
export type RawRecord = Envelope & { readonly type: string };

/** Today's shape version of an event type. Pure. */
export function versionOf(upcasters: Upcasters, type: string): number {
  return 1 + ladderOf(upcasters, type).length;
}

/**
 * The record in today's shape; the same object where it already has it. Its envelope stays as it was
 * written, except `v`. Pure.
 *
 * Throws RIPCORD_SCHEMA_NEWER when a newer program wrote it.
 */
export function lift<R extends RawRecord>(record: R, upcasters: Upcasters): R {
  const ladder = ladderOf(upcasters, record.type);
  const current = 1 + ladder.length;
  if (record.v === current) return record;
  if (!(Number.isInteger(record.v) && record.v >= 1 && record.v < current)) {
    throw new JournalError(
      'RIPCORD_SCHEMA_NEWER',
      `cannot read record ${record.seq}: ${record.type} has shape ${record.v}, this program knows 1 to ${current}`,
      { details: { seq: record.seq, type: record.type, v: record.v, known: current } },
    );
  }
  const { seq, end, synced, prev, at, boot, up, v, hash, ...event } = record;
  const envelope = { seq, end, synced, prev, at, boot, up, v: current, hash };
  const lifted = ladder
    .slice(v - 1)
    .reduce<Record<string, unknown>>((shape, step) => step(shape), event);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the ladder knows that its top is today's shape
  return { ...envelope, ...lifted, type: record.type, ...envelope } as unknown as R;
}

function ladderOf(upcasters: Upcasters, type: string): readonly Upcaster[] {
  // An event type could be called like a method of every object.
  return Object.hasOwn(upcasters, type) ? (upcasters[type] ?? []) : [];
}
