import { expect, test } from 'vitest';

import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { ask, definition, service } from '../core/plan-model.ts';
import { asked, sha256, World } from './world.ts';

/** A chute with a network of its own and a part of the cpus. */
const sharing = (name: string, vlan: number, start = 10): Definition => {
  const net = { type: 'vlan', 'vlan-id': vlan, dhcp: { leasetime: '1h', start, limit: 20 } };
  const main = service({
    interfaces: { net },
    requests: { cpuFraction: name === 'camera' ? 0.5 : 0.25 },
  });
  return definition({ name, version: start, services: { main } });
};

class Gateway {
  readonly world = new World();
  readonly device = new SimDevice({ sha256 });

  constructor() {
    this.world.capabilities = ['cpu-shares'];
  }

  async ask(chute: ChuteRequest, faults = ''): Promise<Outcome> {
    const driven = () => simDrivers(this.device);
    const { engine, requests } = await this.world.engine({ faults, planners: PLANNERS, driven });
    const outcome = await (await requests.ask({ ...asked(), chutes: [chute] })).done;
    await engine.close();
    return outcome;
  }

  /** A process ends by itself. */
  dies(name: string): void {
    const { processes } = this.device.world;
    processes.splice(
      processes.findIndex(({ chute }) => chute === name),
      1,
    );
    this.world.observe = (_applied, names) =>
      names.map((chute) => {
        const gone = { chute, service: 'main', instance: null, evidence: 'looked' };
        return { ...gone, state: chute === name ? 'exited' : 'running' };
      });
  }
}

/** Two chutes, one of which is stuck at files and shares that both have a part in. */
async function stuck(): Promise<Gateway> {
  const gateway = new Gateway();
  for (const each of [sharing('camera', 21), sharing('door', 22)])
    expect((await gateway.ask(ask('apply', each))).outcome).toBe('committed');
  const faults = 'fail@step=camera/chute.save,fail@undo=host/*';
  const { outcome } = await gateway.ask(ask('apply', sharing('camera', 21, 30)), faults);
  expect(outcome).toBe('stuck');
  return gateway;
}

test.each(['start', 'restart'] as const)(
  'a %s of what is configured already waits for nobody who is stuck at shared files',
  async (operation) => {
    const gateway = await stuck();
    if (operation === 'start') gateway.dies('door');
    expect(await gateway.ask(ask(operation, 'door'))).toMatchObject({ outcome: 'committed' });
    expect(gateway.device.world.processes.map(({ chute }) => chute)).toContain('door');
  },
);

test('what has to be configured anew is refused beside it', async () => {
  const gateway = await stuck();
  for (const chute of [ask('stop', 'door'), ask('apply', sharing('door', 22, 40))])
    expect(await gateway.ask(chute)).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT' },
    });
});

test('a start that would change what is shared after all is refused beside it', async () => {
  const gateway = await stuck();
  gateway.dies('door');
  // The kernel lets nobody divide the cpus any more.
  gateway.world.capabilities = [];
  expect(await gateway.ask(ask('start', 'door'))).toMatchObject({
    outcome: 'rejected',
    error: { code: 'RIPCORD_UPDATE_CONFLICT' },
  });
});
