/**
 * What lies in `index/`. All keys are text of fixed width where they count:
 *
 *     e!<seq>                     the first 16 digits of the record's hash
 *     t!<type>!<seq>              postings: records of that type
 *     u!<update>!<seq>            … of that update
 *     c!<chute>!<seq>             … of that chute
 *     d!<minute>!<seq>            … of that minute since 1970, each with its milliseconds
 *     m!marker                    the record up to which all of this is complete
 *
 * Postings are runs: the seqs of one batch of writes, as differences, under the last of them. A run
 * therefore spans less than RUN_SPAN_MAX seqs, and runs of one name never overlap.
 */
import type { AnyEvent } from './journal.ts';
import { type KeysOf, timeOf } from './query.ts';
import type { Recorded, Seq } from './record.ts';

/** The most records that are indexed with one write. */
export const RUN_SPAN_MAX = 1000;

export const MARKER_KEY = 'm!marker';

const MINUTE_MS = 60_000;
const MINUTE_DIGITS = 12;
const SEQ_DIGITS = 16;

export type Put = { readonly type: 'put'; readonly key: string; readonly value: string };

/** A range of keys, and what to keep of what is found there. */
export type KeyRange = { readonly gte: string; readonly lt: string };

/** The name under which runs lie. */
export type Posting = 'type' | 'update' | 'chute';

const PREFIX: Readonly<Record<Posting, string>> = { type: 't', update: 'u', chute: 'c' };

/** All entries for records that follow one another, RUN_SPAN_MAX at most. Pure. */
export function entriesFor<E extends AnyEvent>(
  records: readonly Recorded<E>[],
  keysOf: KeysOf<E>,
): Put[] {
  const puts: Put[] = [];
  const types = new Runs();
  const updates = new Runs();
  const ofChutes = new Runs();
  const minutes = new Runs<number>();
  for (const record of records) {
    const { seq } = record;
    puts.push({ type: 'put', key: eventKey(seq), value: record.hash.slice(0, 16) });
    types.add(record.type, seq);
    const { update, chutes } = keysOf(record);
    if (update !== undefined) updates.add(update, seq);
    if (chutes !== undefined) for (const chute of new Set(chutes)) ofChutes.add(chute, seq);
    const time = timeOf(record.at);
    if (time !== null) minutes.add(Math.floor(time / MINUTE_MS), seq, time % MINUTE_MS);
  }
  return [
    ...puts,
    ...types.puts((type) => nameOf('type', type)),
    ...updates.puts((update) => nameOf('update', update)),
    ...ofChutes.puts((chute) => nameOf('chute', chute)),
    ...minutes.puts(minuteName),
  ];
}

/** The runs of one posting, by what is posted: names are made once a run, not once a record. */
class Runs<K = string> {
  readonly #runs = new Map<K, { last: Seq; readonly values: number[] }>();

  add(key: K, seq: Seq, extra?: number): void {
    const run = this.#runs.get(key);
    if (run) {
      run.values.push(seq - run.last);
      run.last = seq;
    } else this.#runs.set(key, { last: seq, values: [seq] });
    if (extra !== undefined) this.#runs.get(key)?.values.push(extra);
  }

  puts(nameOfKey: (key: K) => string): readonly Put[] {
    return [...this.#runs].map(([key, { last, values }]) => ({
      type: 'put',
      key: nameOfKey(key) + digits(last),
      value: values.join(','),
    }));
  }
}

/** The keys of records by seq. Pure. */
export function eventRange(from: Seq, to: Seq): KeyRange {
  return { gte: eventKey(from), lt: eventKey(to + 1) };
}

/** The seq of a key made by `eventRange`. Pure. */
export function seqOfEventKey(key: string): Seq {
  return Number(key.slice(2));
}

/** The keys of all runs of a name that may hold a seq of `from`…`to`. Pure. */
export function runRange(posting: Posting, value: string, from: Seq, to: Seq): KeyRange {
  const name = nameOf(posting, value);
  return { gte: name + digits(from), lt: name + digits(to + RUN_SPAN_MAX) };
}

/** The keys of all runs of the minutes that times from `since` to `until` lie in. Pure. */
export function minuteRange(since: number, until: number): KeyRange {
  const last = Math.min(Math.floor(until / MINUTE_MS), 10 ** MINUTE_DIGITS - 2);
  return { gte: minuteName(Math.floor(since / MINUTE_MS)), lt: minuteName(last + 1) };
}

/** The seqs of a run, oldest first. Pure. */
export function decodeRun(value: string): Seq[] {
  let seq = 0;
  return value.split(',').map((step) => (seq += Number(step)));
}

/** The seqs of a minute's run with their times, oldest first. Pure. */
export function decodeMinute(key: string, value: string): { seq: Seq; time: number }[] {
  const start = Number(key.slice(2, 2 + MINUTE_DIGITS)) * MINUTE_MS;
  const numbers = value.split(',').map(Number);
  const found: { seq: Seq; time: number }[] = [];
  let seq = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    seq += numbers[at] ?? 0;
    found.push({ seq, time: start + (numbers[at + 1] ?? 0) });
  }
  return found;
}

function nameOf(posting: Posting, value: string): string {
  // As JSON escapes it, so that no value contains the mark that ends it and none is lost in UTF-8.
  const escaped = JSON.stringify(value)
    .slice(1, -1)
    .replaceAll('!', String.raw`\u0021`);
  return `${PREFIX[posting]}!${escaped}!`;
}

function minuteName(minute: number): string {
  return `d!${String(minute).padStart(MINUTE_DIGITS, '0')}!`;
}

function eventKey(seq: Seq): string {
  return `e!${digits(seq)}`;
}

function digits(seq: Seq): string {
  return String(seq).padStart(SEQ_DIGITS, '0');
}
