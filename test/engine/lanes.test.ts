import { describe, expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import { fold } from '../../src/core/fold.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import type { Asked } from '../../src/engine/asked.ts';
import { asked, type Death, definition, sha256, World } from './world.ts';

const BY = { user: 'amelia', role: 'owner', via: 'test' };

/** Asks for all of these, chute by chute. */
const each = (...definitions: readonly Definition[]): Asked => ({
  ...asked(...definitions),
  perChute: true,
});

const CAMERA = definition('camera', 1, ['A', 'B']);
const DOOR = definition('door', 1, ['A', 'B', 'C']);
const LAMP = definition('lamp', 1, ['A']);

describe('a request that is carried out chute by chute', () => {
  test('gets through as one', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const update = await requests.ask(each(CAMERA, DOOR));
    expect(update.id).toBe('u1');
    expect(await update.done).toMatchObject({
      update: 'u1',
      outcome: 'committed',
      lanes: [
        { chute: 'camera', update: 'u1', outcome: 'committed' },
        { chute: 'door', update: 'u2', outcome: 'committed' },
      ],
    });
  });

  test('loses only the chute that fails', async () => {
    const world = new World();
    const { engine, requests } = await world.engine({ faults: 'fail@step=door/b' });
    const { done } = await requests.ask(each(CAMERA, DOOR, LAMP));
    expect(await done).toMatchObject({
      update: 'u1',
      outcome: 'reverted',
      failedStep: 'door/b',
      error: { code: expect.any(String) },
      lanes: [
        { chute: 'camera', outcome: 'committed', failedStep: null, error: null },
        { chute: 'door', update: 'u2', outcome: 'reverted', failedStep: 'door/b' },
        { chute: 'lamp', update: 'u3', outcome: 'committed' },
      ],
    });
    expect(Object.keys(engine.state.applied.chutes).toSorted()).toEqual(['camera', 'lamp']);
    expect([...world.things.keys()].toSorted()).toEqual(['camera/A', 'camera/B', 'lamp/A']);
  });

  test('is asked for in one batch: all of it is on record, or nothing', async () => {
    const world = new World();
    const { requests } = await world.engine();
    await (
      await requests.ask(each(CAMERA, DOOR))
    ).done;
    const requested = world.shelf.records.filter(({ type }) => type === 'update.requested');
    expect(new Set(requested.map(({ end }) => end)).size).toBe(1);
    expect(requested).toMatchObject([
      { update: 'u1', request: { lane: { first: 'u1', of: 2 } } },
      { update: 'u2', request: { lane: { first: 'u1', of: 2 } } },
    ]);
  });

  test('changes nothing and journals nothing when all is as asked', async () => {
    const world = new World();
    const { requests } = await world.engine();
    await (
      await requests.ask(each(CAMERA, DOOR))
    ).done;
    const before = world.shelf.records.length;
    const again = await requests.ask(each(CAMERA, DOOR));
    expect(again.id).toBeNull();
    expect(await again.done).toMatchObject({
      outcome: 'unchanged',
      lanes: [
        { chute: 'camera', outcome: 'unchanged' },
        { chute: 'door', outcome: 'unchanged' },
      ],
    });
    expect(world.shelf.records).toHaveLength(before);
  });

  test('tells of a chute that was as asked beside one that was not', async () => {
    const world = new World();
    const { requests } = await world.engine();
    await (
      await requests.ask(asked(CAMERA))
    ).done;
    const { done } = await requests.ask(each(CAMERA, DOOR));
    expect(await done).toMatchObject({
      update: 'u2',
      outcome: 'committed',
      lanes: [
        { chute: 'camera', update: 'u2', outcome: 'unchanged' },
        { chute: 'door', update: 'u3', outcome: 'committed' },
      ],
    });
  });

  test('is known again by its id, whatever became of its lanes', async () => {
    const world = new World();
    const faulty = await world.engine({ faults: 'fail@step=door/b' });
    const request = { ...each(CAMERA, DOOR), requestId: 'k' };
    const first = await (await faulty.requests.ask(request)).done;
    await faulty.engine.close();
    const { requests } = await world.engine();
    const again = await requests.ask(request);
    expect(again.id).toBe('u1');
    expect(await again.done).toEqual(first);
    await expect(requests.ask({ ...each(CAMERA, LAMP), requestId: 'k' })).rejects.toMatchObject({
      code: 'RIPCORD_REQUEST_CONFLICT',
    });
  });

  test('is refused as a whole when it names a chute twice', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const { done } = await requests.ask(each(CAMERA, definition('camera', 2, ['B'])));
    expect(await done).toMatchObject({
      outcome: 'rejected',
      error: { message: expect.stringContaining('asks for it twice') },
    });
  });

  test('refuses the chute that another update is about, and carries out the rest', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const { release, reached } = held(world, 'door/SLOW');
    await requests.ask(asked(definition('door', 1, ['SLOW'])));
    await reached;
    const { done } = await requests.ask(each(CAMERA, DOOR));
    release();
    expect(await done).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT' },
      lanes: [{ outcome: 'committed' }, { outcome: 'rejected' }],
    });
  });

  test('runs its lanes side by side: a slow one holds up no other', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    const { release, reached } = held(world, 'camera/SLOW');
    const { done } = await requests.ask(each(definition('camera', 1, ['SLOW']), DOOR));
    await reached;
    expect(await engine.outcome('u2')).toMatchObject({ outcome: 'committed' });
    release();
    expect(await done).toMatchObject({ outcome: 'committed' });
  });

  test('is cancelled by its number as far as it is not through', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    const slow = held(world, '/SLOW');
    const { done } = await requests.ask(
      each(CAMERA, definition('door', 1, ['A', 'SLOW']), definition('lamp', 1, ['SLOW'])),
    );
    await slow.reached;
    await engine.outcome('u1');
    await engine.turnAround('u1', { by: BY });
    expect(await done).toMatchObject({
      outcome: 'cancelled',
      lanes: [{ outcome: 'committed' }, { outcome: 'cancelled' }, { outcome: 'cancelled' }],
    });
    expect([...world.things.keys()].toSorted()).toEqual(['camera/A', 'camera/B']);
    await expect(engine.turnAround('u1', { by: BY })).rejects.toMatchObject({
      code: 'RIPCORD_UPDATE_FINISHED',
    });
  });

  test('has one lane cancelled by that one’s number', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    const slow = held(world, 'door/SLOW');
    const { done } = await requests.ask(each(CAMERA, definition('door', 1, ['SLOW'])));
    await slow.reached;
    await engine.turnAround('u2', { by: BY });
    expect(await done).toMatchObject({
      outcome: 'cancelled',
      lanes: [{ outcome: 'committed' }, { update: 'u2', outcome: 'cancelled' }],
    });
  });
});

