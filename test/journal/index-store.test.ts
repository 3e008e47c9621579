import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Level } from 'level';
import { describe, expect, onTestFinished, test } from 'vitest';

import { entriesFor, MARKER_KEY } from '../../journal/index-keys.ts';
import type { EventIndex } from '../../journal/index-store.ts';
import type { Query } from '../../journal/journal.ts';
import { scanFor } from '../../journal/query.ts';
import { keysOf, type Note, NoteLog, openIndex } from './note-log.ts';
import { flipBit, scratch } from './scratch.ts';

/** A few dozen notes about two updates of two chutes, over three minutes. */
function smallLog(): NoteLog {
  const log = new NoteLog();
  log.append(
    Array.from({ length: 40 }, (_, n) => ({
      type: n % 3 === 0 ? 'step.intended' : 'step.succeeded',
      update: `u${1 + (n >> 4)}`,
      chutes: n % 5 === 0 ? ['hello', 'other'] : ['hello'],
      at: new Date(Date.UTC(2026, 10, 22) + n * 5000).toISOString(),
    })),
  );
  return log;
}

const queries: readonly Query[] = [
  {},
  { type: 'step.intended' },
  { update: 'u2', type: 'step.succeeded', reverse: true, limit: 3 },
  { chute: 'other', from: 7, to: 33 },
  { since: '2026-11-22T00:00:55.000Z', until: '2026-11-22T00:02:05.000Z' },
  { update: 'u9' },
];

const answersOf = (index: EventIndex<Note>) =>
  Promise.all(queries.map((query) => index.find(query)));
const scansOf = (log: NoteLog) =>
  Promise.all(queries.map((query) => scanFor(log.read(1, Infinity), query, keysOf)));

/** A root whose index is complete and was closed cleanly. */
async function closedIndex(log: NoteLog): Promise<string> {
  const root = scratch();
  const index = openIndex(root, log);
  await answersOf(index);
  await index.close();
  return root;
}

