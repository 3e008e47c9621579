import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { Appender } from '../../journal/append.ts';
import type { Disk } from '../../journal/disk.ts';
import { writeHead } from '../../journal/head.ts';
import { checkLog } from '../../journal/log-check.ts';
import { LogSink } from '../../journal/log-sink.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import { openReserve } from '../../journal/reserve.ts';
import { makeRoot, readRoot, rootPaths } from '../../journal/root.ts';
import { SegmentWriter } from '../../journal/segment-writer.ts';
import { dice, SimDisk } from './sim-disk.ts';

type Note = { readonly type: string; readonly n: number; readonly text: string };

const ROOT = '/sim';
const SEGMENT_BYTES = 4096;
const clock = { now: () => '2026-11-22T10:00:00.000Z', up: () => 5, boot: 'boot' };

/** The writing half of a journal without its lock and index, which the power does not cut. */
async function writing(disk: Disk): Promise<{ appender: Appender<Note>; seal: () => void }> {
  if (readRoot(disk, ROOT) === null) await makeRoot(disk, ROOT, {}, SEGMENT_BYTES);
  const check = checkLog(disk, ROOT);
  if (check.damage) throw new Error(check.damage.message);
  const writer = new SegmentWriter(
    { disk, log: rootPaths(ROOT).log, segmentBytes: SEGMENT_BYTES },
    {
      segments: [...check.segments],
      size: check.size,
      used: check.used,
      dirty: check.used + (check.torn?.bytes ?? 0),
    },
  );
  writer.clear();
  const appender = new Appender<Note>({
    sink: new LogSink(writer, openReserve(disk, ROOT, { freeBytes: () => 0 })),
    clock,
    head: check.head,
    versionOf: () => 1,
    onFlush: () => {},
    faults: {},
  });
  return { appender, seal: () => writeHead(disk, rootPaths(ROOT).head, appender.durable) };
}

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
  test('loses nothing that was acknowledged, at any operation, any sector and twice in a row', async () => {
    let states = 0;
    for (let seed = 1; seed <= 600; seed += 1) {
      const roll = dice(seed);
      let disk = new SimDisk();
      disk.mkdirSync('/');
      disk.syncDirSync('/');
      let expected = 0;
      for (let cut = 0; cut < 3; cut += 1) {
        const acknowledged = await workUntil(disk, roll, 1 + Math.floor(roll() * 60));
        expected = Math.max(expected, ...acknowledged);
        disk = disk.crash(roll);
        const facts = readRoot(disk, ROOT);
        if (facts === null) {
          expect(expected, `seed ${seed}`).toBe(0);
          continue;
        }
        const journal = openReadOnly<Note>(ROOT, { disk });
        expect(journal.damage, `seed ${seed}`).toBeNull();
        expect(journal.head.seq, `seed ${seed}`).toBeGreaterThanOrEqual(expected);
        const found = [...journal.readFrom(1)];
        expect(found.at(-1)?.end ?? 0, `seed ${seed}`).toBe(journal.head.seq);
        expect(found.length).toBe(journal.head.seq);
        expected = journal.head.seq;
        states += 1;
      }
    }
    expect(states).toBeGreaterThan(1000);
  });

  test('is told from rot: a flipped bit in what later records knew to be on disk is damage', async () => {
    const disk = new SimDisk();
    disk.mkdirSync('/');
    disk.syncDirSync('/');
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
      expect(damage, `byte ${byte}`).toMatchObject({ code: 'RIPCORD_JOURNAL_DAMAGED' });
      const starts = sizes.map((_, n) => sizes.slice(0, n).reduce((sum, size) => sum + size, 0));
      expect(damage?.seq).toBe(starts.findLastIndex((start) => start <= byte) + 1);
      disk.flip(path, byte, byte % 8);
    }
    expect(checkLog(disk, ROOT).damage).toBeNull();
  });
});
