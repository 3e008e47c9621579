import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { checkLog } from '../../journal/log-check.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import type { Recorded } from '../../journal/record.ts';
import { scanSegment } from '../../journal/segment.ts';
import { flipBit, scratch } from './scratch.ts';
import type { Step } from './written-root.ts';
import { openSmall, overwrite, placeOf, segmentsOf, writtenRoot } from './written-root.ts';

const steps = (from: number, to: number): Step[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ type: 'step', n: from + index }));

async function all(items: AsyncIterable<Recorded<Step>>): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq } of items) found.push(seq);
  return found;
}

/** A root with one segment: two batches, the second of `count` records. */
async function twoBatches(count: number, seal: boolean): Promise<{ root: string; path: string }> {
  const root = scratch();
  const journal = await openSmall(root);
  await journal.append(steps(1, 2));
  await journal.sealHead();
  const witness = readFileSync(join(root, 'HEAD'));
  await journal.append(steps(3, 2 + count));
  await journal.close();
  if (!seal) writeFileSync(join(root, 'HEAD'), witness);
  return { root, path: segmentsOf(root)[0] ?? '' };
}

describe('an unfinished write at the end', () => {
  test('is cut off wherever it was torn, and appending goes on', async () => {
    const { root, path } = await twoBatches(2, false);
    const whole = readFileSync(path);
    const { lines, used } = scanSegment(whole, 1, null);
    const start = lines[2]?.offset ?? 0;
    const cuts = Array.from({ length: used - start }, (_, byte) => start + byte);
    for (const cut of cuts) {
      const torn = Buffer.from(whole).fill(0x0a, cut, used);
      writeFileSync(path, torn);
      const check = checkLog(nodeDisk, root);
      // The last byte is a newline, like the free space that stands in for it.
      const kept = cut === used - 1 ? 4 : 2;
      expect({ cut, ...check }).toMatchObject({ cut, damage: null, head: { seq: kept } });
      expect({ cut, clean: check.torn === null }).toEqual({
        cut,
        clean: cut === start || kept === 4,
      });
    }
    for (const cut of [start + 1, start + 200, used - 2]) {
      writeFileSync(path, Buffer.from(whole).fill(0x0a, cut, used));
      const journal = await openSmall(root);
      expect(journal.opened.tailCut).toEqual({
        bytes: expect.any(Number),
        atSeq: 3,
        file: '0000000000000001.ndjson',
        offset: start,
      });
      expect(scanSegment(readFileSync(path), 1, null).tail).toBe('free');
      const [record] = await journal.append([{ type: 'after', n: cut }]);
      expect(record?.seq).toBe(3);
      await journal.close();
      expect(await all(openReadOnly<Step>(root).read())).toEqual([1, 2, 3]);
      rmSync(join(root, 'HEAD'));
    }
  });

  test('leaves nothing that could show behind a shorter batch', async () => {
    const { root, path } = await twoBatches(5, false);
    const { lines } = scanSegment(readFileSync(path), 1, null);
    // The flush lost its first sector; what came behind it is there.
    overwrite(path, lines[2]?.offset ?? 0, '\n'.repeat(600));
    const journal = await openSmall(root);
    expect(journal.damage).toBeNull();
    expect(journal.opened.tailCut?.atSeq).toBe(3);
    await journal.append([{ type: 'short', n: 1 }]);
    await journal.close();
    const scan = scanSegment(readFileSync(path), 1, null);
    expect([scan.tail, scan.lines.length]).toEqual(['free', 3]);
  });

  test('is simply the end for who only reads', async () => {
    const { root, path } = await twoBatches(3, false);
    overwrite(path, placeOf(root, 5).offset + 10, 'XXXX');
    const before = readFileSync(path);
    const journal = openReadOnly<Step>(root);
    expect([journal.damage, journal.head.seq]).toEqual([null, 2]);
    expect(await all(journal.read())).toEqual([1, 2]);
    expect(readFileSync(path)).toEqual(before);
  });

  test.each([
    ['in the middle of a record', (size: number) => size - 20],
    ['a byte before the end of a record', (size: number) => size - 1],
    ['right behind a record, without its newline', (size: number) => size],
  ])('of a file that was cut %s is cut off too', async (_where, length) => {
    const { root, path } = await twoBatches(1, false);
    const { offset, size } = placeOf(root, 3);
    truncateSync(path, offset + length(size));
    const journal = await openSmall(root);
    expect(journal.opened.tailCut?.atSeq).toBe(3);
    expect((await journal.append(steps(3, 9))).map(({ seq }) => seq)).toEqual([
      3, 4, 5, 6, 7, 8, 9,
    ]);
    await journal.close();
    expect(await all(openReadOnly<Step>(root).read())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

/** Damage done to a root of 30 records, and where it has to be found. */
const DAMAGES: Readonly<
  Record<string, { readonly harm: (root: string) => void; readonly seq: number }>
> = {
  'a bit of a record that later ones follow': {
    harm: (root) => {
      const { path, offset } = placeOf(root, 28);
      flipBit(path, offset + 100);
    },
    seq: 28,
  },
  'the end of a sealed segment': {
    harm: (root) => truncateSync(segmentsOf(root)[1] ?? '', 500),
    seq: 7,
  },
  'the first segment missing': { harm: (root) => rmSync(segmentsOf(root)[0] ?? ''), seq: 1 },
  'a segment missing in the middle': { harm: (root) => rmSync(segmentsOf(root)[2] ?? ''), seq: 13 },
  'the last segment missing': { harm: (root) => rmSync(segmentsOf(root).at(-1) ?? ''), seq: 25 },
  'all segments missing': {
    harm: (root) => rmSync(join(root, 'log'), { recursive: true }),
    seq: 1,
  },
  'a segment of another journal': {
    harm: (root) => {
      const second = segmentsOf(root)[1] ?? '';
      const text = readFileSync(second, 'latin1');
      writeFileSync(second, text.replace(/"prev":"./, '"prev":"_'));
    },
    seq: 7,
  },
  'records cut off that HEAD has seen': {
    harm: (root) => {
      const { path, offset, size } = placeOf(root, 30);
      const end = readFileSync(path).length;
      overwrite(path, offset - 10, '\n'.repeat(Math.min(size + 10, end - offset)));
    },
    seq: 28,
  },
};

describe('damage', () => {
  for (const [title, { harm, seq }] of Object.entries(DAMAGES)) {
    test(`${title}: opens for reading only, and says where`, async () => {
      const root = await writtenRoot();
      harm(root);
      const before = existsSync(join(root, 'log')) ? readdirSync(join(root, 'log')) : [];
      const journal = await openSmall(root);
      expect(journal.damage).toMatchObject({ code: 'RIPCORD_JOURNAL_DAMAGED' });
      expect(journal.damage?.seq).toBe(seq);
      expect(journal.head.seq).toBe(seq - 1);
      await expect(journal.append(steps(1, 1))).rejects.toMatchObject({
        code: 'RIPCORD_JOURNAL_READONLY',
      });
      const readable = await all(journal.read());
      expect(readable.length).toBe(journal.head.seq);
      expect(await journal.find({ type: 'step' })).toEqual(readable);
      await journal.close();
      expect(openReadOnly(root).damage).toEqual(journal.damage);
      expect(existsSync(join(root, 'log')) ? readdirSync(join(root, 'log')) : []).toEqual(before);
    });
  }

  test('of a durable record that became free space is not taken for a torn write', async () => {
    const { root, path } = await twoBatches(1, true);
    const { offset, size } = placeOf(root, 2);
    overwrite(path, offset, '\n'.repeat(size));
    expect(checkLog(nodeDisk, root).damage).toMatchObject({ seq: 1 });
    const other = await writtenRoot(4);
    const first = placeOf(other, 1);
    const block = placeOf(other, 3).offset + placeOf(other, 3).size;
    overwrite(first.path, 0, '\n'.repeat(block));
    rmSync(join(other, 'HEAD'));
    expect(checkLog(nodeDisk, other).damage).toMatchObject({ seq: 1, offset: 0 });
  });

  test('of the last record, which is another one than HEAD has seen, is found', async () => {
    const root = await writtenRoot(3);
    const other = scratch();
    const journal = await openSmall(other);
    await journal.append(steps(11, 13));
    await journal.close();
    cpSync(join(other, 'HEAD'), join(root, 'HEAD'));
    expect(checkLog(nodeDisk, root).damage).toMatchObject({
      code: 'RIPCORD_JOURNAL_DAMAGED',
      seq: 3,
    });
  });

  test('inside a sealed segment shows when it is read', async () => {
    const root = await writtenRoot();
    const { path, offset } = placeOf(root, 10);
    flipBit(path, offset + 90);
    const journal = await openSmall(root);
    expect(journal.damage).toBeNull();
    await expect(all(journal.read(9, 12))).rejects.toMatchObject({
      code: 'RIPCORD_JOURNAL_DAMAGED',
      details: { seq: 10, offset },
    });
    expect(await all(journal.read(13, 15))).toEqual([13, 14, 15]);
    await journal.close();
  });

  test('of ripcord.json is refused, never taken for an empty root', async () => {
    const root = await writtenRoot(3);
    const facts = join(root, 'ripcord.json');
    const text = readFileSync(facts, 'utf8');
    const refused = { code: 'RIPCORD_JOURNAL_DAMAGED' };
    writeFileSync(facts, text.slice(0, 20));
    await expect(openSmall(root)).rejects.toMatchObject(refused);
    renameSync(facts, `${facts}.away`);
    await expect(openSmall(root)).rejects.toMatchObject(refused);
    expect(() => openReadOnly(root)).toThrow(expect.objectContaining(refused));
    writeFileSync(facts, text.replace('"schema": 2', '"schema": 3'));
    await expect(openSmall(root)).rejects.toMatchObject({ code: 'RIPCORD_SCHEMA_NEWER' });
    writeFileSync(facts, text.replace('"schema": 2', '"schema": 1'));
    await expect(openSmall(root)).rejects.toMatchObject({ code: 'RIPCORD_SCHEMA_OLDER' });
    expect(() => openReadOnly(root)).toThrow(
      expect.objectContaining({ code: 'RIPCORD_SCHEMA_OLDER' }),
    );
    writeFileSync(facts, text);
    const journal = await openSmall(root);
    expect(journal.head.seq).toBe(3);
    await journal.close();
  });

  test('of HEAD costs the witness only', async () => {
    const root = await writtenRoot(3);
    for (const harm of [
      () => rmSync(join(root, 'HEAD')),
      () => writeFileSync(join(root, 'HEAD'), 'junk'),
      () => appendFileSync(join(root, 'HEAD'), 'more'),
    ]) {
      harm();
      const journal = await openSmall(root);
      expect([journal.damage, journal.head.seq]).toEqual([null, 3]);
      await journal.close();
      expect(readFileSync(join(root, 'HEAD'), 'latin1')).toContain('"seq":3');
    }
  });
});

describe('a root', () => {
  test('that is missing is made only when asked for', async () => {
    const root = join(scratch(), 'not', 'there');
    expect(() => openReadOnly(root)).toThrow(
      expect.objectContaining({ code: 'RIPCORD_ROOT_MISSING' }),
    );
    expect(existsSync(root)).toBe(false);
    const journal = await openSmall(root);
    expect(journal.opened).toEqual({ created: true, tailCut: null });
    await journal.close();
  });

  test('whose making was interrupted anywhere is made again', async () => {
    const whole = scratch();
    await (await openSmall(whole)).close();
    for (const gone of [['HEAD'], ['log'], ['HEAD', 'log'], ['secrets', 'chutes']]) {
      const root = scratch();
      cpSync(whole, root, { recursive: true });
      for (const name of ['ripcord.json', ...gone]) rmSync(join(root, name), { recursive: true });
      mkdirSync(join(root, 'log'), { recursive: true });
      writeFileSync(join(root, 'log', '0000000000000001.ndjson'), '\n'.repeat(100));
      const journal = await openSmall(root);
      expect(journal.opened.created).toBe(true);
      expect((await journal.append(steps(1, 8))).length).toBe(8);
      await journal.close();
    }
  });
});
