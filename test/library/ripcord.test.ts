import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { writeHead } from '../../journal/head.ts';
import { repairRoot } from '../../journal/repair.ts';
import { openReplay } from '../../replay/reader.ts';
import { byName, chute, pidOf, Root, SLEEPS } from './open-root.ts';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

const isAlive = (pid: number): boolean => {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('an update', () => {
  test('tells its events from the request on, and how it ended', async () => {
    const ripcord = await root.open();
    const update = await ripcord.apply([chute(SLEEPS)], { message: 'first try' });
    const types: string[] = [];
    for await (const { type } of update.events()) types.push(type);
    expect(types[0]).toBe('update.requested');
    expect(types).toContain('gate.passed');
    expect(types.at(-1)).toBe('update.committed');
    expect(await update.done).toMatchObject({ update: 'u1', outcome: 'committed', error: null });
    expect(ripcord.state.chutes['hello']).toMatchObject({ revision: 1 });
    expect(isAlive(pidOf(ripcord))).toBe(true);
  });

  test('tells its events to who begins to listen when it is over', async () => {
    const ripcord = await root.open();
    const update = await ripcord.apply([chute(SLEEPS)]);
    await update.done;
    const types: string[] = [];
    for await (const { type } of update.events()) types.push(type);
    expect([types[0], types.at(-1)]).toEqual(['update.requested', 'update.committed']);
  });

  test('carried out chute by chute tells the events of all, and how each fared', async () => {
    const ripcord = await root.open();
    const [good, bad] = [chute(SLEEPS), { ...chute(['false']), name: 'broken' }];
    const update = await ripcord.apply([good, bad], { perChute: true });
    const ends: string[] = [];
    for await (const event of update.events())
      if (/^update\.(committed|reverted)$/.test(event.type) && 'update' in event)
        ends.push(`${event.update} ${event.type}`);
    expect(ends.toSorted()).toEqual(['u1 update.committed', 'u2 update.reverted']);
    expect(await update.done).toMatchObject({
      update: 'u1',
      outcome: 'reverted',
      lanes: [
        { chute: 'hello', update: 'u1', outcome: 'committed' },
        { chute: 'broken', update: 'u2', outcome: 'reverted' },
      ],
    });
    expect(Object.keys(ripcord.state.applied.chutes)).toEqual(['hello']);
  });

  test('that changes nothing has no number and no events', async () => {
    const ripcord = await root.open();
    await (
      await ripcord.apply([chute(SLEEPS)])
    ).done;
    const { head } = ripcord;
    const again = await ripcord.apply([chute(SLEEPS)]);
    expect(again.id).toBeNull();
    expect(await again.done).toMatchObject({ update: null, outcome: 'unchanged' });
    for await (const event of again.events()) expect(event).toBeUndefined();
    expect(ripcord.head).toEqual(head);
  });

  test('is the same update for the same request id, and refused for other content', async () => {
    const ripcord = await root.open();
    const requestId = 'order-7';
    const first = await ripcord.apply([chute(SLEEPS)], { requestId });
    expect(await first.done).toMatchObject({ outcome: 'committed' });
    const same = await ripcord.apply([chute(SLEEPS)], { requestId });
    expect(same.id).toBe(first.id);
    expect(await same.done).toMatchObject({ update: 'u1', outcome: 'committed' });
    await expect(
      ripcord.apply([chute(SLEEPS, { version: 2 })], { requestId }),
    ).rejects.toMatchObject({ code: 'RIPCORD_REQUEST_CONFLICT' });
  });

  test('with a wrong definition throws before anything is written', async () => {
    const ripcord = await root.open();
    await expect(ripcord.apply([{ name: 'hello', services: 7 }])).rejects.toMatchObject({
      code: 'RIPCORD_DEFINITION_INVALID',
    });
    expect(ripcord.head.seq).toBe(0);
  });

  test('is refused as an outcome when the device cannot have it', async () => {
    const ripcord = await root.open();
    const { done } = await ripcord.ask([byName('stop')]);
    expect(await done).toMatchObject({
      update: 'u1',
      outcome: 'rejected',
      error: { code: 'RIPCORD_CHUTE_UNKNOWN' },
    });
  });

  test('stops, starts and deletes what is installed', async () => {
    const ripcord = await root.open();
    await (
      await ripcord.apply([chute(SLEEPS)])
    ).done;
    const before = pidOf(ripcord);
    for (const operation of ['stop', 'start', 'restart'] as const) {
      const { done } = await ripcord.ask([byName(operation)]);
      expect(await done).toMatchObject({ outcome: 'committed' });
    }
    expect(isAlive(before)).toBe(false);
    const after = pidOf(ripcord);
    expect(isAlive(after)).toBe(true);
    await (
      await ripcord.ask([byName('delete')])
    ).done;
    expect(isAlive(after)).toBe(false);
    expect(ripcord.state.applied.chutes).toEqual({});
  });
});

describe('looking ahead and back', () => {
  test('a plan shows the steps and journals nothing', async () => {
    const ripcord = await root.open();
    const planned = await ripcord.plan([chute(SLEEPS)]);
    expect('plan' in planned && planned.plan.steps.map(({ kind }) => kind)).toContain(
      'process.start@1',
    );
    expect(ripcord.head.seq).toBe(0);
  });

  test('the state at a ref is the state as it was then', async () => {
    const ripcord = await root.open();
    for (const version of [1, 2]) await (await ripcord.apply([chute(SLEEPS, { version })])).done;
    const versions: unknown[] = [];
    for (const ref of ['u1^', 'u1', 'u2^', 'u2', 'hello@r1', 'HEAD'])
      versions.push(
        (await ripcord.stateAt(ref)).applied.chutes['hello']?.definition?.version ?? null,
      );
    expect(versions).toEqual([null, 1, 1, 2, 1, 2]);
    await expect(ripcord.stateAt('u9')).rejects.toMatchObject({ code: 'RIPCORD_REF_UNKNOWN' });
  });
});

describe('a root', () => {
  test('is held by one engine at a time, and let go of when it closes', async () => {
    const first = await root.open();
    await expect(root.open()).rejects.toMatchObject({ code: 'RIPCORD_JOURNAL_LOCKED' });
    await first.close();
    await first.close();
    await (await root.open()).close();
  });

  test('refuses what comes too late: the engine closed, the journal is sound', async () => {
    const ripcord = await root.open();
    const asked = ripcord.apply([chute(SLEEPS)]).catch((error: unknown) => error);
    await ripcord.close();
    expect(await asked).toMatchObject({ code: 'RIPCORD_ENGINE_CLOSED' });
    await expect(ripcord.ask([byName('start')])).rejects.toMatchObject({
      code: 'RIPCORD_ENGINE_CLOSED',
    });
  });

  test('keeps what runs when its engine closes, and the next one finds it', async () => {
    const first = await root.open();
    await (
      await first.apply([chute(SLEEPS)])
    ).done;
    const pid = pidOf(first);
    await first.close();
    expect(isAlive(pid)).toBe(true);
    const second = await root.open();
    await second.settled;
    expect((await second.apply([chute(SLEEPS)])).id).toBeNull();
    expect(pidOf(second)).toBe(pid);
  });

  test('is not opened while its journal is damaged, and is left as it is', async () => {
    const opened = await root.open();
    await (
      await opened.apply([chute(SLEEPS)])
    ).done;
    const pid = pidOf(opened);
    await opened.close();
    const [segment = ''] = readdirSync(join(root.path, 'log'));
    const file = join(root.path, 'log', segment);
    writeFileSync(file, readFileSync(file, 'latin1').replace('"update":"u1"', '"update":"u2"'));
    await expect(root.open()).rejects.toMatchObject({
      code: 'RIPCORD_JOURNAL_DAMAGED',
      message: expect.stringContaining(`(log/${segment}, offset `),
      details: { seq: expect.any(Number), file: `log/${segment}`, offset: expect.any(Number) },
    });
    await expect(root.open()).rejects.toMatchObject({ code: 'RIPCORD_JOURNAL_DAMAGED' });
    expect(isAlive(pid)).toBe(true);
  });

  test('records a repair that a crash kept from being recorded, once', async () => {
    const opened = await root.open();
    await (
      await opened.apply([chute(SLEEPS)])
    ).done;
    await opened.close();
    const { seq } = opened.head;
    writeHead(nodeDisk, join(root.path, 'HEAD'), { seq: seq + 9, hash: 'f'.repeat(64) });
    await repairRoot(root.path, { stamp: 'then' });
    for (const events of [seq + 1, seq + 1]) {
      const again = await root.open();
      expect(again.head.seq).toBe(events);
      expect(again.state.nextUpdate).toBe(2 + 5);
      await again.close();
    }
    const found = await openReplay(root.path);
    expect(await found.recordAt(seq + 1)).toMatchObject({
      type: 'journal.repaired',
      lost: { lost: [{ from: seq + 1, to: seq + 9 }] },
      passed: 5,
    });
  });

  test('is not made when that is not wanted', async () => {
    await expect(root.open({ create: false })).rejects.toMatchObject({
      code: 'RIPCORD_ROOT_MISSING',
    });
  });
});
