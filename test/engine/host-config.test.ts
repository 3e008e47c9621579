import { describe, expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import type { HostRequest } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import { differences } from '../../src/drivers/sim/sim-world.ts';
import type { Said } from '../../src/engine/asked.ts';
import { toBe } from '../core/host-config/device.ts';
import { ask as chuteAsk, definition as chute } from '../core/plan-model.ts';
import { asked, type Death, sha256, World } from './world.ts';

const BEFORE = { lan: { ipaddr: '192.168.1.1', interfaces: ['eth1'] } };
const AFTER = {
  lan: { ipaddr: '192.168.2.1', dhcp: { start: 10, limit: 10, leasetime: '1h' } },
  retention: { ageDays: 30 },
};

const ask = (written: JsonObject, more: Partial<Said> = {}): Said => ({
  ...asked(),
  ...more,
  host: toBe(written),
});

/** A simulated device that outlives the engines on it. */
class Gateway {
  readonly world = new World();
  readonly device = new SimDevice({ sha256 });

  engine(options: { readonly faults?: string; readonly death?: Death | null } = {}) {
    const driven = () => simDrivers(this.device);
    return this.world.engine({ ...options, planners: PLANNERS, driven });
  }

  get state(): State {
    return fold(NEW_STATE, this.world.shelf.records);
  }

  get hash(): string {
    return stateHash(this.state.applied, sha256);
  }

  /** Asks, and closes in good order. */
  async calm(request: Said, faults = ''): Promise<string> {
    const { engine, requests } = await this.engine({ faults });
    const { outcome } = await (await requests.ask(request)).done;
    await engine.close();
    return outcome;
  }

  async settle(): Promise<void> {
    const { engine } = await this.engine();
    await engine.settle();
    await engine.close();
  }
}

/** At rest, nothing owed, and what is on disk and what runs is what is applied. */
function expectSound({ state, device }: Gateway, story: string): void {
  const { updates, reloads, applied } = state;
  expect({ updates, reloads }, story).toEqual({ updates: {}, reloads: {} });
  expect(differences(device.world, applied, sha256), story).toEqual([]);
}

async function configured(): Promise<Gateway> {
  const gateway = new Gateway();
  await gateway.calm(ask(BEFORE));
  return gateway;
}

/** Every place where a process can die on the way of this update. */
async function deathsOf(
  faults: string,
): Promise<{ readonly deaths: Death[]; readonly hash: string }> {
  const gateway = await configured();
  const { appends } = gateway.world.shelf;
  gateway.world.effects = 0;
  await gateway.calm(ask(AFTER), faults);
  const deaths: Death[] = [];
  for (const when of ['before', 'after'] as const) {
    for (let k = 1; k <= gateway.world.shelf.appends - appends; k++)
      deaths.push({ append: k, when });
    for (let k = 1; k <= gateway.world.effects; k++) deaths.push({ effect: k, when });
  }
  return { deaths, hash: gateway.hash };
}

describe('a host configuration', () => {
  test('is committed, and counted', async () => {
    const gateway = await configured();
    expect(await gateway.calm(ask(AFTER))).toBe('committed');
    expectSound(gateway, 'committed');
    expect(gateway.state.host).toMatchObject({ revision: 2, last: { outcome: 'committed' } });
    expect(gateway.state.applied.host.config).toEqual(toBe(AFTER).config);
  });

  test.each([
    'fail@step=host/config.reload:*',
    'fail-after@step=host/config.write:*',
    'fail-after@step=host/host.save',
  ])('comes back to the former document and files, loaded, with %s', async (faults) => {
    const gateway = await configured();
    const { hash } = gateway;
    const files = structuredClone(gateway.device.world.files);
    expect(await gateway.calm(ask(AFTER), faults)).toBe('reverted');
    expectSound(gateway, faults);
    expect(gateway.hash).toBe(hash);
    expect(gateway.device.world.files).toEqual(files);
    expect(gateway.state.host).toMatchObject({ revision: 1, last: { outcome: 'reverted' } });
  });

  test('that failed at its reload is loaded once each as it was', async () => {
    const gateway = await configured();
    await gateway.calm(ask(AFTER), 'fail@step=host/config.reload:network');
    const undone = gateway.world.story.filter((each) => each.startsWith('compensation.succeeded'));
    const loads = undone.filter((each) => each.includes('config.restore:'));
    expect(loads.toSorted()).toEqual([...new Set(loads)].toSorted());
    expect(loads.length).toBeGreaterThan(0);
  });

  test.each(['', 'fail@step=host/config.reload:network', 'fail-after@step=host/config.write:*'])(
    'is whole, the old or the new, wherever the process dies, with faults "%s"',
    async (faults) => {
      const { deaths } = await deathsOf(faults);
      const old = (await configured()).hash;
      const { hash } = await deathsOf('');
      expect(deaths.length).toBeGreaterThan(20);
      for (const death of deaths) {
        const gateway = await configured();
        const { requests } = await gateway.engine({ faults, death });
        const update = await requests.ask(ask(AFTER)).catch(() => null);
        await update?.done.catch(() => undefined);
        await gateway.settle();
        const story = JSON.stringify({ death, story: gateway.world.story });
        expectSound(gateway, story);
        expect([old, hash], story).toContain(gateway.hash);
      }
    },
    60_000,
  );

  test('that is interrupted goes back where that was asked for', async () => {
    const { deaths } = await deathsOf('');
    const old = (await configured()).hash;
    for (const death of deaths.filter((_each, at) => at % 3 === 0)) {
      const gateway = await configured();
      const { requests } = await gateway.engine({ death });
      const update = await requests.ask(ask(AFTER, { onInterrupt: 'rollback' })).catch(() => null);
      await update?.done.catch(() => undefined);
      const isThrough = gateway.state.host?.revision === 2;
      await gateway.settle();
      expectSound(gateway, JSON.stringify(death));
      if (!isThrough) expect(gateway.hash, JSON.stringify(death)).toBe(old);
    }
  }, 60_000);
});

describe('the device is one lane', () => {
  test('a second request for it is refused while the first is on its way, or waits', async () => {
    const gateway = new Gateway();
    const { engine, requests } = await gateway.engine();
    const first = await requests.ask(ask(BEFORE));
    const second = await requests.ask(ask(AFTER));
    const third = await requests.ask(ask(AFTER, { mode: 'queue' }));
    expect((await first.done).outcome).toBe('committed');
    expect(await second.done).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT', message: 'cannot change @host: u1 is on its way' },
    });
    expect((await third.done).outcome).toBe('committed');
    await engine.close();
    expectSound(gateway, 'queued');
  });

  test('a request that came before is the same one, and its id means nothing else', async () => {
    const gateway = new Gateway();
    const { engine, requests } = await gateway.engine();
    const request = ask(BEFORE, { requestId: 'mine' });
    await (
      await requests.ask(request)
    ).done;
    expect((await requests.ask(request)).id).toBe('u1');
    await expect(requests.ask(ask(AFTER, { requestId: 'mine' }))).rejects.toMatchObject({
      code: 'RIPCORD_REQUEST_CONFLICT',
    });
    await engine.close();
  });

  test('what is as asked for needs no update', async () => {
    const gateway = await configured();
    expect(await gateway.calm(ask(BEFORE))).toBe('unchanged');
    expect(gateway.state.nextUpdate).toBe(2);
  });
});