/** Things whose names end like this wait until they are let go. */
function held(world: World, end: string): { release: () => void; reached: Promise<void> } {
  let release = (): void => undefined;
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  world.pause = async (name, signal) => {
    if (!name.endsWith(end)) return;
    reach();
    await Promise.race([
      gate,
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  };
  return { release: () => release(), reached };
}

/** With a part in the configuration of the host: then the second lane waits for the first. */
const networked = (plain: Definition): Definition => ({
  ...plain,
  firewall: { page: { type: 'redirect', from: '@host.lan:80', to: 'lan0:80' } },
});

type Case = { readonly faults: string; readonly shares: boolean };

/** Dies on the way of a request for both, chute by chute. */
async function interrupted({ faults, shares }: Case, death: Death | null): Promise<World> {
  const world = new World();
  const { engine, requests } = await world.engine({ faults, death });
  const both = shares ? [networked(CAMERA), networked(DOOR)] : [CAMERA, DOOR];
  const update = await requests.ask(each(...both)).catch(() => null);
  await update?.done.catch(() => undefined);
  if (death === null) await engine.close();
  return world;
}

const stateOf = (world: World): State => fold(NEW_STATE, world.shelf.records);

const hashOf = (world: World): string => stateHash(stateOf(world).applied, sha256);

const things = (through: readonly string[]): readonly string[] =>
  [CAMERA, DOOR]
    .filter(({ name }) => through.includes(name))
    .flatMap(({ name, environment }) => Object.keys(environment).map((key) => `${name}/${key}`));

describe.each([false, true])(
  'both lanes end well wherever the process dies, sharing: %s',
  (shares) => {
    test.each([
      ['undisturbed', '', ['camera', 'door']],
      ['when the second fails', 'fail@step=door/c', ['camera']],
      ['when the first fails', 'fail@step=camera/b', ['door']],
    ])('%s', async (_title, faults, through) => {
      const calm = await interrupted({ faults, shares }, null);
      const deaths = (['before', 'after'] as const).flatMap((when): Death[] => [
        ...Array.from({ length: calm.shelf.appends }, (_none, at) => ({ append: at + 1, when })),
        ...Array.from({ length: calm.effects }, (_none, at) => ({ effect: at + 1, when })),
      ]);
      expect(deaths.length).toBeGreaterThan(20);
      for (const death of deaths) {
        const world = await interrupted({ faults, shares }, death);
        const later = await world.engine({ faults });
        await later.engine.settle();
        await later.engine.close();
        const story = JSON.stringify({ death, story: world.story });
        const requested = world.story.filter((word) => word === 'update.requested').length;
        expect([0, 2], story).toContain(requested);
        const expected = requested === 0 ? [] : through;
        const { updates, applied } = stateOf(world);
        expect(updates, story).toEqual({});
        expect(Object.keys(applied.chutes).toSorted(), story).toEqual(expected);
        expect([...world.things.keys()].toSorted(), story).toEqual(things(expected));
        if (requested > 0) expect(hashOf(world), story).toBe(hashOf(calm));
      }
    });
  },
);

test('what is to be rolled back when it is interrupted is so in all its lanes that are not through', async () => {
  const world = new World();
  const { requests } = await world.engine({ death: { effect: 6, when: 'before' } });
  const lanes = each(networked(CAMERA), networked(DOOR), networked(LAMP));
  const update = await requests.ask({ ...lanes, onInterrupt: 'rollback' });
  await update.done.catch(() => undefined);
  const { updates } = stateOf(world);
  // The first is through, the second under way, the third waits behind it.
  expect(Object.values(updates).map(({ phase }) => phase)).toEqual(['running', 'queued']);
  const { engine } = await world.engine();
  await engine.settle();
  await engine.close();
  const ends = world.shelf.records.flatMap((record) =>
    record.type === 'update.committed' || record.type === 'update.reverted'
      ? [`${record.update} ${record.type}`]
      : [],
  );
  expect(ends.toSorted()).toEqual([
    'u1 update.committed',
    'u2 update.reverted',
    'u3 update.reverted',
  ]);
  expect([...world.things.keys()].toSorted()).toEqual(['camera/A', 'camera/B']);
});
