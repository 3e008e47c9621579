import { expect, test } from 'vitest';

import { fold } from '../../src/core/fold.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import type { Asked } from '../../src/engine/asked.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { ask, definition, service } from '../core/plan-model.ts';
import { asked, sha256, World } from './world.ts';

/** A simulated device with chutes that have a network of their own. */
class Gateway {
  readonly world = new World();
  readonly device = new SimDevice({ sha256 });

  get state(): State {
    return fold(NEW_STATE, this.world.shelf.records);
  }

  /** The file in which a chute's addresses are given out. */
  fileOf(chute: string): string {
    const written = this.world.shelf.records.findLast(
      (record) =>
        record.type === 'update.planned' &&
        record.patch.some(({ path }) => path.startsWith(`/chutes/${chute}`)),
    );
    const steps = written?.type === 'update.planned' ? written.steps : [];
    const paths = steps.flatMap(({ kind, args }) =>
      kind === 'config.write@1' ? [(args as { readonly path: string }).path] : [],
    );
    return paths.find((path) => path.includes('dnsmasq')) ?? '';
  }

  /** Somebody else's hand in it, and what it left is not taken by what reads it. */
  spoil(path: string): void {
    this.device.world.files[path] = { hash: 'sha256:spoilt', mode: 0o600 };
    this.device.world.unloadable.push(path);
  }

  async ask(request: Asked, faults = ''): Promise<Outcome> {
    const driven = () => simDrivers(this.device);
    const { engine, requests } = await this.world.engine({ faults, planners: PLANNERS, driven });
    const outcome = await (await requests.ask(request)).done;
    await engine.close();
    return outcome;
  }
}

const networked = (name: string, vlan: number, start = 10): Asked => {
  const net = { type: 'vlan', 'vlan-id': vlan, dhcp: { leasetime: '1h', start, limit: 20 } };
  const chute = definition({
    name,
    version: start,
    services: { main: service({ interfaces: { net } }) },
  });
  return { ...asked(), chutes: [ask('apply', chute)] };
};

async function two(): Promise<Gateway> {
  const gateway = new Gateway();
  for (const request of [networked('camera', 21), networked('door', 22)])
    expect((await gateway.ask(request)).outcome).toBe('committed');
  return gateway;
}

test('what fails to load and belongs to another chute is warned of, and stays owed', async () => {
  const gateway = await two();
  gateway.spoil(gateway.fileOf('camera'));
  const { outcome, warnings } = await gateway.ask(networked('door', 22, 30));
  expect(outcome).toBe('committed');
  expect(warnings).toMatchObject([
    {
      step: 'host/config.reload:dhcp',
      error: {
        message: expect.stringContaining('cannot reload dhcp for camera'),
        details: { owners: ['camera'] },
      },
      afterCommit: false,
    },
  ]);
  expect(gateway.state.reloads).toMatchObject({
    'reload:dhcp': { update: 'u3', owners: ['camera'] },
  });
  const { files, loaded } = gateway.device.world;
  expect(loaded[gateway.fileOf('door')]).toBe(files[gateway.fileOf('door')]?.hash);

  // Any later update tries again, and pays when it can be paid.
  expect(await gateway.ask(networked('door', 22, 40))).toMatchObject({
    outcome: 'committed',
    warnings: [{}],
  });
  gateway.device.world.unloadable = [];
  expect(await gateway.ask(networked('door', 22, 50))).toMatchObject({
    outcome: 'committed',
    warnings: [],
  });
  expect(gateway.state.reloads).toEqual({});
});

test('for the chute itself it is a failure, which leaves it owed as before', async () => {
  const gateway = await two();
  gateway.spoil(gateway.fileOf('camera'));
  await gateway.ask(networked('door', 22, 30));
  const before = gateway.state.reloads;
  const own = { ...asked(), chutes: [ask('restart', 'camera')] };
  expect(await gateway.ask(own)).toMatchObject({
    outcome: 'reverted',
    failedStep: 'host/config.reload:dhcp',
  });
  expect(gateway.state.reloads).toMatchObject({
    'reload:dhcp': { update: before['reload:dhcp']?.update, owners: ['camera'] },
  });
});

test('what an update writes itself fails it', async () => {
  const gateway = await two();
  gateway.device.world.unloadable.push(gateway.fileOf('door'));
  expect(await gateway.ask(networked('door', 22, 30))).toMatchObject({
    outcome: 'reverted',
    failedStep: 'host/config.reload:dhcp',
    warnings: [],
  });
  expect(gateway.state.reloads).toEqual({});
});

test('on the way back as well: nobody is stuck over what another one owns', async () => {
  const gateway = await two();
  gateway.spoil(gateway.fileOf('camera'));
  const failed = await gateway.ask(networked('door', 22, 30), 'fail@step=door/gate.check');
  expect(failed).toMatchObject({ outcome: 'reverted', stuck: [] });
  expect(failed.warnings.map(({ step }) => step)).toEqual([
    'host/config.reload:dhcp',
    'host/config.restore:dhcp',
  ]);
  expect(gateway.state.reloads).toMatchObject({ 'reload:dhcp': { owners: ['camera'] } });
});
