import { describe, expect, test } from 'vitest';

import type { AnyDriver, Drivers } from '../../src/core/driver.ts';
import type { Planner } from '../../src/core/plan.ts';
import { asked, definition, things, World } from './world.ts';

const V1 = definition('hello', 1, ['A', 'B']);

/** The world's drivers with another answer of the probe for things. */
const probing =
  (state: 'partial' | 'unknown' | 'none', idempotent: boolean) =>
  (drivers: Drivers): Drivers => {
    const probe = async () => ({ state: state as 'partial', evidence: 'half' });
    const put = Object.entries(drivers['thing.put@1'] ?? {}).filter(([name]) => name !== 'probe');
    const driver = { ...Object.fromEntries(put), idempotent, ...(state !== 'none' && { probe }) };
    return { ...drivers, 'thing.put@1': driver as unknown as AnyDriver };
  };

describe('a step that a crash left half done', () => {
  test.each(['partial', 'unknown', 'none'] as const)(
    'is done again, once, where that is harmless and the probe says %s',
    async (state) => {
      const world = new World();
      const driven = probing(state, true);
      const dying = await world.engine({ death: { effect: 1, when: 'before' }, driven });
      await (await dying.requests.ask(asked(V1))).done.catch(() => undefined);
      const { engine } = await world.engine({ driven });
      await engine.settle();
      expect(world.story.filter((each) => each === 'step.probed hello/a')).toHaveLength(1);
      expect(world.story.at(-1)).toBe('update.committed');
    },
  );

  test('is undone where doing it again could do harm', async () => {
    const world = new World();
    const driven = probing('partial', false);
    const dying = await world.engine({ death: { effect: 2, when: 'after' }, driven });
    await (await dying.requests.ask(asked(V1))).done.catch(() => undefined);
    const { engine } = await world.engine({ driven });
    await engine.settle();
    expect(world.story.at(-1)).toBe('update.reverted');
    expect([...world.things]).toEqual([]);
  });
});

describe('content that keeps crashing', () => {
  test('is counted on disk before anything else is done', async () => {
    const world = new World();
    const dying = await world.engine({ death: { effect: 1, when: 'before' } });
    await (await dying.requests.ask(asked(V1))).done.catch(() => undefined);
    await world.engine();
    expect(world.shelf.records.at(-1)).toMatchObject({
      type: 'engine.started',
      interrupted: [{ update: 'u1', step: 'hello/a' }],
    });
  });

  test('is quarantined and turned around in one batch, so that a crash cannot count it twice', async () => {
    const world = new World();
    for (let boot = 0; boot < 3; boot++) {
      const { engine, requests } = await world.engine({ death: { effect: 1, when: 'before' } });
      if (boot === 0) await (await requests.ask(asked(V1))).done.catch(() => undefined);
      else await engine.settle().catch(() => undefined);
    }
    const { engine } = await world.engine();
    await engine.settle();
    const find = (type: string) => world.shelf.records.find((record) => record.type === type);
    expect(find('version.quarantined')?.end).toBe(find('update.aborting')?.end);
    expect(find('version.quarantined')).toMatchObject({ interruptions: 3 });
  });

  test('is not refused again once it got through', async () => {
    const world = new World();
    for (let boot = 0; boot < 3; boot++) {
      const { engine, requests } = await world.engine({ death: { effect: 1, when: 'before' } });
      if (boot === 0) await (await requests.ask(asked(V1))).done.catch(() => undefined);
      else await engine.settle().catch(() => undefined);
    }
    const { engine, requests } = await world.engine();
    await engine.settle();
    expect(Object.keys(engine.state.quarantine)).toHaveLength(1);
    const forced = await requests.ask({ ...asked(V1), allowQuarantined: true });
    expect(await forced.done).toMatchObject({ outcome: 'committed' });
    expect(engine.state.quarantine).toEqual({});
  });

  test('behind the commit is given up with a warning, and the update stands', async () => {
    const world = new World();
    const late: Planner = {
      name: 'late',
      version: 1,
      plan: ({ chute }) => ({
        steps: [
          {
            id: `${chute}/late`,
            phase: 99,
            kind: 'thing.put@1',
            args: { name: 'late' },
            title: 'put late',
            afterCommit: true,
          },
        ],
      }),
    };
    const planners = [things, late];
    for (let boot = 0; boot < 4; boot++) {
      const effect = boot === 0 ? 4 : 1;
      const { engine, requests } = await world.engine({
        planners,
        death: { effect, when: 'before' },
      });
      if (boot === 0) await (await requests.ask(asked(V1))).done.catch(() => undefined);
      else await engine.settle().catch(() => undefined);
    }
    const { engine } = await world.engine({ planners });
    await engine.settle();
    expect(engine.state.updates).toEqual({});
    expect(engine.state.applied.chutes['hello']?.definition?.version).toBe(1);
    expect(world.story.filter((each) => each === 'step.failed hello/late')).toHaveLength(1);
  });
});

test('a newer update takes the place of an older one also when the engine dies in between', async () => {
  const world = new World();
  const hello = definition('hello', 1, ['A', 'SLOW']);
  const dying = await world.engine();
  let reached = (): void => undefined;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  world.pause = async (name) => {
    if (!name.endsWith('/SLOW')) return;
    reached();
    await new Promise(() => undefined);
  };
  await dying.requests.ask(asked(hello));
  await there;
  // The process dies right behind the flush that took the newer request in.
  const newer = await dying.requests.ask({
    ...asked(definition('hello', 2, ['B'])),
    mode: 'supersede',
  });
  world.shelf.generation += 1;
  newer.done.catch(() => undefined);
  world.pause = async () => undefined;
  const { engine } = await world.engine();
  await engine.settle();
  expect(world.story).toContain('update.superseded');
  expect(engine.state.applied.chutes['hello']?.definition?.version).toBe(2);
});

test('of two who cancel at once, the second is told that it is being undone', async () => {
  const world = new World();
  const { engine, requests } = await world.engine();
  let reached = (): void => undefined;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  world.pause = async (name, signal) => {
    if (!name.endsWith('/SLOW')) return;
    reached();
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  };
  const update = await requests.ask(asked(definition('hello', 1, ['SLOW'])));
  await there;
  const by = { user: 'amelia', role: 'owner', via: 'test' };
  const both = await Promise.allSettled([
    engine.turnAround('u1', { by }),
    engine.turnAround('u1', { by }),
  ]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(await update.done).toMatchObject({ outcome: 'cancelled' });
});

test('request ids may be any text: numbers and names that objects have among them', async () => {
  const world = new World();
  const { requests } = await world.engine();
  for (const [at, requestId] of ['__proto__', 'constructor', '7'].entries()) {
    const made = definition('hello', at + 1, ['A']);
    const { id, done } = await requests.ask({ ...asked(made), requestId });
    expect(await done).toMatchObject({ outcome: 'committed' });
    expect((await requests.ask({ ...asked(made), requestId })).id).toBe(id);
  }
});
