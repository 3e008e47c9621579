import { describe, expect, test } from 'vitest';

import { type Observation, statusView, type StatusView } from '../../replay/status-view.ts';
import type { ServiceState } from '../../src/core/applied.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { applyOf, definitionOf, FAILURE, stepsOf } from './asked.ts';
import { sha256 } from './sha256.ts';
import { ToldDevice } from './told-device.ts';

const steps = stepsOf('hello');
const [place, start] = steps;

async function status(
  told: ToldDevice,
  observed: readonly Observation[] | null = null,
): Promise<StatusView> {
  return statusView(await told.replay(), sha256, observed);
}

const seen = (state: ServiceState): Observation => ({
  chute: 'hello',
  service: 'main',
  state,
  instance: null,
  evidence: 'looked',
});

const word = (operation: ChuteRequest['operation']): ChuteRequest => ({
  chute: 'hello',
  operation,
  definition: null,
  sources: {},
});

describe('the status', () => {
  test('of a fresh device is empty', async () => {
    expect(await status(new ToldDevice())).toMatchObject({
      head: { seq: 0 },
      running: null,
      updates: [],
      stuck: [],
      reloadsOwed: [],
      chutes: {},
    });
  });

  test('of a device at rest tells what runs and what is wanted', async () => {
    const told = new ToldDevice();
    await told.installs('u1', 'hello', 1);
    const view = await status(told, [seen('running')]);
    expect(view.head).toEqual(told.journal.head);
    expect(view.stateHash).toBe(told.hash);
    expect(view.running).toBeNull();
    expect(view.chutes['hello']).toEqual({
      state: 'running',
      version: 1,
      revision: 1,
      applied: told.state.applied.chutes['hello'],
      desired: { definition: definitionOf('hello', 1), run: 'running' },
      observed: { services: { main: { state: 'running', instance: null, evidence: 'looked' } } },
      drift: [],
    });
  });

  test('tells drift, and that the chute does not run', async () => {
    const told = new ToldDevice();
    await told.installs('u1', 'hello', 1);
    expect((await status(told, [seen('exited')])).chutes['hello']).toMatchObject({
      state: 'exited',
      drift: [
        {
          service: 'main',
          expected: 'running',
          found: 'exited',
          message: 'hello/main is exited, expected running',
        },
      ],
    });
    expect((await status(told)).chutes['hello']).toMatchObject({ observed: null, drift: [] });
  });

  test('names the step of an update on its way, and calls no difference drift meanwhile', async () => {
    const told = new ToldDevice();
    await told.installs('u1', 'hello', 1);
    await told.asks('u2', [applyOf('hello', 2)]);
    expect((await status(told)).updates).toEqual([{ id: 'u2', phase: 'requested', step: null }]);
    await told.plans('u2', steps);
    await told.goes('u2', applyOf('hello', 2), steps, 1);
    await told.intends('u2', start);
    const view = await status(told, [seen('stopped')]);
    expect(view).toMatchObject({
      running: 'u2',
      updates: [{ id: 'u2', phase: 'running', step: start.id }],
    });
    expect(view.chutes['hello']).toMatchObject({
      state: 'running',
      version: 1,
      desired: { definition: { version: 2 } },
      drift: [],
    });
    await told.fails('u2', start);
    await told.aborts('u2', start);
    expect((await status(told)).updates).toMatchObject([{ phase: 'aborting', step: start.id }]);
    await told.undoes('u2', start);
    const undoing = await status(told);
    expect(undoing.updates).toMatchObject([{ step: place.id }]);
    expect(undoing.chutes['hello']?.desired).toMatchObject({ definition: { version: 1 } });
  });

  test('of a stuck device names what a person has to settle', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    await told.plans('u1', steps);
    await told.goes('u1', applyOf('hello', 1), steps, 2);
    await told.aborts('u1', start);
    const about = { update: 'u1', step: start.id, n: 2 };
    const failed = { attempt: 1, error: FAILURE, final: true, retryInMs: null };
    await told.tell({ type: 'compensation.intended', ...about, attempt: 1 });
    await told.tell({ type: 'compensation.failed', ...about, ...failed });
    const stuck = {
      step: start.id,
      n: 2,
      reason: FAILURE,
      state: 'failed',
      blockedBy: null,
    } as const;
    await told.tell({ type: 'update.stuck', update: 'u1', steps: [stuck] });
    const view = await status(told);
    expect(view.stuck).toEqual([{ update: 'u1', ref: 'u1.s2', ...stuck }]);
    expect(view).toMatchObject({
      running: 'u1',
      updates: [{ phase: 'stuck', step: start.id }],
      chutes: { hello: { state: 'stuck', version: null, revision: 0 } },
    });
  });

  test('lists reloads that are owed', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    const debt = { update: 'u1', key: 'reload:dhcp' };
    await told.tell({ type: 'reload.owed', step: place.id, ...debt, contentHash: 'abc' });
    const { reloadsOwed } = await status(told);
    expect(reloadsOwed).toEqual([{ ...debt, hash: 'abc', owedSince: 2 }]);
  });

  test.each<[ChuteRequest, object]>([
    [word('stop'), { state: 'running', desired: { run: 'stopped' } }],
    [word('delete'), { state: 'removing', desired: null }],
    [word('restart'), { state: 'running', desired: { run: 'running' } }],
    [applyOf('other', 1), { state: 'running', desired: { definition: { version: 1 } } }],
  ])('with %j asked for says so', async (asked, expected) => {
    const told = new ToldDevice();
    await told.installs('u1', 'hello', 1);
    await told.asks('u2', [asked]);
    expect((await status(told)).chutes['hello']).toMatchObject(expected);
  });

  test('shows a chute that was asked for before anything of it is there', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    expect((await status(told)).chutes['hello']).toMatchObject({
      state: 'installing',
      version: null,
      applied: null,
      desired: { definition: { version: 1 } },
    });
  });
});
