import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  record as shape,
} from 'fast-check';
import { expect, test } from 'vitest';

import { scanFor } from '../../journal/query.ts';
import { keysOf, NoteLog, openIndex } from './note-log.ts';
import { scratch } from './scratch.ts';

test('the index finds what a scan of the whole log finds', { timeout: 60_000 }, async () => {
  const word = constantFrom('a', 'a!', 'a!0000000000000001', '\u0000', '😀');
  const date = integer({ min: 0, max: 1e7 }).map((time) => new Date(time).toISOString());
  const note = shape({
    type: word,
    update: option(word, { nil: undefined }),
    chutes: array(word, { maxLength: 3 }),
    at: oneof(date, constantFrom('2026-11-22T10:59:59.999Z', 'no date')),
  });
  const seq = integer({ min: -1, max: 40 });
  const any = shape(
    {
      type: word,
      update: word,
      chute: word,
      from: seq,
      to: seq,
      since: date,
      until: date,
      limit: integer({ min: 0, max: 9 }),
      reverse: boolean(),
    },
    { requiredKeys: [] },
  );
  // Few conditions, so that most of these find something.
  const query = oneof(
    any,
    shape({ type: word, from: seq, to: seq }),
    shape({ chute: word, to: seq, limit: integer({ min: 1, max: 3 }), reverse: boolean() }),
    shape({ since: date, until: date }),
  );
  const batches = array(array(note, { minLength: 1, maxLength: 8 }), { maxLength: 8 });
  const property = asyncProperty(
    batches,
    array(query, { minLength: 1, maxLength: 30 }),
    nat(8),
    async (given, asked, reopenAt) => {
      const root = scratch();
      const log = new NoteLog();
      let index = openIndex(root, log);
      for (const [n, batch] of given.entries()) {
        if (n === reopenAt) {
          await index.close();
          index = openIndex(root, log);
        }
        index.add(log.append(batch));
        const some = asked[n % asked.length] ?? {};
        if (n % 2 === 0) await index.find(some);
      }
      for (const each of asked) {
        const expected = await scanFor(log.read(1, Infinity), each, keysOf);
        expect(await index.find(each)).toEqual(expected);
      }
      expect(index.failure).toBeNull();
      await index.close();
    },
  );
  await assert(property, { numRuns: 60 });
});
