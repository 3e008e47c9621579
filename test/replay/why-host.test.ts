import { expect, test } from 'vitest';

import type { HostRequest } from '../../src/core/events.ts';
import { DEFAULT_DOCUMENT } from '../../src/core/host-config/document.ts';
import type { Json } from '../../src/core/json.ts';
import type { ToldDevice } from './told-device.ts';
import { ask, installed, save, texts } from './why-told.ts';

const POOL = '10.77.0.0/16';
const DOCUMENT = { ...DEFAULT_DOCUMENT, system: { chuteSubnetPool: POOL } };

/** A device on which u2 has asked for another pool, and its plan says so. */
async function asking(): Promise<ToldDevice> {
  const told = await installed();
  const host: HostRequest = { operation: 'apply', config: DOCUMENT, patch: [] };
  await told.asks('u2', [], { host, message: 'our own pool' });
  return told;
}

const step = {
  ...save,
  id: 'host/host.save',
  chute: '@host',
  kind: 'host.save@1',
  module: 'struct',
};
const PATCH = [
  { op: 'replace' as const, path: '/host/config/system/chuteSubnetPool', value: POOL },
];

test('the host says which update configured it, and what is as by default', async () => {
  const told = await asking();
  expect((await ask(await installed(), 'host')).text).toMatch(/^the host is configured by default/);
  await told.plans('u2', [step], PATCH);
  await told.succeeds('u2', step, [{ op: 'add', path: '/host/config', value: DOCUMENT as Json }]);
  await told.commits('u2');
  expect((await ask(told, 'host')).text).toBe('the host is configured as r1.');
  const answer = await ask(told, 'host.system.chuteSubnetPool');
  expect(answer.text).toBe(`${POOL}, set by u2 (amelia, cli, "our own pool").`);
  expect(texts(answer)).toEqual([
    'u2 asked to apply the host (amelia, cli, "our own pool")',
    `what differed: host.system.chuteSubnetPool → ${POOL}`,
    'the module struct asked for s4: hello/chute.save',
    `u2.s4 made it auto → ${POOL}`,
  ]);
  expect((await ask(told, '@host.system.chuteSubnetPool')).text).toBe(answer.text);
  expect((await ask(told, 'host.wan.proto')).text).toBe('dhcp, the default: nobody set it.');
  expect(texts(await ask(told, 'u2.s4'))).toContain(
    `because host.system.chuteSubnetPool → ${POOL}`,
  );
});

test('a configuration that was refused is told as tried', async () => {
  const told = await asking();
  const how = { code: 'RIPCORD_HOST_INVALID', message: 'no pool', hint: null, refusals: [] };
  await told.tell({ type: 'update.rejected', update: 'u2', ...how });
  expect((await ask(told, 'host.system.chuteSubnetPool')).text).toBe(
    `auto, the default: nobody set it; u2 tried ${POOL}, refused.`,
  );
});
