import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { checkSnapshots, loadSnapshot, saveSnapshot } from '../../journal/snapshots.ts';
import { dyingDisk, flipBit, scratch } from './scratch.ts';
import { openSmall } from './written-root.ts';

const uuid = '0b0e9d2c-4b1e-4ba8-9b53-6a3c5a5a7d11';
const hashOf = (seq: number): string => seq.toString(16).padStart(64, '0');
const hashOfCutLog = (seq: number): string => (seq > 20 ? 'another record' : hashOf(seq));
const save = (root: string, seq: number, disk = nodeDisk): Promise<void> =>
  saveSnapshot(disk, root, uuid, { head: { seq, hash: hashOf(seq) }, state: { n: seq } });
const load = (root: string, at: number, known = hashOf) =>
  loadSnapshot(nodeDisk, root, uuid, { at, hashAt: known });
const pathOf = (root: string, seq: number): string =>
  join(root, 'snapshots', `${String(seq).padStart(16, '0')}.json`);

describe('snapshots', () => {
  test('are none in an empty root', async () => {
    expect(await load(scratch(), 9)).toBeNull();
  });

  test('give the newest at or before a seq', async () => {
    const root = scratch();
    await save(root, 10);
    await save(root, 20);
    expect(await load(root, 9)).toBeNull();
    expect(await load(root, 10)).toEqual({ seq: 10, state: { n: 10 } });
    expect(await load(root, 19)).toEqual({ seq: 10, state: { n: 10 } });
    expect(await load(root, 99)).toEqual({ seq: 20, state: { n: 20 } });
  });

  test('are the last two', async () => {
    const root = scratch();
    for (const seq of [1, 2, 3, 4]) await save(root, seq);
    expect(readdirSync(join(root, 'snapshots'))).toHaveLength(2);
    expect(await load(root, 3)).toEqual({ seq: 3, state: { n: 3 } });
  });

  test('leave nothing of one that its writer did not live to put in place', async () => {
    const root = scratch();
    await save(root, 10);
    writeFileSync(`${pathOf(root, 15)}.tmp`, '{"seq":15');
    await save(root, 20);
    expect(readdirSync(join(root, 'snapshots'))).toHaveLength(2);
  });

  test('of a log that was cut since are passed over, then removed', async () => {
    const root = scratch();
    await save(root, 10);
    await save(root, 50);
    expect(await load(root, 60, hashOfCutLog)).toEqual({ seq: 10, state: { n: 10 } });
    await save(root, 20);
    expect(checkSnapshots(nodeDisk, root).map(({ seq }) => seq)).toEqual([10, 20]);
  });

  test('are never of records that are not on disk', async () => {
    const root = scratch();
    const journal = await openSmall(root);
    await journal.append([{ type: 'step', n: 1 }]);
    await expect(journal.saveSnapshot(2, { n: 2 })).rejects.toThrow('there is none');
    await journal.close();
    expect(checkSnapshots(nodeDisk, root)).toEqual([]);
  });

  test('of another journal are passed over', async () => {
    const root = scratch();
    await save(root, 10);
    const other = await loadSnapshot(nodeDisk, root, 'other', { at: 10, hashAt: hashOf });
    expect(other).toBeNull();
  });

  test('with any byte changed are passed over for the one before', async () => {
    const root = scratch();
    await save(root, 10);
    await save(root, 20);
    const path = pathOf(root, 20);
    const { size } = statSync(path);
    for (let byte = 0; byte < size; byte += 1) {
      flipBit(path, byte, byte % 8);
      expect(await load(root, 99), `byte ${byte}`).toEqual({ seq: 10, state: { n: 10 } });
      flipBit(path, byte, byte % 8);
    }
    expect((await load(root, 99))?.seq).toBe(20);
  });

  test('cut anywhere are passed over', async () => {
    const root = scratch();
    await save(root, 10);
    const path = pathOf(root, 10);
    for (let size = statSync(path).size - 1; size >= 0; size -= 1) {
      truncateSync(path, size);
      expect(await load(root, 99)).toBeNull();
    }
    expect(checkSnapshots(nodeDisk, root)).toEqual([
      { file: join('snapshots', '0000000000000010.json'), seq: 10, hash: null, uuid: null },
    ]);
  });

  test('under the name of another seq are passed over', async () => {
    const root = scratch();
    await save(root, 10);
    writeFileSync(pathOf(root, 12), readFileSync(pathOf(root, 10)));
    expect(await load(root, 99)).toEqual({ seq: 10, state: { n: 10 } });
  });

  test('stay usable whichever call the disk refuses while one is saved', async () => {
    let nth = 1;
    for (let dead = true; dead; nth += 1) {
      const root = scratch();
      await save(root, 10);
      const { disk, died } = dyingDisk(nth);
      await save(root, 20, disk).catch(() => 'refused');
      dead = died();
      const found = await load(root, 99);
      expect([10, 20]).toContain(found?.seq);
      if (!dead) expect(found?.seq).toBe(20);
    }
    expect(nth).toBeGreaterThan(4);
  });
});
