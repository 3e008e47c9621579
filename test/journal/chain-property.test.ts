import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { checkLine, encodeBatch, NEWLINE, parseRecord } from '../../journal/chain.ts';
import type { Head } from '../../journal/record.ts';
import { NO_HASH } from '../../journal/record.ts';
import { freeSpace, scanSegment, segmentName, segmentsAmong } from '../../journal/segment.ts';

const RESERVED = ['seq', 'end', 'synced', 'prev', 'at', 'boot', 'up', 'v', 'hash', '__proto__'];

/** Any JSON object that the journal takes as an event. */
const event = fc
  .tuple(
    fc.string({ unit: 'binary' }),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((name) => !RESERVED.includes(name)),
      fc.jsonValue({ noUnicodeString: false }),
    ),
  )
  // As JSON gives it back: -0 is 0 there.
  .map(([type, fields]): { type: string } => JSON.parse(JSON.stringify({ ...fields, type })));

const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
const stamp = { synced: 0, at: '2026-11-22T10:00:00.000Z', boot: 'b"o\\ot', up: 12 };

function written(groups: readonly (readonly { type: string }[])[], first: number) {
  let head: Head = { seq: first - 1, hash: NO_HASH };
  const bytes: Buffer[] = [];
  const records: unknown[] = [];
  for (const group of groups) {
    const batch = encodeBatch(group, head, { ...stamp, synced: head.seq }, () => 3);
    bytes.push(batch.bytes);
    records.push(...batch.records);
    ({ head } = batch);
  }
  return { bytes: Buffer.concat(bytes), records, head, sizes: bytes.map(({ length }) => length) };
}

test('what is encoded is found again by a scan, whatever the events hold', () => {
  fc.assert(
    fc.property(
      batches,
      fc.integer({ min: 1, max: 2 ** 50 }),
      fc.nat(600),
      (groups, first, free) => {
        const { bytes, records } = written(groups, first);
        const scan = scanSegment(Buffer.concat([bytes, freeSpace(free)]), first, NO_HASH);
        expect(scan).toMatchObject({ used: bytes.length, tail: 'free', breach: null });
        const read = scan.lines.map(({ offset, length }) =>
          parseRecord(bytes.subarray(offset, offset + length)),
        );
        expect(read).toEqual(records);
      },
    ),
  );
});

test('a write that stopped anywhere is torn, and whole batches before it stay', () => {
  fc.assert(
    fc.property(batches, fc.double({ min: 0, max: 1, noNaN: true }), (groups, share) => {
      const { bytes, sizes } = written(groups, 1);
      const cut = Math.floor(bytes.length * share);
      const scan = scanSegment(Buffer.from(bytes).fill(NEWLINE, cut), 1, NO_HASH);
      let whole = 0;
      // Free space looks like the newline that a batch ends with.
      for (const size of sizes) {
        if (whole + size - 1 > cut) break;
        whole += size;
      }
      expect(scan.tail).not.toBe('rotten');
      expect(scan.used).toBe(Math.min(whole, bytes.length));
    }),
  );
});

test('no flipped bit goes unseen in what a later record knows to be on disk', () => {
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 2, maxLength: 5 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(7),
      (events, share, bit) => {
        const { bytes, sizes } = written(
          events.map((each) => [each]),
          1,
        );
        const durable = bytes.length - (sizes.at(-1) ?? 0);
        const byte = Math.floor(durable * share);
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
        const scan = scanSegment(Buffer.concat([bytes, freeSpace(700)]), 1, NO_HASH);
        expect(scan.tail).toBe('rotten');
        expect(scan.breach?.offset).toBeLessThanOrEqual(byte);
      },
    ),
  );
});

test('a line is checked by itself', () => {
  const { bytes } = written([[{ type: 'a' }]], 1);
  const line = bytes.subarray(0, -1);
  expect(checkLine(line)).toMatchObject({ ok: true, place: { seq: 1, end: 1, synced: 0 } });
  for (const bad of [line.subarray(1), line.subarray(0, -1), Buffer.from('{}'), Buffer.from('')]) {
    expect(checkLine(bad).ok).toBe(false);
  }
});

test('segments are listed by their first seq, and nothing else is', () => {
  const names = [segmentName(2 ** 53 - 1), segmentName(1), 'next', '1.ndjson', segmentName(12)];
  expect(segmentsAmong(names).map(({ first }) => first)).toEqual([1, 12, 2 ** 53 - 1]);
});