test('a reset takes all chutes along', async () => {
  const gateway = await configured();
  const definition = {
    name: 'hello',
    environment: {},
    services: {},
    firewall: {},
  };
  const chutes = [{ chute: 'hello', operation: 'apply', definition, sources: {} }] as const;
  await gateway.calm({ ...asked(), chutes });
  expect(Object.keys(gateway.state.applied.chutes)).toEqual(['hello']);
  const reset: HostRequest = { operation: 'reset', config: null, patch: [] };
  expect(await gateway.calm({ ...asked(), host: reset })).toBe('committed');
  expect(gateway.state.applied).toMatchObject({ chutes: {}, host: { files: {} } });
  expect(gateway.state.applied.host.config).toBeUndefined();
  expectSound(gateway, 'reset');
});

test('a request that says nothing of it is carried out as the device is configured', async () => {
  const gateway = new Gateway();
  await gateway.calm(ask({ defaults: { mode: 'queue', onInterrupt: 'rollback' } }));
  const { engine, requests } = await gateway.engine();
  const first = await requests.ask(ask(BEFORE, { mode: null, onInterrupt: null }));
  const second = await requests.ask(ask(AFTER, { mode: null, onInterrupt: 'resume' }));
  expect((await first.done).outcome).toBe('committed');
  expect((await second.done).outcome).toBe('committed');
  await engine.close();
  const asks = gateway.world.shelf.records.flatMap((each) =>
    each.type === 'update.requested' ? [[each.request.mode, each.request.onInterrupt]] : [],
  );
  expect(asks).toEqual([
    ['refuse', 'resume'],
    ['queue', 'rollback'],
    ['queue', 'resume'],
  ]);
});

