import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import type { Disk } from '../../journal/disk.ts';
import { openJournal } from '../../journal/journal-disk.ts';
import type { DiskJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { FlushPace } from '../../journal/pace.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import { scratch } from './scratch.ts';

type Note = { readonly type: string; readonly n: number; readonly text?: string };

const SEGMENT_BYTES = 16 * 1024;

function open(
  root: string,
  disk: Disk = nodeDisk,
  segmentBytes = SEGMENT_BYTES,
): Promise<DiskJournal<Note>> {
  // A busy machine must not look like a disk that stands still.
  const clock = { ...machineClock(), up: () => 5 };
  return openJournal({ root, disk, clock, create: true, segmentBytes });
}

/** The real disk without its slow part, and how often each of its calls was made. */
function countingDisk(): { disk: Disk; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  // A busy machine must not send the flushes to the thread pool.
  vi.spyOn(performance, 'now').mockReturnValue(0);
  onTestFinished(() => void vi.restoreAllMocks());
  const disk = new Proxy(nodeDisk, {
    get(target, name, receiver) {
      const real: unknown = Reflect.get(target, name, receiver);
      if (typeof real !== 'function') return real;
      return (...args: unknown[]): unknown => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1;
        if (name === 'fdatasyncSync') return undefined;
        return Reflect.apply(real, target, args);
      };
    },
  });
  return { disk, calls };
}

async function numbers(items: AsyncIterable<Note>): Promise<number[]> {
  const found: number[] = [];
  for await (const { n } of items) found.push(n);
  return found;
}

describe('a flush', () => {
  test('is one write and one sync, and nothing else', async () => {
    const { disk, calls } = countingDisk();
    const journal = await open(scratch(), disk);
    await journal.append([{ type: 'note', n: 0 }]);
    for (const name of Object.keys(calls)) delete calls[name];
    for (let n = 1; n <= 10; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one flush after the other
      await journal.append([
        { type: 'note', n },
        { type: 'note', n },
      ]);
    }
    expect(calls).toEqual({ writeSync: 10, fdatasyncSync: 10 });
    await journal.close();
  });

  test('is told of, to who keeps the state and its snapshots, behind its sync and not before', async () => {
    const done: string[] = [];
    const disk = new Proxy(nodeDisk, {
      get(target, name, receiver) {
        const real: unknown = Reflect.get(target, name, receiver);
        if (name !== 'writeSync' && name !== 'fdatasyncSync') return real;
        return (...args: unknown[]): unknown => {
          done.push(name);
          return Reflect.apply(real as () => unknown, target, args);
        };
      },
    });
    // A busy machine must not send the flush to the thread pool.
    vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => void vi.restoreAllMocks());
    const clock = { ...machineClock(), up: () => 5 };
    const onFlush = (): void => void done.push('told');
    const journal = await openJournal<Note>({
      root: scratch(),
      disk,
      clock,
      create: true,
      onFlush,
    });
    done.length = 0;
    await journal.append([{ type: 'note', n: 1 }]);
    expect(done).toEqual(['writeSync', 'fdatasyncSync', 'told']);
    await journal.close();
  });

  test('is shared by lanes, and by those that await a different number of times', async () => {
    const { disk, calls } = countingDisk();
    // Room for all of it: where a segment ends, a flush does too.
    const journal = await open(scratch(), disk, 16 * SEGMENT_BYTES);
    await journal.append([{ type: 'note', n: 0 }]);
    calls['fdatasyncSync'] = 0;
    const lane = async (turns: number): Promise<void> => {
      for (let n = 0; n < 20; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- a lane is one after the other
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        // oxlint-disable-next-line no-await-in-loop -- a lane is one after the other
        await journal.append([{ type: 'note', n }]);
      }
    };
    await Promise.all([0, 1, 3, 7, 20, 40].map(lane));
    expect(calls['fdatasyncSync']).toBe(20);
    await journal.close();
  });

  test('moves to the thread pool while the disk is slow, and back', async () => {
    const pooled: number[] = [];
    let slow = true;
    let time = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => time);
    onTestFinished(() => void vi.restoreAllMocks());
    const disk: Disk = {
      ...nodeDisk,
      fdatasyncSync: (fd) => {
        nodeDisk.fdatasyncSync(fd);
        if (slow) time += 2;
      },
      writeAndSync: async (fd, bytes, position) => {
        if (bytes.length < SEGMENT_BYTES) pooled.push(bytes.length);
        await nodeDisk.writeAndSync(fd, bytes, position);
        if (slow) time += 2;
      },
    };
    const journal = await open(scratch(), disk);
    pooled.length = 0;
    const lane = async (from: number): Promise<void> => {
      for (let n = from; n < from + 15; n += 1) {
        // oxlint-disable-next-line no-await-in-loop -- a lane is one after the other
        await journal.append([{ type: 'note', n }]);
      }
    };
    await Promise.all([lane(0), lane(100)]);
    expect(pooled.length).toBe(6);
    slow = false;
    await lane(200);
    expect(pooled.length).toBe(11);
    expect((await numbers(journal.read())).length).toBe(45);
    await journal.close();
  });

  test('that stood still is the last one on the event loop, and those behind it share one', async () => {
    let up = 0;
    let blocked = 0;
    let pooled = 0;
    const disk: Disk = {
      ...nodeDisk,
      fdatasyncSync: (fd) => {
        nodeDisk.fdatasyncSync(fd);
        blocked += 1;
        up += 300;
      },
      writeAndSync: async (fd, bytes, position) => {
        await nodeDisk.writeAndSync(fd, bytes, position);
        pooled += 1;
        up += 300;
      },
    };
    const clock = { ...machineClock(), up: () => up };
    const root = scratch();
    const journal = await openJournal<Note>({ root, disk, clock, create: true });
    await journal.append([{ type: 'note', n: 0 }]);
    [blocked, pooled] = [0, 0];
    const first = journal.append([{ type: 'note', n: 1 }]);
    await new Promise((resolve) => setImmediate(resolve));
    const behind = Array.from({ length: 20 }, (_, n) => journal.append([{ type: 'note', n }]));
    await Promise.all([first, ...behind]);
    expect({ blocked, pooled }).toEqual({ blocked: 0, pooled: 2 });
    await journal.close();
  });

  test('is slow by the median, not by one hiccup', () => {
    const pace = new FlushPace();
    const slow = [5, 5, 5, 5, 0.1, 0.1, 0.1, 0.1, 0.1, 5, 5, 5, 5, 5].map((ms) => {
      pace.note(ms);
      return pace.slow;
    });
    expect(slow.indexOf(true)).toBe(13);
  });
});

