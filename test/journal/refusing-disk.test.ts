import { describe, expect, test } from 'vitest';

import { readIfThere } from '../../journal/durable-file.ts';
import { JournalError } from '../../journal/errors.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import { openReserve } from '../../journal/reserve.ts';
import { readRoot } from '../../journal/root.ts';
import { dice, type SimDisk } from './sim-disk.ts';
import { emptySimDisk, ROOT, type SimNote, writing } from './sim-journal.ts';

type Fault = { readonly code: string; readonly times: number };
type Told = { readonly acknowledged: number[]; readonly refused: Set<unknown>; hit: boolean };

const note = (n: number): SimNote => ({ type: 'note', n, text: '' });

/** Twenty appends of two lanes, some of which roll; the `nth` change of the disk fails. */
async function workWith(disk: SimDisk, nth: number, { code, times }: Fault): Promise<Told> {
  const told: Told = { acknowledged: [], refused: new Set(), hit: false };
  const { appender } = await writing(disk);
  let changes = 0;
  disk.beforeChange = () => {
    changes += 1;
    if (changes < nth || changes >= nth + times) return;
    told.hit = true;
    throw Object.assign(new Error(code), { code });
  };
  const lane = async (name: number): Promise<void> => {
    for (let n = 0; n < 10; n += 1) {
      const text = `lane ${name} ${'x'.repeat(n * 60)}`;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a lane is one after the other
        const records = await appender.append([{ type: 'note', n: name * 100 + n, text }]);
        told.acknowledged.push(...records.map((record) => record.n));
      } catch (error) {
        told.refused.add(error instanceof JournalError ? error.code : error);
      }
    }
  };
  await Promise.all([lane(1), lane(2)]);
  await appender.stop(new JournalError('RIPCORD_JOURNAL_READONLY', 'closed'));
  disk.beforeChange = () => {};
  return told;
}

const FAULTS: Readonly<Record<string, Fault & { readonly refusals: readonly string[] }>> = {
  'is full once': { code: 'ENOSPC', times: 1, refusals: [] },
  'fails once': { code: 'EIO', times: 1, refusals: [] },
  'fails for a while': { code: 'EIO', times: 4, refusals: ['RIPCORD_JOURNAL_FENCED'] },
  'is full for a while': {
    code: 'ENOSPC',
    times: 7,
    refusals: ['RIPCORD_DISK_FULL', 'RIPCORD_JOURNAL_FENCED'],
  },
  'fails for ever': { code: 'EIO', times: Infinity, refusals: ['RIPCORD_JOURNAL_FENCED'] },
  'becomes read-only': { code: 'EROFS', times: Infinity, refusals: ['RIPCORD_JOURNAL_FENCED'] },
  'is full for ever': {
    code: 'ENOSPC',
    times: Infinity,
    refusals: ['RIPCORD_DISK_FULL', 'RIPCORD_JOURNAL_FENCED'],
  },
};

