import type { AnyEvent, Query } from './journal.ts';
import type { Recorded, Seq } from './record.ts';

/** What a record is listed under besides its type and time. */
type Keys = { readonly update?: string; readonly chutes?: readonly string[] };

/** Tells what a record is listed under. Pure. */
export type KeysOf<E> = (event: E) => Keys;

/** Milliseconds since 1970, or null for what is no date after it. Pure. */
export function timeOf(at: string): number | null {
  const time = Date.parse(at);
  return time >= 0 ? time : null;
}

/** Whether a record is among those a query asks for; `limit` and `reverse` aside. Pure. */
function matches<E extends AnyEvent>(
  record: Recorded<E>,
  query: Query,
  keysOf: KeysOf<E>,
): boolean {
  if (record.seq < (query.from ?? 0) || record.seq > (query.to ?? Infinity)) return false;
  if (query.type !== undefined && record.type !== query.type) return false;
  if (query.since !== undefined || query.until !== undefined) {
    const time = timeOf(record.at);
    const { since, until } = boundsOf(query);
    if (time === null || time < since || time > until) return false;
  }
  if (query.update === undefined && query.chute === undefined) return true;
  const { update, chutes } = keysOf(record);
  if (query.update !== undefined && update !== query.update) return false;
  return query.chute === undefined || (chutes?.includes(query.chute) ?? false);
}

/** Orders and limits the seqs that match, given oldest first. Pure. */
export function pick(seqs: readonly Seq[], query: Query): readonly Seq[] {
  const ordered = query.reverse === true ? seqs.toReversed() : seqs;
  return query.limit === undefined ? ordered : ordered.slice(0, Math.max(0, query.limit));
}

/** The seqs a query asks for, found by looking at every record. */
export async function scanFor<E extends AnyEvent>(
  records: AsyncIterable<Recorded<E>>,
  query: Query,
  keysOf: KeysOf<E>,
): Promise<readonly Seq[]> {
  const seqs: Seq[] = [];
  const enough = query.reverse === true ? Infinity : (query.limit ?? Infinity);
  for await (const record of records) {
    if (seqs.length >= enough) break;
    if (matches(record, query, keysOf)) seqs.push(record.seq);
  }
  return pick(seqs, query);
}

/** The times a query asks for, both inclusive. What is no date bounds nothing. Pure. */
export function boundsOf(query: Query): { readonly since: number; readonly until: number } {
  return {
    since: (query.since === undefined ? null : timeOf(query.since)) ?? 0,
    until: (query.until === undefined ? null : timeOf(query.until)) ?? Infinity,
  };
}
