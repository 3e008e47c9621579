import { describe, expect, test } from 'vitest';

import type { Definition } from '../../src/core/chute.ts';
import type { Planner } from '../../src/core/plan.ts';
import type { Asked } from '../../src/engine/asked.ts';
import { asked, definition, things, World } from './world.ts';

/** A chute that has its part in the configuration of the host. */
const networked = (name: string, names: readonly string[]): Definition => ({
  ...definition(name, 1, names),
  firewall: { page: { type: 'redirect', from: '@host.lan:80', to: 'lan0:80' } },
});

const greedy = (name: string, names: readonly string[]): Definition => {
  const plain = definition(name, 1, names);
  const [[service, main] = ['main', null]] = Object.entries(plain.services);
  if (main === null) return plain;
  return { ...plain, services: { [service]: { ...main, requests: { cpuFraction: 0.5 } } } };
};

const both = (...definitions: readonly Definition[]): Asked => ({
  ...asked(...definitions),
  perChute: true,
});

/** Where the words of a story stand. */
const placesOf = (world: World, words: readonly string[]): readonly number[] =>
  words.map((word) => world.story.indexOf(word));

describe('updates of different chutes', () => {
  test.each<[what: string, made: typeof networked]>([
    ['the configuration of the host', networked],
    ['the cpus', greedy],
  ])('that share %s come one after the other, in the order asked', async (_what, made) => {
    const world = new World();
    world.capabilities = ['cpu-shares'];
    const { requests } = await world.engine();
    const { done } = await requests.ask(both(made('camera', ['A']), made('door', ['A'])));
    expect(await done).toMatchObject({ outcome: 'committed' });
    expect(world.shelf.records).toContainEqual(
      expect.objectContaining({ type: 'update.queued', update: 'u2', behind: ['u1'] }),
    );
    const places = placesOf(world, ['step.succeeded camera/save', 'step.intended door/a']);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test.each([
    ['one', definition('door', 1, ['A']), 0],
    ['each', greedy('door', ['A']), 1],
  ])(
    'where shares are not enforced wait only when each asks for cpus: %s',
    async (_who, door, queued) => {
      const world = new World();
      const { engine, requests } = await world.engine();
      await (
        await requests.ask(asked(definition('lamp', 1, ['A'])))
      ).done;
      expect(engine.state.facts?.facts.capabilities).toEqual([]);
      await (
        await requests.ask(both(greedy('camera', ['A']), door))
      ).done;
      expect(world.story.filter((word) => word === 'update.queued')).toHaveLength(queued);
    },
  );

  test('that come at the same moment by different requests wait as well', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const first = await requests.ask(asked(networked('camera', ['A'])));
    const second = await requests.ask(asked(networked('door', ['A'])));
    expect(await first.done).toMatchObject({ outcome: 'committed' });
    expect(await second.done).toMatchObject({ outcome: 'committed' });
    expect(world.story.filter((word) => word === 'update.queued')).toHaveLength(1);
  });

  test('are planned one at a time: what one is promised the next cannot have', async () => {
    const world = new World();
    const { requests } = await world.engine({ planners: [things, onePort] });
    const { done } = await requests.ask(
      both(definition('camera', 1, ['A']), definition('door', 1, ['A'])),
    );
    expect(await done).toMatchObject({
      lanes: [
        { chute: 'camera', outcome: 'committed' },
        { chute: 'door', outcome: 'rejected', error: { code: 'RIPCORD_PORT_TAKEN' } },
      ],
    });
  });
});

/** Every chute wants the same port, and the first one gets it. */
const onePort: Planner = {
  name: 'ports',
  version: 1,
  plan: ({ chute }, { applied }) => {
    const holder = applied.reservations.ports['80/tcp'];
    if (holder && holder.chute !== chute)
      return {
        refusals: [{ code: 'RIPCORD_PORT_TAKEN', message: 'taken', path: '', hint: 'another' }],
      };
    const value = { chute, service: 'main' };
    const patch = [{ op: 'add' as const, path: '/reservations/ports/80~1tcp', value }];
    const args = { chute, patch };
    const save = { id: `${chute}/port`, phase: 96, kind: 'chute.save@1' as const, args };
    return { steps: [{ ...save, title: 'take the port' }] };
  },
};

/** Writes one thing for all chutes, whose undo can be made to fail. */
const shared: Planner = {
  name: 'shared',
  version: 1,
  plan: ({ chute }) => ({
    steps: [
      {
        id: `host/config.write:${chute}`,
        phase: 53,
        kind: 'thing.put@1',
        args: { name: `host/${chute}` },
        title: 'write',
      },
    ],
  }),
};

describe('behind an update that is stuck', () => {
  const CAMERA = networked('camera', ['A']);
  const DOOR = networked('door', ['A']);

  test.each([
    ['at a shared file, nothing that shares it is taken or kept waiting', 'host/*', 'rejected'],
    ['at something of its own, others go on', 'camera/*', 'committed'],
  ])('%s', async (_title, glob, outcome) => {
    const world = new World();
    const faults = `fail@step=camera/save,fail@undo=${glob}`;
    const { requests } = await world.engine({ faults, planners: [things, shared] });
    const { done } = await requests.ask(both(CAMERA, DOOR));
    expect(await done).toMatchObject({
      outcome: 'stuck',
      lanes: [{ outcome: 'stuck' }, { outcome }],
    });
    const later = await requests.ask(asked(networked('lamp', ['A'])));
    expect(await later.done).toMatchObject({ outcome });
    const apart = await requests.ask(asked(definition('apart', 1, ['A'])));
    expect(await apart.done).toMatchObject({ outcome: 'committed' });
  });
});
