import { expect, test } from 'vitest';

import type { Definition } from '../../src/core/chute.ts';
import type { HostRequest } from '../../src/core/events.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import { toBe } from '../core/host-config/device.ts';
import { ask, definition, service } from '../core/plan-model.ts';
import { asked, sha256, World } from './world.ts';

const KEY = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';

const TRUSTING: HostRequest = toBe({ trust: [{ name: 'alice', publicKey: KEY }] });

const UNSIGNED: Definition = definition({ name: 'door', services: { main: service({}) } });

async function engine(): ReturnType<World['engine']> {
  const device = new SimDevice({ sha256 });
  return await new World().engine({ planners: PLANNERS, driven: () => simDrivers(device) });
}

test('a chute that is asked for with a trust list, chute by chute, is held against it', async () => {
  const { requests } = await engine();
  const chutes = [ask('apply', UNSIGNED)];
  const { done } = await requests.ask({ ...asked(), host: TRUSTING, chutes, perChute: true });
  expect(await done).toMatchObject({
    lanes: [
      { chute: '@host', outcome: 'committed' },
      { chute: 'door', outcome: 'rejected', error: { code: 'RIPCORD_SIGNATURE_MISSING' } },
    ],
  });
});

test('a chute that is asked for behind a trust list is held against it; one by its name waits for nobody', async () => {
  const { engine: running, requests } = await engine();
  const lamp = { ...UNSIGNED, name: 'lamp' };
  await (
    await requests.ask({ ...asked(), chutes: [ask('apply', lamp)] })
  ).done;
  const host = await requests.ask({ ...asked(), host: TRUSTING });
  const door = await requests.ask({ ...asked(), chutes: [ask('apply', UNSIGNED)] });
  expect(running.state.updates[door.id ?? '']?.phase).toBe('queued');
  const restart = await requests.ask({ ...asked(), chutes: [ask('restart', 'lamp')] });
  expect(running.state.updates[restart.id ?? '']?.phase).not.toBe('queued');
  const outcomes = await Promise.all([host.done, door.done, restart.done]);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'rejected', 'committed']);
});