test('a reset is known again by its id, although it took along what it does not name', async () => {
  const gateway = await configured();
  const reset: HostRequest = { operation: 'reset', config: null, patch: [] };
  const request = { ...asked(), host: reset, requestId: 'k', perChute: true };
  const lamp = { chutes: [chuteAsk('apply', chute({ name: 'lamp' }))] };
  expect(await gateway.calm({ ...asked(), ...lamp })).toBe('committed');
  expect(await gateway.calm(request)).toBe('committed');
  const { seq } = gateway.state;
  expect(await gateway.calm(request)).toBe('committed');
  expect(gateway.state.seq).toBe(seq);
});

test.each([
  ['refuse', ['committed', 'rejected'], 'RIPCORD_UPDATE_CONFLICT'],
  // What it takes along was said before the other one was through.
  ['queue', ['committed', 'rejected'], 'RIPCORD_PLAN_STALE'],
  ['supersede', ['superseded', 'committed'], undefined],
] as const)(
  'a reset leaves behind no chute that is on its way, with mode %s',
  async (mode, outcomes, code) => {
    const gateway = await configured();
    const { engine, requests } = await gateway.engine();
    const reset: HostRequest = { operation: 'reset', config: null, patch: [] };
    const letGo = engine.holdBack(() => false);
    const lamp = await requests.ask({
      ...asked(),
      chutes: [chuteAsk('apply', chute({ name: 'lamp' }))],
    });
    const all = await requests.ask({ ...asked(), host: reset, mode });
    letGo();
    const ended = await Promise.all([lamp.done, all.done]);
    expect(ended.map(({ outcome }) => outcome)).toEqual(outcomes);
    expect(ended[1].error?.code).toBe(code);
    await engine.close();
    expectSound(gateway, mode);
  },
);

test('a reset is not given up for a chute that comes behind it', async () => {
  const gateway = await configured();
  const { engine, requests } = await gateway.engine();
  const letGo = engine.holdBack(() => false);
  const reset: HostRequest = { operation: 'reset', config: null, patch: [] };
  const all = await requests.ask({ ...asked(), host: reset });
  const lamp = { chutes: [chuteAsk('apply', chute({ name: 'lamp' }))], mode: 'supersede' } as const;
  const behind = await requests.ask({ ...asked(), ...lamp });
  letGo();
  const ended = await Promise.all([all.done, behind.done]);
  expect(ended.map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
  expect(gateway.world.story).toContain('update.queued');
  await engine.close();
  expectSound(gateway, 'behind');
});
