import { afterEach, expect, test } from 'vitest';

import { chute, Root, SLEEPS } from './open-root.ts';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

const HOST = { kind: 'host', lan: { ipaddr: '192.168.9.1' } };

test('a host configuration is a value among definitions', async () => {
  const ripcord = await root.open();
  const planned = await ripcord.plan([HOST, chute(SLEEPS)]);
  expect('plan' in planned && planned.host?.operation).toBe('apply');
  const { done } = await ripcord.apply([HOST, chute(SLEEPS)]);
  expect(await done).toMatchObject({ outcome: 'committed' });
  expect(ripcord.state.applied.host.config).toMatchObject({ lan: { ipaddr: '192.168.9.1' } });
  expect(Object.keys(ripcord.state.applied.chutes)).toEqual(['hello']);
  expect((await ripcord.apply([HOST])).id).toBeNull();
});

test('two of them are one too many', async () => {
  const ripcord = await root.open();
  await expect(ripcord.apply([HOST, HOST])).rejects.toMatchObject({
    code: 'RIPCORD_USAGE_INVALID',
  });
  expect(ripcord.state.nextUpdate).toBe(1);
});

test('one that is wrong is refused before anything is written', async () => {
  const ripcord = await root.open();
  await expect(ripcord.apply([{ kind: 'host', lan: { ipaddr: 'here' } }])).rejects.toMatchObject({
    code: 'RIPCORD_DEFINITION_INVALID',
    message: expect.stringContaining('lan.ipaddr: must be an IPv4 address'),
  });
});

test('who is no admin is refused, and that is on record', async () => {
  const ripcord = await root.open();
  const by = { user: 'eve', role: 'trusted', via: 'test' };
  const { done } = await ripcord.apply([HOST], { by });
  expect(await done).toMatchObject({
    outcome: 'rejected',
    update: 'u1',
    error: { code: 'RIPCORD_ACCESS_DENIED' },
  });
});

test('with perChute the device and each chute get through on their own', async () => {
  const ripcord = await root.open({ faults: 'fail@step=hello/*' });
  const { done } = await ripcord.apply([HOST, chute(SLEEPS)], { perChute: true });
  const { lanes } = await done;
  expect(lanes).toMatchObject([
    { chute: '@host', outcome: 'committed' },
    { chute: 'hello', outcome: 'reverted' },
  ]);
});

test('what was asked for is asked again by retry', async () => {
  const failing = await root.open({ faults: 'fail@step=host/host.save' });
  const first = await failing.apply([HOST]);
  expect(await first.done).toMatchObject({ outcome: 'reverted' });
  await failing.close();
  const ripcord = await root.open();
  const again = await ripcord.retry('u1');
  expect(await again.done).toMatchObject({ outcome: 'committed' });
  expect(ripcord.state.host).toMatchObject({ revision: 1 });
});

test('a factory reset takes the chutes along', async () => {
  const ripcord = await root.open();
  await (
    await ripcord.apply([HOST, chute(SLEEPS)])
  ).done;
  const { done } = await ripcord.apply([{ updateClass: 'ROUTER', updateType: 'factoryreset' }]);
  expect(await done).toMatchObject({ outcome: 'committed' });
  expect(ripcord.state.applied).toMatchObject({ chutes: {}, host: { files: {} } });
});
