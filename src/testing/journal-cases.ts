import assert from 'node:assert/strict';

import type { Journal, JournalFaults } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import type { Note } from './journal-contract.ts';

/** What a case can see of the journal from outside, and the faults it can inject. */
type Watch = {
  readonly flushes: Recorded<Note>[][];
  readonly faults: { hooks: JournalFaults };
};
export type Case = (journal: Journal<Note>, watch: Watch) => Promise<void>;

const note = (n: number, more: Partial<Note> = {}): Note => ({ type: 'note.made', n, ...more });
const notes = (from: number, to: number): Note[] =>
  Array.from({ length: to - from + 1 }, (_, index) => note(from + index));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const seqs = (records: readonly { seq: number }[]): number[] => records.map(({ seq }) => seq);

const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
  return 'no error';
};

const failWith = (code: string): JournalFaults['beforeFlush'] => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    throw Object.assign(new Error(code), { code });
  };
};

const APPENDING: Readonly<Record<string, Case>> = {
  'begins empty': async (journal) => {
    assert.deepEqual(journal.head, { seq: 0, hash: '0'.repeat(64) });
    assert.equal(journal.damage, null);
    assert.deepEqual(await all(journal.read()), []);
  },
  'numbers records without gaps and chains them': async (journal) => {
    const first = await journal.append(notes(1, 3));
    const second = await journal.append([note(4)]);
    const records = [...first, ...second];
    assert.deepEqual(seqs(records), [1, 2, 3, 4]);
    assert.deepEqual(
      records.map(({ end }) => end),
      [3, 3, 3, 4],
    );
    assert.deepEqual(
      records.map(({ synced }) => synced),
      [0, 0, 0, 3],
    );
    let prev = '0'.repeat(64);
    for (const record of records) {
      assert.equal(record.prev, prev);
      prev = record.hash;
    }
    assert.deepEqual(journal.head, { seq: 4, hash: prev });
  },
  'reads back what was handed back': async (journal) => {
    const odd = note(1, { text: 'line\nfeed \u2028 "quoted" \\ ünï😀 \ud800 {"seq":9}' });
    const given = [...(await journal.append([odd])), ...(await journal.append(notes(2, 3)))];
    assert.deepEqual(
      JSON.parse(JSON.stringify(await all(journal.read()))),
      JSON.parse(JSON.stringify(given)),
    );
    assert.equal((await all(journal.read(1, 1)))[0]?.text, odd.text);
  },
  'writes nothing for no events': async (journal, { flushes }) => {
    assert.deepEqual(await journal.append([]), []);
    assert.equal(flushes.length, 0);
  },
  'shares one flush among those who append in one turn': async (journal, { flushes }) => {
    await Promise.all([1, 2, 3, 4].map((n) => journal.append([note(n), note(n)])));
    assert.deepEqual(flushes.map(seqs), [[1, 2, 3, 4, 5, 6, 7, 8]]);
  },
  'lets an event that need not be durable ride with the next flush': async (
    journal,
    { flushes },
  ) => {
    const [rider] = await journal.append([note(1)], { durable: false });
    assert.equal(rider?.seq, 1);
    assert.equal(journal.head.seq, 0);
    const [durable] = await journal.append([note(2)]);
    assert.equal(durable?.seq, 2);
    assert.deepEqual(flushes.map(seqs), [[1, 2]]);
  },
  'tells the flush before it tells those who wait': async (journal, { flushes }) => {
    const appended = journal.append([note(1)]);
    const seen = appended.then(() => flushes.map(seqs));
    assert.deepEqual(await seen, [[1]]);
  },
  'refuses names of the envelope and goes on': async (journal) => {
    const bad = { ...note(1), seq: 7 };
    await assert.rejects(journal.append([bad]), TypeError);
    assert.deepEqual(seqs(await journal.append([note(2)])), [1]);
  },
  'refuses more than 16 MiB at once and goes on': async (journal) => {
    const huge = note(1, { text: 'x'.repeat(16 * 1024 * 1024) });
    assert.equal(await codeOf(journal.append([huge])), 'RIPCORD_RECORD_TOO_LARGE');
    assert.deepEqual(seqs(await journal.append([note(2)])), [1]);
  },
  'takes a batch larger than a segment': async (journal) => {
    const large = note(1, { text: 'x'.repeat(3 * 1024 * 1024) });
    await journal.append([note(0)]);
    await journal.append([large, note(2)]);
    await journal.append([note(3)]);
    const read = await all(journal.read());
    assert.deepEqual(
      read.map(({ n }) => n),
      [0, 1, 2, 3],
    );
  },
  'refuses events after it is closed': async (journal) => {
    await journal.append([note(1)], { durable: false });
    await journal.close();
    assert.equal(journal.head.seq, 1);
    assert.equal(await codeOf(journal.append([note(2)])), 'RIPCORD_JOURNAL_READONLY');
  },
};

