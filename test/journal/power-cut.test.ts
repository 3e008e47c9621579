import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { openBlobs } from '../../journal/blobs.ts';
import { readHead } from '../../journal/head.ts';
import { checkLog } from '../../journal/log-check.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import { repairRoot, untoldRepair } from '../../journal/repair.ts';
import { readRoot, rootPaths } from '../../journal/root.ts';
import { openSecrets } from '../../journal/secrets-store.ts';
import { dice, type SimDisk } from './sim-disk.ts';
import { emptySimDisk, ROOT, type SimNote, writing } from './sim-journal.ts';

/** Appends in lanes until the power goes; what was acknowledged before. */
async function workUntil(disk: SimDisk, roll: () => number, cutAt: number): Promise<number[]> {
  const acknowledged: number[] = [];
  let operations = 0;
  disk.beforeChange = () => {
    operations += 1;
    if (operations >= cutAt) throw new Error('the power is gone');
  };
  try {
    const { appender, seal } = await writing(disk);
    for (let turn = 0; turn < 12; turn += 1) {
      const lanes = Array.from({ length: 1 + Math.floor(roll() * 3) }, async () => {
        const size = Math.floor(roll() * 700);
        const batch = Array.from({ length: 1 + Math.floor(roll() * 3) }, (_, n) => ({
          type: 'note',
          n,
          text: 'x'.repeat(size),
        }));
        for (const { seq } of await appender.append(batch)) acknowledged.push(seq);
      });
      await Promise.all(lanes);
      if (roll() < 0.3) seal();
    }
  } catch {
    // The power is gone.
  }
  return acknowledged;
}