describe('segments', () => {
  test('are filled before use, never span a batch, and go on without a gap', async () => {
    const root = scratch();
    const journal = await open(root);
    const sizes = [100, 6000, 9000, 200, 40_000, 50, 15_000, 16_200, 10];
    for (const [n, size] of sizes.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other
      await journal.append([
        { type: 'note', n, text: 'x'.repeat(size) },
        { type: 'end', n },
      ]);
    }
    const names = readdirSync(join(root, 'log')).filter((name) => name.endsWith('.ndjson'));
    expect(names.length).toBeGreaterThan(4);
    for (const name of names.slice(0, -1)) {
      const text = readFileSync(join(root, 'log', name), 'utf8');
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line): { end: number; seq: number } => JSON.parse(line));
      expect(text.endsWith('}\n')).toBe(true);
      expect(lines[0]?.seq).toBe(Number(name.slice(0, 16)));
      expect(lines.at(-1)?.end).toBe(lines.at(-1)?.seq);
    }
    const active = readFileSync(join(root, 'log', names.at(-1) ?? ''), 'latin1');
    expect(active.length).toBe(SEGMENT_BYTES);
    expect(active.trimEnd().length).toBeLessThan(SEGMENT_BYTES);
    const expected = sizes.flatMap((_, n) => [n, n]);
    expect(await numbers(journal.read())).toEqual(expected);
    await journal.close();
    const again = await open(root);
    expect(again.damage).toBeNull();
    await again.append([{ type: 'note', n: 99 }]);
    expect(await numbers(again.read())).toEqual([...expected, 99]);
    await again.close();
  });

  test('have the next one ready before the roll needs it', async () => {
    const root = scratch();
    const { disk, calls } = countingDisk();
    const journal = await open(root, disk);
    const next = join(root, 'log', 'next');
    calls['closeSync'] = 0;
    await journal.append([{ type: 'note', n: 0, text: 'x'.repeat(SEGMENT_BYTES / 2) }]);
    const patience = { timeout: 30_000 };
    await expect.poll(() => existsSync(next) && statSync(next).size, patience).toBe(SEGMENT_BYTES);
    await expect.poll(() => calls['closeSync'], patience).toBe(1);
    for (const name of Object.keys(calls)) delete calls[name];
    await journal.append([{ type: 'note', n: 1, text: 'x'.repeat(SEGMENT_BYTES / 2) }]);
    expect(calls).toMatchObject({ ftruncateSync: 1, fsyncSync: 1, renameSync: 1, syncDirSync: 1 });
    expect(calls['writeSync']).toBe(1);
    await journal.close();
  });
});

describe('a reader beside the writer', () => {
  test('follows over rolls and sees what its own head allows', async () => {
    const root = scratch();
    const journal = await open(root);
    await journal.append([{ type: 'note', n: 0 }]);
    const reader = openReadOnly<Note>(root, { pollMs: 5 });
    const seen: number[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const { n } of reader.follow(1, stop.signal)) {
        seen.push(n);
        if (n === 30) stop.abort();
      }
    })();
    for (let n = 1; n <= 30; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other
      await journal.append([{ type: 'note', n, text: 'x'.repeat(n * 100) }]);
    }
    await following;
    expect(seen).toEqual(Array.from({ length: 31 }, (_, n) => n));
    expect(reader.head).toEqual(journal.head);
    await journal.close();
  });

  test('loads the newest snapshot that fits and reads on from there', async () => {
    const root = scratch();
    const journal = await open(root);
    for (let n = 1; n <= 60; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other
      await journal.append([{ type: 'note', n, text: 'x'.repeat(900) }]);
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (n === 50) await journal.saveSnapshot(50, { n });
    }
    const key = await journal.putBlob(Buffer.from('blob'));
    const reader = openReadOnly<Note>(root);
    const snapshot = await reader.loadSnapshot();
    expect(snapshot).toEqual({ seq: 50, state: { n: 50 } });
    expect([...reader.readFrom(51)].map(({ n }) => n)).toEqual([
      51, 52, 53, 54, 55, 56, 57, 58, 59, 60,
    ]);
    expect(await reader.find({ type: 'note', reverse: true, limit: 2 })).toEqual([60, 59]);
    expect(Buffer.from(await reader.getBlob(key)).toString()).toBe('blob');
    expect(reader.facts.uuid).toBe(journal.uuid);
    await journal.close();
  });
});
