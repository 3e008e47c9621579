import { describe, expect, test } from 'vitest';

import { listUpdates, type UpdateFilter } from '../../replay/update-list.ts';
import { applyOf, FAILURE, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

async function device(): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.starts();
  await told.installs('u1', 'hello', 1, { message: 'first' });
  const steps = stepsOf('hello');
  const asked = applyOf('hello', 2);
  await told.asks('u2', [asked], { message: 'debug logs' });
  await told.plans('u2', steps);
  await told.goes('u2', asked, steps, 1);
  await told.intends('u2', steps[1]);
  await told.reboots('boot-2', { update: 'u2', step: steps[1].id });
  await told.fails('u2', steps[1]);
  await told.aborts('u2', steps[1]);
  await told.undoes('u2', steps[1]);
  await told.undoes('u2', steps[0]);
  await told.reverts('u2');
  await told.asks('u3', [applyOf('other', 1)]);
  const why = { code: 'RIPCORD_ACCESS_DENIED', message: 'denied', hint: null, refusals: [] };
  await told.tell({ type: 'update.rejected', update: 'u3', ...why });
  await told.installs('u4', 'hello', 3);
  await told.asks('u5', [{ chute: 'hello', operation: 'delete', definition: null, sources: {} }]);
  return told;
}

const ids = async (filter: UpdateFilter): Promise<string[]> => {
  const replay = await (await device()).replay();
  return (await listUpdates(replay, { oldestFirst: true, ...filter })).map(({ id }) => id);
};

describe('the list of updates', () => {
  test('tells how each went', async () => {
    const replay = await (await device()).replay();
    const updates = await listUpdates(replay, { oldestFirst: true });
    expect(
      updates.map(({ id, outcome, phase, versions, revisions }) => ({
        id,
        outcome,
        phase,
        ...versions['hello'],
        revision: revisions['hello'],
      })),
    ).toEqual([
      { id: 'u1', outcome: 'committed', phase: null, from: null, to: 1, revision: 1 },
      { id: 'u2', outcome: 'reverted', phase: null, from: 1, to: 2, revision: 1 },
      { id: 'u3', outcome: 'rejected', phase: null, revision: undefined },
      { id: 'u4', outcome: 'committed', phase: null, from: 1, to: 3, revision: 2 },
      { id: 'u5', outcome: null, phase: 'requested', from: 3, to: null, revision: null },
    ]);
  });

  test('tells of a failure after a crash which step, why, and that it was interrupted', async () => {
    const replay = await (await device()).replay();
    const [update] = await listUpdates(replay, { status: 'reverted' });
    expect(update).toMatchObject({
      cause: 'failed',
      failedStep: 'hello/process.start',
      error: FAILURE,
      recovered: true,
      interruptions: 1,
      message: 'debug logs',
      by: { user: 'amelia' },
      operations: { hello: 'apply' },
    });
  });

  test('counts durations by the clock that does not jump', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    told.setClock('1999-01-01T00:00:00Z');
    await told.plans('u1', stepsOf('hello'));
    await told.commits('u1');
    const [update] = await listUpdates(await told.replay());
    expect(update?.durationMs).toBe(2000);
  });

  test('says that an update is committed while work behind the commit goes on', async () => {
    const told = new ToldDevice();
    const steps = stepsOf('hello');
    await told.asks('u1', [applyOf('hello', 1)]);
    await told.plans('u1', steps);
    await told.goes('u1', applyOf('hello', 1), steps);
    await told.commits('u1');
    const [update] = await listUpdates(await told.replay());
    expect(update).toMatchObject({ outcome: 'committed', phase: 'committed' });
  });

  test('says stuck until a person settles it', async () => {
    const told = new ToldDevice();
    const steps = stepsOf('hello');
    await told.asks('u1', [applyOf('hello', 1)]);
    await told.plans('u1', steps);
    await told.goes('u1', applyOf('hello', 1), steps, 1);
    await told.aborts('u1', steps[0]);
    const about = { update: 'u1', step: steps[0].id, n: 1 };
    const failed = { attempt: 1, error: FAILURE, final: true, retryInMs: null };
    await told.tell({ type: 'compensation.intended', ...about, attempt: 1 });
    await told.tell({ type: 'compensation.failed', ...about, ...failed });
    const stuck = { step: steps[0].id, n: 1, reason: FAILURE, blockedBy: null };
    await told.tell({
      type: 'update.stuck',
      update: 'u1',
      steps: [{ ...stuck, state: 'failed' }],
    });
    const replay = await told.replay();
    expect(await listUpdates(replay, { status: 'stuck' })).toMatchObject([{ phase: 'stuck' }]);
    const by = { user: 'bo', role: 'owner', via: 'cli' };
    const settled = { as: 'done' as const, message: 'fine', by, patch: [], inverse: [] };
    await told.tell({ type: 'compensation.resolved', ...about, ...settled });
    await replay.refresh();
    expect(await listUpdates(replay)).toMatchObject([{ outcome: null, phase: 'aborting' }]);
  });

  test('is newest first unless asked otherwise', async () => {
    const replay = await (await device()).replay();
    const newest = await listUpdates(replay, { limit: 2 });
    expect(newest.map(({ id }) => id)).toEqual(['u5', 'u4']);
  });

  test.each<[UpdateFilter, string[]]>([
    [{ chute: 'other' }, ['u3']],
    [{ status: 'committed' }, ['u1', 'u4']],
    [{ status: 'unfinished' }, ['u5']],
    [{ status: 'failed' }, ['u2', 'u3']],
    [{ since: 'u2' }, ['u3', 'u4', 'u5']],
    [{ until: 'u2^' }, ['u1']],
    [{ since: 'u1', until: 'u3' }, ['u2', 'u3']],
    [{ boot: 0 }, ['u2', 'u3', 'u4', 'u5']],
    [{ boot: 1 }, ['u1', 'u2']],
    [{ grep: 'DEBUG l' }, ['u2']],
    [{ grep: '^u[35]$' }, ['u3', 'u5']],
    [{ after: 2 }, ['u2', 'u3', 'u4', 'u5']],
    [{ limit: 1 }, ['u5']],
  ])('with %j is %j', async (filter, expected) => {
    expect(await ids(filter)).toEqual(expected);
  });

  test('refuses what is no pattern', async () => {
    await expect(ids({ grep: '(' })).rejects.toMatchObject({ code: 'RIPCORD_USAGE_INVALID' });
  });

  test('goes on where it stood when more was recorded', async () => {
    const told = await device();
    const replay = await told.replay();
    expect(await listUpdates(replay)).toHaveLength(5);
    await told.tell({
      type: 'update.rejected',
      update: 'u5',
      code: 'X',
      message: 'x',
      hint: null,
      refusals: [],
    });
    expect((await listUpdates(replay))[0]?.outcome).toBeNull();
    await replay.refresh();
    expect((await listUpdates(replay))[0]?.outcome).toBe('rejected');
  });
});

test.each([
  ['interrupted', 'RIPCORD_UPDATE_CONFLICT'],
  ['looping', 'RIPCORD_VERSION_QUARANTINED'],
  ['cancelled', undefined],
] as const)('an update that turned around because it was %s says %s', async (cause, code) => {
  const told = new ToldDevice();
  await told.asks('u1', [applyOf('hello', 1)]);
  await told.aborts('u1', null, cause);
  const [update] = await listUpdates(await told.replay());
  expect(update?.error?.code).toBe(code);
});