describe('a disk that', () => {
  for (const [title, { refusals, ...fault }] of Object.entries(FAULTS)) {
    test(`${title}, at any change: what was acknowledged is there, also when the power goes`, async () => {
      let runs = 0;
      for (let nth = 1; ; nth += 1) {
        const disk = emptySimDisk();
        const told = await workWith(disk, nth, fault);
        if (!told.hit) break;
        runs += 1;
        expect(refusals).toEqual(expect.arrayContaining([...told.refused]));
        for (const seed of [1, 2, 3]) {
          const journal = openReadOnly<SimNote>(ROOT, { disk: disk.crash(dice(seed + nth * 7)) });
          const found = [...journal.readFrom(1)].map(({ n }) => n);
          const kept = found.filter((n) => told.acknowledged.includes(n));
          const twice = found.length - new Set(found).size;
          expect({ nth, seed, damage: journal.damage, kept, twice }).toEqual({
            nth,
            seed,
            damage: null,
            kept: told.acknowledged,
            twice: 0,
          });
        }
      }
      expect(runs).toBeGreaterThan(20);
    });
  }

  test('failed to sync a file is never asked again to sync that file', async () => {
    const disk = emptySimDisk();
    const { appender } = await writing(disk);
    await appender.append([note(1)]);
    const synced: string[] = [];
    const open = disk.openSync.bind(disk);
    const sync = disk.fdatasyncSync.bind(disk);
    const paths = new Map<number, string>();
    disk.openSync = (path, ...rest) => {
      const fd = open(path, ...rest);
      paths.set(fd, path);
      return fd;
    };
    let failed = false;
    disk.fdatasyncSync = (fd) => {
      synced.push(paths.get(fd) ?? 'the one from before');
      if (!failed) {
        failed = true;
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      }
      sync(fd);
    };
    await appender.append([note(2)]);
    expect(synced).toEqual(['the one from before', `${ROOT}/log/rewrite`]);
  });

  test('is full for a while lets appends succeed again afterwards', async () => {
    const disk = emptySimDisk();
    const { appender } = await writing(disk);
    await appender.append([note(1)]);
    disk.beforeChange = (operation) => {
      if (operation === 'writeSync') throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const refused = { code: 'RIPCORD_DISK_FULL' };
    await expect(appender.append([note(2)])).rejects.toMatchObject(refused);
    await expect(appender.append([note(3)])).rejects.toMatchObject(refused);
    disk.beforeChange = () => {};
    expect((await appender.append([note(4)])).map(({ seq, n }) => [seq, n])).toEqual([[2, 4]]);
    expect(appender.failure).toBeNull();
  });

  test('failed to sync for a writer that is gone is not believed by the next one', async () => {
    const disk = emptySimDisk();
    const first = await writing(disk);
    await first.appender.append([note(1)]);
    disk.beforeChange = (operation) => {
      if (operation !== 'writeSync') throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    await expect(first.appender.append([note(2)])).rejects.toMatchObject({
      code: 'RIPCORD_JOURNAL_FENCED',
    });
    disk.beforeChange = () => {};
    const second = await writing(disk);
    const seen = second.appender.durable.seq;
    expect(seen).toBe(2);
    const after = openReadOnly<SimNote>(ROOT, { disk: disk.crash(() => 0.99) });
    expect([after.damage, after.head.seq]).toEqual([null, seen]);
  });

  test('is full has the ballast given up first', async () => {
    const disk = emptySimDisk();
    const { appender } = await writing(disk);
    const reserve = openReserve(disk, ROOT, { freeBytes: () => 1e9, ballastBytes: 4096 });
    await reserve.reserve(1);
    let full = true;
    let freed = false;
    disk.beforeChange = (operation) => {
      // What was freed can be had once that is on disk, and no sooner.
      freed ||= operation === 'unlinkSync';
      if (freed && operation === 'syncDirSync') full = false;
      if (full && operation === 'writeSync') {
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      }
    };
    const [record] = await appender.append([{ type: 'note', n: 1, text: '' }]);
    expect([record?.seq, reserve.held(), appender.failure]).toEqual([1, false, null]);
  });

  test('breaks while a root is made leaves nothing that is taken for one', async () => {
    for (let nth = 1; ; nth += 1) {
      const disk = emptySimDisk();
      let changes = 0;
      disk.beforeChange = () => {
        changes += 1;
        if (changes >= nth) throw Object.assign(new Error('EIO'), { code: 'EIO' });
      };
      const done = await writing(disk).then(
        () => true,
        () => false,
      );
      disk.beforeChange = () => {};
      const after = disk.crash(dice(nth));
      if (done) break;
      if (readRoot(after, ROOT) !== null) expect(readIfThere(after, `${ROOT}/HEAD`)).not.toBeNull();
      const { appender } = await writing(after);
      expect((await appender.append([{ type: 'note', n: 1, text: '' }]))[0]?.seq).toBe(1);
    }
  });
});