const FAILING: Readonly<Record<string, Case>> = {
  'survives a disk that is full once': async (journal, { flushes, faults }) => {
    await journal.append([note(1)]);
    faults.hooks = { beforeFlush: failWith('ENOSPC') ?? (() => {}) };
    assert.deepEqual(seqs(await journal.append([note(2)])), [2]);
    await journal.append([note(3)]);
    assert.deepEqual(flushes.map(seqs), [[1], [2], [3]]);
    assert.deepEqual(seqs(await all(journal.read())), [1, 2, 3]);
  },
  'survives a sync that fails once': async (journal, { flushes, faults }) => {
    await journal.append([note(1)]);
    faults.hooks = { beforeSync: failWith('EIO') ?? (() => {}) };
    assert.deepEqual(seqs(await journal.append([note(2)])), [2]);
    await journal.append([note(3)]);
    assert.deepEqual(flushes.map(seqs), [[1], [2], [3]]);
    assert.deepEqual(seqs(await all(journal.read())), [1, 2, 3]);
  },
  'stops when what it told could not be followed': async (journal, { faults }) => {
    faults.hooks = {
      afterFlush: () => {
        throw new Error('no');
      },
    };
    assert.equal(await codeOf(journal.append([note(1)])), 'RIPCORD_JOURNAL_FENCED');
    faults.hooks = {};
    assert.equal(await codeOf(journal.append([note(2)])), 'RIPCORD_JOURNAL_FENCED');
    assert.equal(journal.damage?.code, 'RIPCORD_JOURNAL_FENCED');
  },
};

const READING: Readonly<Record<string, Case>> = {
  'reads any range, oldest first': async (journal) => {
    await journal.append(notes(1, 5));
    await journal.append(notes(6, 9));
    const ranges: [number?, number?][] = [[], [3], [3, 7], [9, 9], [0, 2], [8, 99], [10], [5, 4]];
    const found = await Promise.all(
      ranges.map(async (range) => seqs(await all(journal.read(...range)))),
    );
    assert.deepEqual(found, [
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [3, 4, 5, 6, 7, 8, 9],
      [3, 4, 5, 6, 7],
      [9],
      [1, 2],
      [8, 9],
      [],
      [],
    ]);
  },
  'follows from the past into the future until aborted': async (journal) => {
    await journal.append(notes(1, 3));
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const { seq } of journal.follow(2, stop.signal)) {
        seen.push(seq);
        if (seq === 3) await journal.append(notes(4, 5));
        if (seq === 5) void journal.append([note(6)]);
        if (seq === 6) stop.abort();
      }
    })();
    await following;
    assert.deepEqual(seen, [2, 3, 4, 5, 6]);
  },
  'ends what follows it when it is closed': async (journal) => {
    await journal.append([note(1)]);
    const following = all(journal.follow(1));
    await journal.append([note(2)], { durable: false });
    await journal.close();
    assert.deepEqual(seqs(await following), [1, 2]);
  },
  'finds records by what they are about': async (journal) => {
    const hello = { update: 'u1', chutes: ['hello'] };
    const both = { update: 'u2', chutes: ['hello', 'web'] };
    await journal.append([
      note(1, hello),
      note(2, both),
      { ...note(3, both), type: 'note.lost' },
      note(4),
    ]);
    const queries = [
      {},
      { type: 'note.lost' },
      { update: 'u1' },
      { chute: 'hello' },
      { chute: 'web', type: 'note.made' },
      { from: 2, to: 3 },
      { limit: 2 },
      { reverse: true, limit: 1 },
      { update: 'u9' },
      { since: '1970-01-01T00:00:00.000Z', until: '9999-12-31T00:00:00.000Z', update: 'u2' },
      { since: '9999-12-31T00:00:00.000Z' },
    ];
    assert.deepEqual(await Promise.all(queries.map((query) => journal.find(query))), [
      [1, 2, 3, 4],
      [3],
      [1],
      [1, 2, 3],
      [2],
      [2, 3],
      [1, 2],
      [4],
      [],
      [2, 3],
      [],
    ]);
  },
};

const KEEPING: Readonly<Record<string, Case>> = {
  'gives the newest snapshot at or before a record': async (journal) => {
    assert.equal(await journal.loadSnapshot(), null);
    await journal.append(notes(1, 6));
    await journal.saveSnapshot(2, { at: 'two' });
    await journal.saveSnapshot(6, { at: 'six' });
    assert.deepEqual(await journal.loadSnapshot(), { seq: 6, state: { at: 'six' } });
    assert.deepEqual(await journal.loadSnapshot(5), { seq: 2, state: { at: 'two' } });
    assert.equal(await journal.loadSnapshot(1), null);
    await assert.rejects(journal.saveSnapshot(7, {}), RangeError);
  },
  'keeps bytes under their hash': async (journal) => {
    const bytes = Buffer.from([0, 10, 255, 13]);
    const key = await journal.putBlob(bytes);
    assert.match(key, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await journal.putBlob(bytes), key);
    assert.deepEqual(Buffer.from(await journal.getBlob(key)), bytes);
    const absent = `sha256:${'0'.repeat(64)}`;
    assert.equal(await codeOf(journal.getBlob(absent)), 'RIPCORD_BLOB_MISSING');
  },
  'seals and reserves as often as asked': async (journal) => {
    await journal.append([note(1)]);
    await journal.sealHead();
    await journal.sealHead();
    await journal.reserve(1000);
    await journal.reserve(1000);
    journal.yieldReserve();
    await journal.reserve(1000);
    assert.deepEqual(seqs(await journal.append([note(2)])), [2]);
  },
};

/** What every journal keeps, by the sentence that says it. */
export const JOURNAL_CASES: readonly (readonly [string, Case])[] = [
  APPENDING,
  FAILING,
  READING,
  KEEPING,
].flatMap((group) => Object.entries(group));
