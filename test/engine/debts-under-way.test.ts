import { expect, test } from 'vitest';

import type { AnyDriver, Drivers } from '../../src/core/driver.ts';
import { fold } from '../../src/core/fold.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import { differences } from '../../src/drivers/sim/sim-world.ts';
import type { Asked } from '../../src/engine/asked.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { planOn } from '../../src/engine/planning.ts';
import { simulate, type Simulation } from '../../src/library/simulate.ts';
import { ask, definition, service } from '../core/plan-model.ts';
import { asked, sha256, World } from './world.ts';

const networked = (name: string, vlan: number, start = 10): Asked => {
  const net = { type: 'vlan', 'vlan-id': vlan, dhcp: { leasetime: '1h', start, limit: 20 } };
  const main = service({ interfaces: { net } });
  const chute = definition({ name, version: start, services: { main } });
  return { ...asked(), chutes: [ask('apply', chute)] };
};

const plain = (name: string): Asked => ({
  ...asked(),
  chutes: [ask('apply', definition({ name, services: { main: service({}) } }))],
});

/** A simulated device on which the first run of a kind waits until it is let go. */
class Gateway {
  readonly world = new World();
  readonly device = new SimDevice({ sha256 });
  letGo = (): void => undefined;
  readonly #held = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });
  reach = (): void => undefined;
  readonly reached = new Promise<void>((resolve) => {
    this.reach = resolve;
  });

  async engine(kind = 'none'): ReturnType<World['engine']> {
    const holding = (driver: AnyDriver): AnyDriver => ({
      ...driver,
      run: async (...given) => {
        this.reach();
        await this.#held;
        return await driver.run(...given);
      },
    });
    const driven = (): Drivers =>
      Object.fromEntries(
        Object.entries(simDrivers(this.device)).map(([each, driver]) => [
          each,
          each === kind ? holding(driver) : driver,
        ]),
      );
    return await this.world.engine({ planners: PLANNERS, driven });
  }

  /** Carried out by an engine of its own. */
  async calm(request: Asked): Promise<string> {
    const { engine, requests } = await this.engine();
    const { outcome } = await (await requests.ask(request)).done;
    await engine.close();
    return outcome;
  }

  get state(): State {
    return fold(NEW_STATE, this.world.shelf.records);
  }

  kindsOf(update: string | null): readonly string[] {
    return this.world.shelf.records.flatMap((record) =>
      record.type === 'update.planned' && record.update === update
        ? record.steps.map(({ kind }) => kind).filter((kind) => kind.startsWith('config.'))
        : [],
    );
  }
}

/** What a request would come to, carried out beside what is on its way. */
async function simulated({ state, workshop }: Engine, request: Asked): Promise<Simulation> {
  const { planners, host } = workshop;
  const scene = { facts: await host.facts(), planners, sha256 };
  const made = planOn(state, request, scene);
  if (!('plan' in made)) throw new Error(JSON.stringify(made));
  return await simulate({ ...scene, state, asked: request, applied: state.applied, made });
}

test('what an update under way owes is its own: no other one pays it, or writes its files', async () => {
  const gateway = new Gateway();
  const { engine, requests } = await gateway.engine('config.reload@1');
  const camera = await requests.ask(networked('camera', 21));
  await gateway.reached;
  expect(Object.keys(engine.state.reloads)).not.toEqual([]);
  const door = await requests.ask(plain('door'));
  expect((await door.done).outcome).toBe('committed');
  expect(gateway.kindsOf(door.id)).toEqual([]);
  expect(await simulated(engine, plain('lamp'))).toMatchObject({ result: 'as desired' });
  gateway.letGo();
  expect((await camera.done).outcome).toBe('committed');
  await engine.close();
  const { applied, reloads } = gateway.state;
  expect(reloads).toEqual({});
  expect(differences(gateway.device.world, applied, sha256)).toEqual([]);
  expect(Object.keys(applied.host.files)).toContain('host/dnsmasq/br-lan.21.conf');
});

test('who loads what was owed before is at work on the host: a network of another waits behind it', async () => {
  const gateway = new Gateway();
  for (const request of [networked('camera', 21), networked('door', 22)])
    expect(await gateway.calm(request)).toBe('committed');
  const path = 'host/dnsmasq/br-lan.21.conf';
  const { hash = '', mode = 0 } = gateway.device.world.files[path] ?? {};
  gateway.device.world.files[path] = { hash: 'sha256:spoilt', mode };
  gateway.device.world.unloadable.push(path);
  expect(await gateway.calm(networked('door', 22, 30))).toBe('committed');
  expect(Object.keys(gateway.state.reloads)).toEqual(['reload:dhcp']);
  gateway.device.world.files[path] = { hash, mode };
  gateway.device.world.unloadable.length = 0;

  const { engine, requests } = await gateway.engine('config.restore@1');
  const lamp = await requests.ask(plain('lamp'));
  await gateway.reached;
  expect(gateway.kindsOf(lamp.id)).toEqual(['config.restore@1', 'config.reload@1']);
  const bell = await requests.ask(networked('bell', 23));
  expect(engine.state.updates[bell.id ?? '']?.phase).toBe('queued');
  gateway.letGo();
  expect((await lamp.done).outcome).toBe('committed');
  expect((await bell.done).outcome).toBe('committed');
  await engine.close();
  const { applied, reloads } = gateway.state;
  expect(reloads).toEqual({});
  expect(differences(gateway.device.world, applied, sha256)).toEqual([]);
});