describe('a power cut', () => {
  test('loses nothing that was acknowledged, at any operation, any sector and again and again', async () => {
    let states = 0;
    for (let seed = 1; seed <= 600; seed += 1) {
      const roll = dice(seed);
      let disk = emptySimDisk();
      let expected = 0;
      for (let cut = 0; cut < 5; cut += 1) {
        const acknowledged = await workUntil(disk, roll, 1 + Math.floor(roll() * 60));
        expected = Math.max(expected, ...acknowledged);
        // Sometimes only the process dies, and what it wrote but did not sync is still to be seen.
        if (roll() < 0.4) continue;
        disk = disk.crash(roll);
        const facts = readRoot(disk, ROOT);
        if (facts === null) {
          expect({ seed, expected }).toEqual({ seed, expected: 0 });
          continue;
        }
        const journal = openReadOnly<SimNote>(ROOT, { disk });
        const { seq } = journal.head;
        const found = [...journal.readFrom(1)];
        expect({
          seed,
          damage: journal.damage,
          lost: Math.max(0, expected - seq),
          records: found.length,
          whole: (found.at(-1)?.end ?? 0) === seq,
        }).toEqual({ seed, damage: null, lost: 0, records: seq, whole: true });
        expected = journal.head.seq;
        states += 1;
      }
    }
    expect(states).toBeGreaterThan(1000);
  });

  test('leaves every blob that was put, and the facts of a root that was made', async () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const roll = dice(seed);
      const disk = emptySimDisk();
      await writing(disk);
      const blobs = openBlobs(disk, ROOT);
      const texts = ['a', 'b', 'c'].map((each) => Buffer.from(each.repeat(2000)));
      const keys = [];
      for (const text of texts) keys.push(await blobs.put(text));
      const after = disk.crash(roll);
      expect({ seed, facts: readRoot(after, ROOT) !== null }).toEqual({ seed, facts: true });
      const found = keys.map((key) => Buffer.from(openBlobs(after, ROOT).get(key)));
      expect({ seed, found }).toEqual({ seed, found: texts });
    }
  });

  test('leaves what was put again by somebody who found it there', async () => {
    for (let nth = 1; ; nth += 1) {
      const disk = emptySimDisk();
      await writing(disk);
      const put = async (): Promise<void> => {
        await openBlobs(disk, ROOT).put(Buffer.from('the same'));
        await openSecrets(disk, ROOT).put('the same');
      };
      let changes = 0;
      disk.beforeChange = () => {
        changes += 1;
        if (changes >= nth) throw new Error('the process is killed');
      };
      await put().catch(() => {});
      disk.beforeChange = () => {};
      if (changes < nth) break;
      await put();
      // What is not synced is lost, all of it.
      const after = disk.crash(() => 0.99);
      const [key = ''] = openBlobs(disk, ROOT).keys();
      const ref = await openSecrets(disk, ROOT).put('the same');
      const found = [openBlobs(after, ROOT).get(key), openSecrets(after, ROOT).get(ref)];
      expect({ nth, found: found.map((bytes) => Buffer.from(bytes).toString()) }).toEqual({
        nth,
        found: ['the same', 'the same'],
      });
    }
  });

  test('leaves a secret that was put again after a sync that failed', async () => {
    const disk = emptySimDisk();
    await writing(disk);
    const secrets = openSecrets(disk, ROOT);
    await secrets.put('makes the key');
    disk.beforeChange = (operation) => {
      if (operation === 'syncDirSync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    await expect(secrets.put('hunter2')).rejects.toThrow('EIO');
    disk.beforeChange = () => {};
    const ref = await secrets.put('hunter2');
    const found = openSecrets(
      disk.crash(() => 0.99),
      ROOT,
    ).get(ref);
    expect(Buffer.from(found).toString()).toBe('hunter2');
  });

  test('leaves the key by which somebody has told secrets apart', async () => {
    const disk = emptySimDisk();
    await writing(disk);
    let isRenamed = false;
    disk.beforeChange = (operation) => {
      isRenamed ||= operation === 'renameSync';
      if (isRenamed && operation === 'syncDirSync') throw new Error('the process is killed');
    };
    await expect(openSecrets(disk, ROOT).digest('hunter2')).rejects.toThrow('killed');
    disk.beforeChange = () => {};
    const told = await openSecrets(disk, ROOT).digest('hunter2');
    const after = disk.crash(() => 0.99);
    expect(await openSecrets(after, ROOT).digest('hunter2')).toBe(told);
  });

  test('leaves a root whole that was told to be repaired', async () => {
    const disk = emptySimDisk();
    const { appender } = await writing(disk);
    const batch = Array.from({ length: 3 }, (_, n) => ({
      type: 'note',
      n,
      text: 'x'.repeat(1500),
    }));
    for (let n = 0; n < 4; n += 1) await appender.append(batch);
    const { log } = rootPaths(ROOT);
    const [, second = ''] = disk.readdirSync(log).filter((name) => name.endsWith('.ndjson'));
    disk.unlinkSync(join(log, second));
    disk.syncDirSync(log);
    const repair = await repairRoot(ROOT, { disk, stamp: 'now' });
    expect(repair).toMatchObject({ head: { seq: 3 }, lost: [{ from: 4, to: 6 }] });
    for (let seed = 1; seed <= 20; seed += 1) {
      const after = disk.crash(dice(seed));
      const { damage, head } = checkLog(after, ROOT);
      expect({ seed, damage, head: head.seq }).toEqual({ seed, damage: null, head: 3 });
      expect(untoldRepair(ROOT, after)).toMatchObject({ lost: [{ from: 4, to: 6 }] });
    }
  });

  test('brings no secret back that was dropped', async () => {
    const disk = emptySimDisk();
    await writing(disk);
    const secrets = openSecrets(disk, ROOT);
    const ref = await secrets.put('hunter2');
    secrets.drop(ref);
    expect(() =>
      openSecrets(
        disk.crash(() => 0.99),
        ROOT,
      ).get(ref),
    ).toThrow('not kept');
  });

  test('in the first batch of a fresh segment, whatever sectors got there, is no damage', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const disk = emptySimDisk();
      const { appender } = await writing(disk);
      // Each takes a segment of its own, which nobody could have prepared.
      const batch = Array.from({ length: 3 }, (_, n) => ({
        type: 'note',
        n,
        text: 'x'.repeat(1500),
      }));
      let rolls = 0;
      disk.beforeChange = (operation) => {
        rolls += Number(operation === 'renameSync');
        // The roll has synced the directory; the batch is written and not synced.
        if (rolls === 3 && operation === 'fdatasyncSync') throw new Error('the power is gone');
      };
      let acknowledged = 0;
      for (let n = 0; n < 3; n += 1)
        await appender.append(batch).then(
          (records) => (acknowledged = records.at(-1)?.seq ?? 0),
          () => {},
        );
      const { damage, head } = checkLog(disk.crash(dice(seed)), ROOT);
      expect({ seed, acknowledged, damage, lost: head.seq < acknowledged }).toEqual({
        seed,
        acknowledged: 6,
        damage: null,
        lost: false,
      });
    }
  });

  test('leaves the witness of what was sealed', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const disk = emptySimDisk();
      const { appender, seal } = await writing(disk);
      for (let n = 0; n < 3; n += 1) {
        await appender.append([{ type: 'note', n, text: '' }]);
        seal();
      }
      const witness = readHead(disk.crash(dice(seed)), rootPaths(ROOT).head);
      expect({ seed, witness }).toEqual({ seed, witness: appender.durable });
    }
  });

  test('leaves the witness that was missing and was made again', async () => {
    const disk = emptySimDisk();
    const { appender, seal } = await writing(disk);
    await appender.append([{ type: 'note', n: 1, text: '' }]);
    disk.unlinkSync(rootPaths(ROOT).head);
    disk.syncDirSync(ROOT);
    seal();
    // What is not synced is lost, all of it.
    const after = disk.crash(() => 0.99);
    expect(readHead(after, rootPaths(ROOT).head)).toEqual(appender.durable);
  });

  test('is told from rot: a flipped bit in what later records knew to be on disk is damage', async () => {
    const disk = emptySimDisk();
    const { appender } = await writing(disk);
    const sizes: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const [record] = await appender.append([{ type: 'note', n, text: 'some text' }]);
      sizes.push(JSON.stringify(record).length + 1);
    }
    const path = join(rootPaths(ROOT).log, '0000000000000001.ndjson');
    const last = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0);
    for (let byte = 0; byte < last; byte += 1) {
      disk.flip(path, byte, byte % 8);
      const { damage } = checkLog(disk, ROOT);
      const starts = sizes.map((_, n) => sizes.slice(0, n).reduce((sum, size) => sum + size, 0));
      const seq = starts.findLastIndex((start) => start <= byte) + 1;
      expect({ byte, damaged: damage?.seq }).toEqual({ byte, damaged: seq });
      disk.flip(path, byte, byte % 8);
    }
    expect(checkLog(disk, ROOT).damage).toBeNull();
  });
});
