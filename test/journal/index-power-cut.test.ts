import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { openJournal } from '../../journal/journal-disk.ts';
import type { Query } from '../../journal/journal.ts';
import { scanFor } from '../../journal/query.ts';
import type { Recorded } from '../../journal/record.ts';
import { keysOf, type Note } from './note-log.ts';
import { scratch } from './scratch.ts';
import { dice } from './sim-disk.ts';

/** What lies in `index/` at one moment, by name. */
type Files = ReadonlyMap<string, Buffer>;

const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;

const queries: readonly Query[] = [
  {},
  { type: 'step.intended', from: 3 },
  { update: 'u2', type: 'step.succeeded', reverse: true, limit: 3 },
  { chute: 'other' },
];

const opened = (root: string) =>
  openJournal<Note>({
    root,
    create: true,
    command: 'test',
    keysOf,
    clock: { now: () => '2026-11-22T10:00:00.000Z', up: () => 5, boot: 'boot' },
  });

const notes = (count: number): Note[] =>
  Array.from({ length: count }, (_, n) => ({
    type: n % 3 === 0 ? 'step.intended' : 'step.succeeded',
    update: `u${1 + (n % 4)}`,
    chutes: n % 5 === 0 ? ['hello', 'other'] : ['hello'],
  }));

/** All but LevelDB's lock: to read it would release it. */
function filesOf(root: string): Files {
  const index = join(root, 'index');
  const names = readdirSync(index).filter((name) => name !== 'LOCK');
  return new Map(names.map((name) => [name, readFileSync(join(index, name))]));
}

/**
 * A root with its log whole, and its index as it was at every moment before: closed, open and written
 * to, and with tables once it had grown.
 */
async function lived(): Promise<{ readonly root: string; readonly moments: readonly Files[] }> {
  const root = scratch();
  const moments: Files[] = [];
  for (let round = 0; round < 4; round += 1) {
    const journal = await opened(root);
    for (let n = 0; n < 2; n += 1) {
      await journal.append(notes(6 + 5 * round));
      await journal.find({ type: 'step.intended' });
      moments.push(filesOf(root));
    }
    await journal.close();
    moments.push(filesOf(root));
  }
  return { root, moments };
}

/** One of the ways in which a power cut leaves a file of which nothing was synced. */
function torn(bytes: Buffer, roll: () => number): Buffer {
  const at = Math.floor((roll() * bytes.length) / SECTOR_BYTES) * SECTOR_BYTES;
  const way = roll();
  if (way < 0.4) return bytes.subarray(0, way < 0.1 ? Math.floor(roll() * bytes.length) : at);
  const hurt = Buffer.from(bytes);
  hurt.fill(0, at, way < 0.7 ? Math.min(bytes.length, at + PAGE_BYTES) : bytes.length);
  return hurt;
}

/** Each file as it was at some moment, torn, or not there. */
function mixed(moments: readonly Files[], roll: () => number): Files {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(roll() * all.length)] as T;
  // Most of a directory is of two moments that follow one another.
  const from = Math.floor(roll() * moments.length);
  const near = roll() < 0.7 ? moments.slice(from, from + 2) : moments;
  const names = [...new Set(near.flatMap((files) => [...files.keys()]))];
  const mix = new Map<string, Buffer>();
  for (const name of names) {
    const versions = near.flatMap((files) => files.get(name) ?? []);
    if (roll() < 0.1) continue;
    const bytes = pick(versions);
    mix.set(name, roll() < 0.2 ? torn(bytes, roll) : bytes);
  }
  return mix;
}

/** Leaves the log as it is and puts this in place of its index. */
function replaceIndex(root: string, files: Files): void {
  const index = join(root, 'index');
  rmSync(index, { recursive: true, force: true });
  mkdirSync(index);
  for (const [name, bytes] of files) writeFileSync(join(index, name), bytes);
}

/** Opens it, writes to it and asks it; what was written stays, so that the log is ever further ahead. */
async function expectTruth(root: string, story: string): Promise<void> {
  const journal = await opened(root);
  await journal.append([{ type: 'step.intended', update: 'u2' }]);
  const records: Recorded<Note>[] = [];
  for await (const record of journal.read()) records.push(record);
  expect(records.at(-1)?.seq, story).toBe(records.length);
  const truth = await Promise.all(queries.map((query) => scanFor(again(records), query, keysOf)));
  const found = await Promise.all(queries.map((query) => journal.find(query)));
  expect(found, story).toEqual(truth);
  await journal.close();
}

async function* again<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

/** What LevelDB itself makes of files, in a process of its own: the events it has, or how it ends. */
function levelAlone(files: Files): string {
  const directory = scratch();
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  const script = `import { Level } from 'level'; const db = new Level(process.argv[1]);
    await db.open(); let n = 0;
    for await (const key of db.keys({ gte: 'e!', lt: 'e"' })) n += key.length > 0 ? 1 : 0;
    console.log(n);`;
  const args = ['--input-type=module', '-e', script, directory];
  const { stdout, signal, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (signal !== null) return signal;
  return status === 0 ? `${stdout.trim()} events` : 'refused';
}

describe('a power cut leaves of the index what it likes, and the log tells the truth', () => {
  test('as it was at any moment before', async () => {
    const { root, moments } = await lived();
    for (const [n, files] of moments.entries()) {
      replaceIndex(root, files);
      await expectTruth(root, `moment ${n}`);
      await expectTruth(root, `moment ${n}, closed in order since`);
    }
  });

  test('in parts of several moments, torn, zeroed and missing', async () => {
    const { root, moments } = await lived();
    for (let seed = 1; seed <= 50; seed += 1) {
      replaceIndex(root, mixed(moments, dice(seed)));
      await expectTruth(root, `seed ${seed}`);
    }
  });

  test('also where LevelDB would lie about it, or take the process down', async () => {
    const { root, moments } = await lived();
    const whole = moments.findLast((files) => files.has('seal.json')) ?? new Map();
    const live = moments.at(-2) ?? new Map();
    const change = (files: Files, pattern: RegExp, how: (bytes: Buffer) => Buffer): Files =>
      new Map([...files].map(([name, bytes]) => [name, pattern.test(name) ? how(bytes) : bytes]));
    const seal = [...whole].filter(([name]) => name === 'seal.json');
    const cases: readonly (readonly [story: string, files: Files, isDeadly: boolean])[] = [
      [
        'a write that is there twice',
        change(live, /\d\.log$/, (bytes) => Buffer.concat([bytes, bytes])),
        true,
      ],
      ['a log of nothing', change(whole, /\d\.log$/, () => Buffer.alloc(0)), false],
      [
        'nothing that says which files are current',
        new Map([...whole].filter(([name]) => name !== 'CURRENT')),
        false,
      ],
    ];
    const all = Number(/^(\d+) events$/.exec(levelAlone(whole))?.[1]);
    for (const [story, files, isDeadly] of cases) {
      const alone = levelAlone(files);
      if (isDeadly) expect(alone, story).toMatch(/^SIG/);
      else expect(Number(/^(\d+) events$/.exec(alone)?.[1]), story).toBeLessThan(all);
      // Without a seal, and under that of other bytes.
      for (const sealed of [files, new Map([...files, ...seal])]) {
        replaceIndex(root, sealed);
        await expectTruth(root, story);
      }
    }
  });
});
