import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { openJournal } from '../../journal/journal-disk.ts';
import { openReplay } from '../../replay/reader.ts';
import { listUpdates } from '../../replay/update-list.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { scratch } from '../journal/scratch.ts';
import { bytesBelow, overwrite, placeOf } from '../journal/written-root.ts';
import { ToldClock } from './told-clock.ts';
import { ToldDevice } from './told-device.ts';

async function deviceOn(root: string): Promise<ToldDevice> {
  const clock = new ToldClock();
  const options = { root, clock, create: true, segmentBytes: 16_384, command: 'test' };
  return new ToldDevice(clock, await openJournal<ChuteEvent>(options));
}

describe('a root on disk', () => {
  test('is looked at while an engine holds it, and nothing is written', async () => {
    const root = scratch();
    const device = await deviceOn(root);
    await device.installs('u1', 'hello', 1);
    const before = bytesBelow(root);
    const replay = await openReplay(root);
    expect(replay.state).toEqual(device.state);
    expect(replay.head).toEqual(device.journal.head);
    expect(await listUpdates(replay)).toMatchObject([{ id: 'u1', outcome: 'committed' }]);
    expect(bytesBelow(root)).toEqual(before);

    await device.installs('u2', 'hello', 2);
    expect(replay.head.seq).toBeLessThan(device.journal.head.seq);
    await replay.refresh();
    expect(replay.state).toEqual(device.state);
    expect(await listUpdates(replay)).toHaveLength(2);
    await device.journal.close();
  });

  test('gives the same state from snapshot and tail as from the whole log', async () => {
    const root = scratch();
    const device = await deviceOn(root);
    await device.installs('u1', 'hello', 1);
    await device.journal.saveSnapshot(device.state.seq, device.state);
    await device.installs('u2', 'hello', 2);
    await device.journal.close();
    expect((await openReplay(root)).state).toEqual(device.state);
    rmSync(join(root, 'snapshots'), { recursive: true });
    expect((await openReplay(root)).state).toEqual(device.state);
  });

  test('that is damaged shows what lies before the damage', async () => {
    const root = scratch();
    const device = await deviceOn(root);
    for (let n = 1; n <= 8; n += 1) await device.installs(`u${n}`, 'hello', n);
    await device.journal.close();
    const { seq } = device.records.find((record) => record.type === 'update.committed') ?? {};
    const place = placeOf(root, (seq ?? 0) + 40);
    overwrite(place.path, place.offset + 20, '#');
    const replay = await openReplay(root);
    expect(replay.damage?.code).toBe('RIPCORD_JOURNAL_DAMAGED');
    expect(await replay.stateAt(seq ?? 0)).toMatchObject({ chutes: { hello: { revision: 1 } } });
  });

  test('that is none is refused', async () => {
    const opened = openReplay(scratch());
    await expect(opened).rejects.toMatchObject({ code: 'RIPCORD_ROOT_MISSING' });
  });
});

test('looking back needs no schema, no YAML and no database: status has to start fast', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, words, target = ''] of text.matchAll(
      /^(?:import|export)([^;]*?)from '([^']+)';/gms,
    )) {
      if (words?.trim().startsWith('type ')) continue;
      if (target.startsWith('.')) visit(normalize(join(dirname(path), target)));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  };
  visit('replay/index.ts');
  expect([...packages].toSorted()).toEqual(['fast-json-patch', 'immer']);
});
