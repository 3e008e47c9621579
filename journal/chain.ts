/**
 * One record is one line: `{"seq","end","synced","prev","at","boot","up","v",…event…,"hash"}`.
 *
 * Invariants: `hash` is SHA-256 over every byte of the line before `,"hash":`, and `prev` is among
 * those bytes, so a line can be checked alone and the lines as a chain. The first four names always
 * come first and in this order: a scan reads them without parsing the rest.
 */
import { hash as digest } from 'node:crypto';

import { JournalError } from './errors.ts';
import type { AnyEvent } from './journal.ts';
import type { Envelope, Head, Recorded, Seq } from './record.ts';

/** The largest batch, as bytes of its lines. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** The byte that ends a line, and that free space in a segment consists of. */
export const NEWLINE = 0x0a;

const HASH_INTRO = ',"hash":"';
/** `,"hash":"` + 64 hex digits + `"}`: always the same length, so the hashed part needs no search. */
const HASH_PART_BYTES = HASH_INTRO.length + 64 + 2;
const HEADER = /^\{"seq":(\d{1,16}),"end":(\d{1,16}),"synced":(\d{1,16}),"prev":"([0-9a-f]{64})",/;
/** No header is longer: three numbers of 16 digits, a hash and the names. */
const HEADER_BYTES_MAX = 160;
const ENVELOPE_NAMES: readonly (keyof Envelope)[] = [
  'seq',
  'end',
  'synced',
  'prev',
  'at',
  'boot',
  'up',
  'v',
  'hash',
];

/** What a checked line says of its place in the journal. */
export type LinePlace = {
  readonly seq: Seq;
  readonly end: Seq;
  readonly synced: Seq;
  readonly prev: string;
  readonly hash: string;
};

/** A line that may be trusted, or why not. */
export type LineCheck =
  | { readonly ok: true; readonly place: LinePlace }
  | { readonly ok: false; readonly reason: string };

/** What all records of one batch share. */
export type BatchStamp = {
  readonly synced: Seq;
  readonly at: string;
  readonly boot: string;
  readonly up: number;
};

/** A batch ready to be written: its records, their lines as one run of bytes, and the new head. */
export type EncodedBatch<E> = {
  readonly records: readonly Recorded<E>[];
  readonly bytes: Buffer;
  readonly head: Head;
};

/** SHA-256 in hex. Pure. */
export function sha256(data: string | Uint8Array): string {
  return digest('sha256', data, 'hex');
}

/**
 * The line of one event (without its newline) and its hash. Pure.
 *
 * Throws TypeError when the event is no JSON object or uses a name of the envelope.
 */
function encodeRecord(
  event: AnyEvent,
  envelope: Omit<Envelope, 'hash'>,
): { readonly line: string; readonly hash: string } {
  for (const name of ENVELOPE_NAMES) {
    if (Object.hasOwn(event, name)) {
      throw new TypeError(`cannot record ${event.type}: an event may not have a field "${name}"`);
    }
  }
  const json = JSON.stringify(event);
  if (json.length < 3 || !json.startsWith('{')) {
    throw new TypeError('cannot record an event that is no JSON object');
  }
  const { seq, end, synced, prev, up, v } = envelope;
  const at = JSON.stringify(envelope.at);
  const boot = JSON.stringify(envelope.boot);
  const body =
    `{"seq":${seq},"end":${end},"synced":${synced},"prev":"${prev}",` +
    `"at":${at},"boot":${boot},"up":${up},"v":${v},${json.slice(1, -1)}`;
  const hash = sha256(body);
  return { line: `${body}${HASH_INTRO}${hash}"}`, hash };
}

/**
 * The events as one batch behind `after`. The records handed back share the events' objects: what was
 * just encoded is not parsed again. Pure.
 *
 * Throws RIPCORD_RECORD_TOO_LARGE over 16 MiB.
 */
export function encodeBatch<E extends AnyEvent>(
  events: readonly E[],
  after: Head,
  stamp: BatchStamp,
  versionOf: (type: string) => number,
): EncodedBatch<E> {
  const { synced, at, boot, up } = stamp;
  const end = after.seq + events.length;
  const records: Recorded<E>[] = [];
  let text = '';
  let { seq, hash: prev } = after;
  for (const event of events) {
    seq += 1;
    const v = versionOf(event.type);
    const { line, hash } = encodeRecord(event, { seq, end, synced, prev, at, boot, up, v });
    text += `${line}\n`;
    records.push({ seq, end, synced, prev, at, boot, up, v, ...event, hash });
    prev = hash;
  }
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > BATCH_BYTES_MAX) {
    throw new JournalError(
      'RIPCORD_RECORD_TOO_LARGE',
      `cannot record ${events.length} events at once: ${bytes.length} bytes, the limit is ${BATCH_BYTES_MAX}`,
      { details: { bytes: bytes.length, limit: BATCH_BYTES_MAX } },
    );
  }
  return { records, bytes, head: { seq, hash: prev } };
}

/** The place a line claims, unchecked; null when it does not begin like a record. Pure. */
export function claimedPlace(line: Uint8Array): Omit<LinePlace, 'hash'> | null {
  const start = Math.min(line.length, HEADER_BYTES_MAX);
  const match = HEADER.exec(asBuffer(line).toString('latin1', 0, start));
  if (!match) return null;
  const [, seq, end, synced, prev = ''] = match;
  return { seq: Number(seq), end: Number(end), synced: Number(synced), prev };
}

/** Checks one line (without its newline) by itself: form and hash, not its neighbours. Pure. */
export function checkLine(line: Uint8Array): LineCheck {
  const claim = claimedPlace(line);
  if (!claim) return { ok: false, reason: 'it does not begin like a record' };
  const hashed = line.length - HASH_PART_BYTES;
  const tail = asBuffer(line).toString('latin1', Math.max(hashed, 0));
  if (hashed <= 0 || !tail.startsWith(HASH_INTRO) || !tail.endsWith('"}')) {
    return { ok: false, reason: 'it does not end with a hash' };
  }
  const hash = tail.slice(HASH_INTRO.length, -2);
  if (sha256(line.subarray(0, hashed)) !== hash) {
    return { ok: false, reason: 'its bytes do not have the hash it names' };
  }
  const { seq, end, synced, prev } = claim;
  if (end < seq || synced >= seq) return { ok: false, reason: 'its numbers contradict each other' };
  return { ok: true, place: { seq, end, synced, prev, hash } };
}

/** The record of a line that `checkLine` found good. Pure. */
export function parseRecord<E>(line: Uint8Array): Recorded<E> {
  const record: Recorded<E> = JSON.parse(asBuffer(line).toString('utf8'));
  return record;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