describe('the index', () => {
  test('answers from what is durable, also from what came a moment ago', async () => {
    const log = smallLog();
    const index = openIndex(scratch(), log);
    expect(await answersOf(index)).toEqual(await scansOf(log));
    index.add(log.append([{ type: 'late', update: 'u2' }]));
    expect(await index.find({ type: 'late' })).toEqual([41]);
    expect(await answersOf(index)).toEqual(await scansOf(log));
    expect(index.failure).toBeNull();
  });

  test('is fed behind the flush, without reading the log', async () => {
    const log = new NoteLog();
    const index = openIndex(scratch(), log);
    await index.guard();
    for (let n = 0; n < 50; n += 1) index.add(log.append([{ type: `t${n % 7}` }]));
    expect(await index.find({ type: 't3' })).toEqual([4, 11, 18, 25, 32, 39, 46]);
    expect(log.reads).toBe(0);
  });

  test('reads what it could not hold from the log', async () => {
    const log = new NoteLog();
    const index = openIndex(scratch(), log);
    await index.guard();
    for (let n = 0; n < 12; n += 1) {
      index.add(log.append(Array.from({ length: 1500 }, () => ({ type: `t${n}` }))));
    }
    expect(await index.find({ type: 't11', limit: 2 })).toEqual([16_501, 16_502]);
    expect(await index.find({ type: 't0' })).toHaveLength(1500);
    expect(log.reads).toBeGreaterThan(0);
  });

  test('goes on where it was closed', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    log.append([{ type: 'while it was closed' }]);
    log.reads = 0;
    const index = openIndex(root, log);
    expect(await index.find({ type: 'while it was closed' })).toEqual([41]);
    expect(log.reads).toBe(1);
    expect(await answersOf(index)).toEqual(await scansOf(log));
  });

  test.each<[story: string, damage: (index: string) => void | Promise<void>]>([
    ['deleted', (index) => rmSync(index, { recursive: true })],
    ['a file', (index) => (rmSync(index, { recursive: true }), writeFileSync(index, 'x'))],
    ['without its seal, as after a kill', (index) => rmSync(join(index, 'seal.json'))],
    [
      'all garbage',
      (index) => {
        for (const name of readdirSync(index)) writeFileSync(join(index, name), 'garbage');
      },
    ],
    [
      'joined by a file of unknown origin',
      (index) => writeFileSync(join(index, '999999.ldb'), 'garbage'),
    ],
    [
      'robbed of a file',
      (index) => {
        const name = readdirSync(index).find((each) => each.startsWith('MANIFEST'));
        rmSync(join(index, name ?? ''));
      },
    ],
    ['empty', (index) => (rmSync(index, { recursive: true }), mkdirSync(index))],
  ])('is rebuilt when it is found %s', async (_story, damage) => {
    const log = smallLog();
    const root = await closedIndex(log);
    await damage(join(root, 'index'));
    log.reads = 0;
    expect(await answersOf(openIndex(root, log))).toEqual(await scansOf(log));
    expect(log.reads).toBeGreaterThan(queries.length);
  });

  test('is rebuilt when its marker is ahead of the log', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    log.records.length = 20;
    expect(await answersOf(openIndex(root, log))).toEqual(await scansOf(log));
  });

  test('is rebuilt when the log has another record at its marker', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    log.records.length = 30;
    log.append(Array.from({ length: 20 }, () => ({ type: 'other', update: 'u2' })));
    expect(await answersOf(openIndex(root, log))).toEqual(await scansOf(log));
  });

  test('is rebuilt when it is of another journal', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    const other = new (class extends NoteLog {
      override readonly uuid = 'another journal';
    })();
    other.append(log.records.map(({ type }) => ({ type })));
    const last = log.records.at(-1);
    if (last !== undefined) other.records[39] = last;
    expect(await answersOf(openIndex(root, other))).toEqual(await scansOf(other));
  });

  test('answers the same with any byte of its files changed', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    const names = readdirSync(join(root, 'index')).filter((name) => !name.startsWith('LO'));
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) {
      const { size } = statSync(join(root, 'index', name));
      const stride = Math.max(1, Math.floor(size / 25));
      for (let byte = 0; byte < size; byte += stride) {
        const copy = scratch();
        cpSync(root, copy, { recursive: true });
        flipBit(join(copy, 'index', name), byte, byte % 8);
        const index = openIndex(copy, log);
        const query = { update: 'u2', type: 'step.succeeded' };
        const expected = await scanFor(log.read(1, 40), query, keysOf);
        expect(await index.find(query), `${name} byte ${byte}`).toEqual(expected);
        await index.close();
      }
    }
  });

  test('keeps a second process out, also while it would have to rebuild', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    const script = `import { Level } from 'level'; const db = new Level(process.argv[1]);
      await db.open(); console.log('open'); setInterval(() => {}, 1000);`;
    const args = ['--input-type=module', '-e', script, join(root, 'index')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const before = readdirSync(join(root, 'index')).filter((name) => /\d/.test(name));
    const locked = { code: 'RIPCORD_JOURNAL_LOCKED' };
    await expect(openIndex(root, log).guard()).rejects.toMatchObject(locked);
    await expect(openIndex(root, log).find({})).rejects.toMatchObject(locked);
    expect(readdirSync(join(root, 'index'))).toEqual(expect.arrayContaining(before));
  });

  test('that cannot be opened leaves the answers to the log', async () => {
    const log = smallLog();
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    const index = openIndex(file, log);
    await index.guard();
    expect(index.failure).not.toBeNull();
    index.add(log.append([{ type: 'late' }]));
    expect(await answersOf(index)).toEqual(await scansOf(log));
  });

  test('that a failed write made untrustworthy leaves the answers to the log', async () => {
    const log = smallLog();
    const root = scratch();
    const index = openIndex(root, log);
    await index.guard();
    index.add(log.append([{ type: 'late' }]));
    const real = log.read.bind(log);
    log.read = () => {
      throw new Error('this read fails');
    };
    index.add(log.append([{ type: 'later' }]).slice(1));
    await index.find({}).catch(() => {});
    log.read = real;
    expect(await answersOf(index)).toEqual(await scansOf(log));
    await index.close();
    expect(readdirSync(join(root, 'index'))).not.toContain('seal.json');
  });

  test('keeps an entry for every record and its marker in one write', async () => {
    const log = smallLog();
    const root = await closedIndex(log);
    const db = new Level(join(root, 'index'));
    const keys = await db.keys().all();
    await db.close();
    const expected = entriesFor(log.records, keysOf).map(({ key }) => key);
    expect(keys).toEqual([...expected, MARKER_KEY].toSorted());
    expect(keys.filter((key) => key.startsWith('e!'))).toHaveLength(40);
  });
});
