import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { array, assert, asyncProperty, constantFrom, nat, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { createHeadFile, writeHead } from '../../journal/head.ts';
import { repairRoot, untoldRepair } from '../../journal/repair.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { dyingDisk, flipBit, scratch } from './scratch.ts';
import {
  bytesBelow,
  openSmall,
  overwrite,
  placeOf,
  segmentsOf,
  writtenRoot,
} from './written-root.ts';

const stamp = '2026-11-22T10-00-00Z';

/** The numbers of the events that the journal holds, in order. */
async function numbersIn(root: string): Promise<number[]> {
  const journal = await openSmall(root);
  try {
    expect(journal.damage).toBeNull();
    const numbers: number[] = [];
    for await (const { n } of journal.read()) numbers.push(n);
    return numbers;
  } finally {
    await journal.close();
  }
}

const firstOf = (path: string): number => Number(/(\d+)\.ndjson$/.exec(path)?.[1]);
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Breaks a record for good: no single bit explains it. */
function ruin(root: string, seq: number): void {
  const { path, offset } = placeOf(root, seq);
  overwrite(path, offset + 200, 'XXXX');
}

/** Every seq that a repair accounts for. */
function accounted(repair: Awaited<ReturnType<typeof repairRoot>>): number[] {
  const ranges = [...repair.lost, ...repair.setAside];
  const seqs = ranges.flatMap(({ from, to }) => upTo(to).slice(from - 1));
  return [...upTo(repair.head.seq), ...seqs].toSorted((one, other) => one - other);
}

describe('repair', () => {
  test('leaves a root alone that is whole', async () => {
    const root = await writtenRoot();
    const before = bytesBelow(root);
    expect(await repairRoot(root, { stamp })).toMatchObject({ changed: false, quarantine: null });
    expect(bytesBelow(root)).toEqual(before);
  });

  test('puts any one flipped bit of a record right, and loses nothing', async () => {
    const root = await writtenRoot(12);
    const { offset, size, path } = placeOf(root, 5);
    for (let byte = offset; byte <= offset + size; byte += 7) {
      const copy = scratch();
      cpSync(root, copy, { recursive: true });
      flipBit(path.replace(root, copy), byte, byte % 8);
      const repair = await repairRoot(copy, { stamp });
      expect(repair, `byte ${byte}`).toMatchObject({ changed: true, lost: [], setAside: [] });
      expect(repair.healed).toHaveLength(1);
      expect(readFileSync(path.replace(root, copy))).toEqual(readFileSync(path));
      expect((await verifyRoot(copy)).ok).toBe(true);
    }
  });

  test('keeps what follows from the first record and sets the rest aside', async () => {
    const root = await writtenRoot();
    ruin(root, 14);
    const before = bytesBelow(root);
    const repair = await repairRoot(root, { stamp });
    // Records 13 to 15 are one batch: all or nothing.
    expect(repair).toMatchObject({
      changed: true,
      head: { seq: 12 },
      lost: [{ from: 14, to: 14 }],
    });
    expect(accounted(repair)).toEqual(upTo(30));
    expect(await verifyRoot(root)).toMatchObject({ ok: true, events: 12, head: { seq: 12 } });
    const kept = join(root, 'quarantine', stamp);
    expect(repair.files.length).toBeGreaterThan(3);
    for (const file of repair.files) {
      expect({ file, bytes: readFileSync(join(kept, file), 'latin1') }).toEqual({
        file,
        bytes: before[file],
      });
    }
    expect(JSON.parse(readFileSync(join(kept, 'report.json'), 'utf8'))).toEqual(repair);
    for (const { file, from } of repair.setAside) {
      expect(readFileSync(join(root, file), 'utf8')).toContain(`{"seq":${from},`);
    }
  });

  test('is told by its report where the note of it has rotted, and as damage where that has too', async () => {
    const root = await writtenRoot();
    ruin(root, 14);
    const repair = await repairRoot(root, { stamp });
    expect(untoldRepair(root)).toEqual(repair);
    overwrite(join(root, 'repair.json'), 0, '\0\0\0\0');
    expect(untoldRepair(root)).toEqual(repair);
    // One of another repair says nothing of this one, whatever its name.
    const other = join(root, 'quarantine', '2099');
    mkdirSync(other);
    const older = { ...repair, head: { seq: 3, hash: 'of another record' } };
    writeFileSync(join(other, 'report.json'), JSON.stringify(older));
    expect(untoldRepair(root)).toEqual(repair);
    overwrite(join(root, 'quarantine', stamp, 'report.json'), 0, '\0\0\0\0');
    expect(() => untoldRepair(root)).toThrow(
      expect.objectContaining({ code: 'RIPCORD_JOURNAL_DAMAGED' }),
    );
  });

  test('leaves a journal that goes on', async () => {
    const root = await writtenRoot();
    ruin(root, 14);
    await repairRoot(root, { stamp });
    const journal = await openSmall(root);
    const [record] = await journal.append([{ type: 'journal.repaired', n: 0 }]);
    expect(record?.seq).toBe(13);
    expect(await journal.find({ type: 'step' })).toEqual(upTo(12));
    expect(await journal.loadSnapshot()).toEqual({ seq: 12, state: { n: 12 } });
    await journal.close();
    expect((await verifyRoot(root)).ok).toBe(true);
  });

  test('names the records of a segment that is gone', async () => {
    const root = await writtenRoot();
    const [, second = '', third = ''] = segmentsOf(root);
    const lost = { from: firstOf(second), to: firstOf(third) - 1 };
    unlinkSync(second);
    const repair = await repairRoot(root, { stamp });
    expect(repair).toMatchObject({ head: { seq: lost.from - 1 }, lost: [lost] });
    expect(accounted(repair)).toEqual(upTo(30));
    expect(await numbersIn(root)).toEqual(upTo(lost.from - 1));
  });

  test('names the records that only HEAD has seen', async () => {
    const root = await writtenRoot();
    writeHead(nodeDisk, join(root, 'HEAD'), { seq: 33, hash: 'f'.repeat(64) });
    const repair = await repairRoot(root, { stamp });
    expect(repair).toMatchObject({ head: { seq: 30 }, lost: [{ from: 31, to: 33 }], setAside: [] });
    expect((await verifyRoot(root)).ok).toBe(true);
  });

  test.each<[story: string, damage: (root: string) => void]>([
    ['HEAD is gone', (root) => rmSync(join(root, 'HEAD'))],
    ['HEAD was cut', (root) => truncateSync(join(root, 'HEAD'), 3)],
    ['a snapshot has changed', (root) => flipBit(join(root, 'snapshots', snapshotName(30)), 9)],
    ['ripcord.json is gone', (root) => rmSync(join(root, 'ripcord.json'))],
    ['ripcord.json was cut', (root) => truncateSync(join(root, 'ripcord.json'), 9)],
  ])('loses no record when %s', async (_story, damage) => {
    const root = await writtenRoot();
    const uuid: unknown = JSON.parse(readFileSync(join(root, 'ripcord.json'), 'utf8')).uuid;
    damage(root);
    const repair = await repairRoot(root, { stamp, genesis: { runtime: 'process' } });
    expect(repair).toMatchObject({ changed: true, lost: [], setAside: [], head: { seq: 30 } });
    expect((await verifyRoot(root)).problems).toEqual([]);
    expect(JSON.parse(readFileSync(join(root, 'ripcord.json'), 'utf8')).uuid).toBe(uuid);
    expect(await numbersIn(root)).toEqual(upTo(30));
  });

  test.each<[story: string, damage: (root: string) => void]>([
    ['the log is gone', (root) => rmSync(join(root, 'log'), { recursive: true })],
    ['the log is empty', (root) => segmentsOf(root).forEach((path) => rmSync(path))],
    ['the first segment is gone', (root) => rmSync(segmentsOf(root)[0] ?? '')],
    ['the first record is ruined', (root) => ruin(root, 1)],
  ])('makes no empty journal because %s, unless told to', async (_story, damage) => {
    const root = await writtenRoot();
    damage(root);
    const before = bytesBelow(root);
    await expect(repairRoot(root, { stamp })).rejects.toMatchObject({
      code: 'RIPCORD_JOURNAL_DAMAGED',
    });
    expect(bytesBelow(root)).toEqual(before);
    const repair = await repairRoot(root, { stamp, acceptLoss: true });
    expect(repair.head.seq).toBe(0);
    expect(accounted(repair)).toEqual(upTo(30));
    expect((await verifyRoot(root)).problems.map(({ file }) => file)).toEqual([]);
    expect(await numbersIn(root)).toEqual([]);
  });

  test('knows no journal where there is none', async () => {
    const missing = { code: 'RIPCORD_ROOT_MISSING' };
    const root = scratch();
    await expect(repairRoot(root, { stamp })).rejects.toMatchObject(missing);
    await expect(repairRoot(join(root, 'no'), { stamp })).rejects.toMatchObject(missing);
    expect(existsSync(join(root, 'no'))).toBe(false);
  });

  test('waits for no writer and works beside none', async () => {
    const root = await writtenRoot();
    const journal = await openSmall(root);
    await expect(repairRoot(root, { stamp })).rejects.toMatchObject({
      code: 'RIPCORD_JOURNAL_LOCKED',
    });
    await journal.close();
  });

  test.each<[story: string, damage: (root: string) => void, kept: number]>([
    ['a ruined record', (root) => ruin(root, 14), 12],
    [
      'a lost segment that HEAD knows nothing of',
      (root) => {
        unlinkSync(segmentsOf(root)[1] ?? '');
        rmSync(join(root, 'HEAD'));
        createHeadFile(nodeDisk, join(root, 'HEAD'));
        for (const name of readdirSync(join(root, 'snapshots'))) {
          rmSync(join(root, 'snapshots', name));
        }
      },
      6,
    ],
  ])('leaves %s or a whole log, whichever call the disk refuses', async (_story, damage, kept) => {
    const original = await writtenRoot();
    damage(original);
    let nth = 1;
    for (let dead = true; dead; nth += 1) {
      const root = scratch();
      cpSync(original, root, { recursive: true });
      const { disk, died } = dyingDisk(nth);
      await repairRoot(root, { stamp, disk }).catch(() => null);
      dead = died();
      const whole = (await verifyRoot(root)).ok;
      expect(dead || whole).toBe(true);
      // Whoever finds a whole root finds what it cost as well.
      if (whole) expect(untoldRepair(root), `death at ${nth}`).not.toBeNull();
      const repair = await repairRoot(root, { stamp });
      expect(repair).toMatchObject({ changed: !whole, head: { seq: kept } });
      expect(accounted(repair)).toEqual(upTo(whole ? kept : 30));
      expect((await verifyRoot(root)).problems).toEqual([]);
      const folder = repair.quarantine ?? join('quarantine', stamp);
      expect(existsSync(join(root, folder, 'report.json'))).toBe(true);
    }
    expect(nth).toBeGreaterThan(20);
  });

  test('accounts for every record after any damage', { timeout: 60_000 }, async () => {
    const original = await writtenRoot();
    const wounds = array(
      tuple(constantFrom('flip', 'zero', 'cut', 'remove', 'junk'), nat(9), nat(2047)),
      { minLength: 1, maxLength: 4 },
    );
    const property = asyncProperty(wounds, async (given) => {
      const root = scratch();
      cpSync(original, root, { recursive: true });
      for (const [kind, which, at] of given) wound(root, kind, which, at);
      const repair = await repairRoot(root, { stamp, acceptLoss: true });
      expect(accounted(repair)).toEqual(upTo(30));
      expect((await verifyRoot(root)).problems).toEqual([]);
      expect(await numbersIn(root)).toEqual(upTo(repair.head.seq));
    });
    await assert(property, { numRuns: 80 });
  });
});

const snapshotName = (seq: number): string => `${String(seq).padStart(16, '0')}.json`;

function wound(root: string, kind: string, which: number, at: number): void {
  const paths = segmentsOf(root);
  const path = paths[which % Math.max(1, paths.length)];
  if (path === undefined) return;
  const { size } = statSync(path);
  const place = at % Math.max(1, size);
  if (kind === 'remove') rmSync(path);
  if (kind === 'cut') truncateSync(path, place);
  if (size === 0 || kind === 'remove') return;
  if (kind === 'flip') flipBit(path, place, at % 8);
  if (kind === 'zero') overwrite(path, place, '\0'.repeat(Math.min(64, size - place)));
  if (kind === 'junk') overwrite(path, place, '\n{"seq":'.slice(0, size - place));
}
