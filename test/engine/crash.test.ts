import { expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import { fold } from '../../src/core/fold.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { asked, type Death, definition, sha256, World } from './world.ts';

const V1 = definition('hello', 1, ['A']);
const V2 = definition('hello', 2, ['A', 'B', 'C']);

const V1_HASH = hashOf(
  await interrupted({ faults: '', onInterrupt: 'resume' }, { append: 1, when: 'before' }),
);

type Case = { readonly faults: string; readonly onInterrupt: 'resume' | 'rollback' };

/** A device with version 1; then version 2 is asked for, and the process dies on its way. */
async function interrupted({ faults, onInterrupt }: Case, death: Death): Promise<World> {
  const world = new World();
  const calm = await world.engine();
  await (
    await calm.requests.ask(asked(V1))
  ).done;
  await calm.engine.close();
  world.ledger.length = 0;
  const { requests } = await world.engine({ faults, death });
  const update = await requests.ask({ ...asked(V2), onInterrupt }).catch(() => null);
  await update?.done.catch(() => undefined);
  return world;
}

async function settle(world: World, faults = '', death: Death | null = null): Promise<boolean> {
  try {
    const { engine } = await world.engine({ faults, death });
    await engine.settle();
    await engine.close();
    return true;
  } catch {
    return false;
  }
}

/** How the undisturbed update ends: the version, and the state hash. */
async function calmly(faults: string): Promise<{ outcome: string; hash: string; deaths: Death[] }> {
  const world = new World();
  const { engine, requests } = await world.engine();
  await (
    await requests.ask(asked(V1))
  ).done;
  await engine.close();
  const before = { appends: world.shelf.appends, effects: world.effects };
  const second = await world.engine({ faults });
  const { outcome } = await (await second.requests.ask(asked(V2))).done;
  await second.engine.close();
  const deaths: Death[] = [];
  for (const when of ['before', 'after'] as const) {
    for (let k = 1; k <= world.shelf.appends - before.appends; k++)
      deaths.push({ append: k, when });
    for (let k = 1; k <= world.effects - before.effects; k++) deaths.push({ effect: k, when });
  }
  return { outcome, hash: hashOf(world), deaths };
}

function stateOf(world: World): State {
  return fold(NEW_STATE, world.shelf.records);
}
function hashOf(world: World): string {
  return stateHash(stateOf(world).applied, sha256);
}

function expectEnd(world: World, hashes: readonly string[], story: string): void {
  const state = stateOf(world);
  expect(state.updates, story).toEqual({});
  expect(hashes, story).toContain(hashOf(world));
  const version = state.applied.chutes['hello']?.definition?.version;
  const expected = version === 2 ? ['hello/A', 'hello/B', 'hello/C'] : ['hello/A'];
  expect([...world.things.keys()].toSorted(), story).toEqual(expected);
}

for (const faults of ['', 'fail-after@step=hello/c', 'fail@step=hello/b']) {
  test(`ends well wherever the process dies, ${faults || 'undisturbed'}`, async () => {
    const { deaths, hash } = await calmly(faults);
    const { hash: without } = await calmly('');
    expect(deaths.length).toBeGreaterThan(20);
    for (const death of deaths) {
      const world = await interrupted({ faults, onInterrupt: 'resume' }, death);
      const story = JSON.stringify({ death, story: world.story });
      expect(await settle(world, faults), story).toBe(true);
      // A crash can swallow a driver's answer of failure: then the world decides, and it may be done.
      const lost = faults.startsWith('fail-after') ? [without] : [];
      expectEnd(world, [hash, ...lost, ...(requestedIn(world) ? [] : [V1_HASH])], story);
      // Without the fault the second time, going on may succeed: never anything between.
      const other = await interrupted({ faults, onInterrupt: 'resume' }, death);
      await settle(other);
      expectEnd(other, [hash, without, V1_HASH], story);
    }
  });
}

test('rolls back wherever the process dies, when that is what was asked for', async () => {
  const { deaths } = await calmly('');
  for (const death of deaths) {
    const world = await interrupted({ faults: '', onInterrupt: 'rollback' }, death);
    const committed = world.story.filter((each) => each === 'update.committed').length === 2;
    const story = JSON.stringify({ death, story: world.story });
    expect(await settle(world), story).toBe(true);
    expectEnd(world, [committed ? (await calmly('')).hash : V1_HASH], story);
    if (!committed) expect(stepsOf(world, 'compensation.intended'), story).toEqual(ranIn(world));
  }
});

test('ends well when it dies again while going on, at every pair of places', async () => {
  for (const faults of ['', 'fail-after@step=hello/c']) {
    const { deaths, hash } = await calmly(faults);
    const { hash: without } = await calmly('');
    for (const first of deaths.filter((_death, index) => index % 3 === 0)) {
      for (let k = 1; k < 40; k++) {
        const world = await interrupted({ faults, onInterrupt: 'resume' }, first);
        const again: Death =
          k % 2 === 0 ? { append: k / 2, when: 'after' } : { effect: (k + 1) / 2, when: 'after' };
        const through = await settle(world, faults, again);
        const story = JSON.stringify({ first, again, story: world.story });
        if (!through) expect(await settle(world, faults), story).toBe(true);
        expectEnd(world, [hash, without, ...(requestedIn(world) ? [] : [V1_HASH])], story);
        if (through && k > 20) break;
      }
    }
  }
});

const requestedIn = (world: World): boolean =>
  world.story.filter((each) => each === 'update.requested').length === 2;

/** The steps of the second update that have an event of this type, in the order of their first ones. */
const stepsOf = ({ shelf }: World, type: string): readonly string[] => [
  ...new Set(
    shelf.records.flatMap((event) =>
      event.type === type && 'step' in event && event.update === 'u2' ? [event.step ?? ''] : [],
    ),
  ),
];

/** What the second update ran, newest first. */
const ranIn = (world: World): readonly string[] => stepsOf(world, 'step.intended').toReversed();
