import { describe, expect, test } from 'vitest';

import { rollbackChute, rollbackUpdate } from '../../replay/rollback-target.ts';
import { applyOf, definitionOf, digestOf, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

/** u1 and u2 install hello 1 and 2, u3 fails, u4 installs other. */
async function device(): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.installs('u1', 'hello', 1);
  await told.installs('u2', 'hello', 2);
  const steps = stepsOf('hello');
  await told.asks('u3', [applyOf('hello', 3)]);
  await told.plans('u3', steps);
  await told.aborts('u3', steps[0]);
  await told.reverts('u3');
  await told.installs('u4', 'other', 5);
  return told;
}

describe('rolling back a chute', () => {
  test('goes to what was applied before its last committed update, with its sources', async () => {
    const target = await rollbackChute(await (await device()).replay(), 'hello');
    expect(target).toEqual({
      chute: 'hello',
      operation: 'apply',
      definition: definitionOf('hello', 1),
      sources: { [digestOf(1)]: { type: 'local', path: '/src/hello-v1' } },
      desired: { definition: definitionOf('hello', 1), run: 'running' },
      takesBack: 'u2',
      seq: expect.any(Number) as unknown,
    });
  });

  test('comes back when it is asked for again', async () => {
    const told = await device();
    await told.installs('u5', 'hello', 1);
    const target = await rollbackChute(await told.replay(), 'hello');
    expect(target).toMatchObject({ definition: { version: 2 }, takesBack: 'u5' });
  });

  test('goes to any ref, and removes what was not there then', async () => {
    const replay = await (await device()).replay();
    const first = await rollbackChute(replay, 'hello', { to: 'hello@r1' });
    expect(first).toMatchObject({ operation: 'apply', definition: { version: 1 } });
    const gone = await rollbackChute(replay, 'other', { to: 'u2' });
    expect(gone).toMatchObject({ operation: 'delete', definition: null, desired: null });
  });

  test('of its first install removes it', async () => {
    const target = await rollbackChute(await (await device()).replay(), 'other');
    expect(target).toMatchObject({ operation: 'delete', takesBack: 'u4' });
  });

  test('of a stop starts it again', async () => {
    const told = await device();
    const steps = stepsOf('hello');
    const stop = { chute: 'hello', operation: 'stop' as const, definition: null, sources: {} };
    await told.asks('u5', [stop]);
    await told.plans('u5', steps);
    const path = '/chutes/hello/run';
    await told.succeeds('u5', steps[3], [{ op: 'replace', path, value: 'stopped' }]);
    await told.commits('u5');
    const target = await rollbackChute(await told.replay(), 'hello');
    expect(target).toMatchObject({ operation: 'start', definition: null, takesBack: 'u5' });
  });

  test('that nobody knows is refused', async () => {
    const replay = await (await device()).replay();
    const unknown = { code: 'RIPCORD_CHUTE_UNKNOWN' };
    await expect(rollbackChute(replay, 'nobody')).rejects.toMatchObject(unknown);
  });

  test('that was never changed is refused', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    await expect(rollbackChute(await told.replay(), 'hello')).rejects.toMatchObject({
      code: 'RIPCORD_OPERATION_REFUSED',
      message: 'cannot roll back hello: no committed update has changed it',
    });
  });
});

describe('rolling back an update', () => {
  test('takes every chute of it to what its plan was made against', async () => {
    const targets = await rollbackUpdate(await (await device()).replay(), 'u2');
    expect(targets).toMatchObject([{ chute: 'hello', definition: { version: 1 } }]);
  });

  test.each([
    ['u3', 'cannot roll back u3: it is reverted'],
    ['u9', 'cannot find u9: the newest update is u4'],
  ])('%s is refused', async (id, message) => {
    const targets = rollbackUpdate(await (await device()).replay(), id);
    await expect(targets).rejects.toMatchObject({ message });
  });
});
