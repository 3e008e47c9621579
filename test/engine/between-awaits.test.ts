import { expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import type { Planner } from '../../src/core/plan.ts';
import { resolveStep } from '../../src/engine/resolve.ts';
import { Supervisor } from '../../src/engine/supervisor.ts';
import { asked, definition, sha256, things, World } from './world.ts';

const BY = { user: 'amelia', role: 'owner', via: 'test' };

/** What is waited for, and how it is let happen. */
function gate(): { readonly opens: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opens = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opens, open: () => open() };
}

const byName = (chute: string, operation: ChuteRequest['operation']): ChuteRequest => ({
  chute,
  operation,
  definition: null,
  sources: {},
});

test('who waits to be planned looks again who comes first when it is its turn', async () => {
  const world = new World();
  const { engine, requests } = await world.engine();
  await (
    await requests.ask(asked(definition('hello', 1, ['A'])))
  ).done;
  const turn = gate();
  void engine.workshop.planning.take(async () => await turn.opens);
  const waits = await requests.ask(asked(definition('hello', 2, ['B'])));
  // At boot the same chute is to be started first; it is asked for while the other waits for its turn.
  const start = { ...asked(definition('hello', 1, ['C'])), mode: 'queue', atBoot: true } as const;
  const first = await requests.ask(start);
  turn.open();
  await Promise.all([waits.done, first.done]);
  const planned = world.shelf.records.flatMap((record) =>
    record.type === 'update.planned' ? [record.update] : [],
  );
  expect(planned).toEqual(['u1', 'u3', 'u2']);
});

test('a stuck step that two settle at once is settled once', async () => {
  const world = new World();
  const { engine, requests } = await world.engine({
    faults: 'fail@step=hello/b,fail@undo=hello/a',
  });
  const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
  expect((await done).outcome).toBe('stuck');
  const settle = (as: 'done' | 'undone'): Promise<void> =>
    resolveStep(engine, 'u1', 1, { as, message: 'seen to', by: BY });
  world.things.delete('hello/A');
  const both = await Promise.allSettled([settle('undone'), settle('done')]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await engine.settle();
  expect(world.story.filter((word) => word.startsWith('compensation.resolved'))).toHaveLength(1);
  expect(engine.state.updates).toEqual({});
});

test('a cancel that finds the engine closing says so', async () => {
  const world = new World();
  const { engine, requests } = await world.engine();
  const reached = gate();
  const held = gate();
  world.pause = async () => {
    reached.open();
    await held.opens;
  };
  const { done } = await requests.ask(asked(definition('hello', 1, ['A'])));
  done.catch(() => undefined);
  await reached.opens;
  const closed = engine.close();
  const cancelled = engine.turnAround('u1', { by: BY });
  held.open();
  await expect(cancelled).rejects.toMatchObject({ code: 'RIPCORD_ENGINE_CLOSED' });
  await closed;
  await expect(engine.turnAround('u1', { by: BY })).rejects.toMatchObject({
    code: 'RIPCORD_ENGINE_CLOSED',
  });
});

test('the start of an update has the state hash of its own moment, not of one before', async () => {
  const world = new World();
  const { engine, requests } = await world.engine();
  const look = gate();
  const looked = gate();
  await (
    await requests.ask(asked(definition('lamp', 1, ['A'])))
  ).done;
  await (
    await requests.ask(asked(definition('clock', 1, ['A'])))
  ).done;
  const host = engine.workshop.host as { checkRoom?: (steps: readonly unknown[]) => Promise<void> };
  host.checkRoom = async (steps) => {
    if (!JSON.stringify(steps).includes('hello')) return;
    looked.open();
    await look.opens;
  };
  const slow = await requests.ask(asked(definition('hello', 1, ['A'])));
  await looked.opens;
  const quick = await requests.ask(asked(definition('lamp', 2, ['B'])));
  await quick.done;
  const before = world.shelf.records.findLast(({ type }) => type === 'update.committed');
  look.open();
  await slow.done;
  const started = world.shelf.records.findLast(({ type }) => type === 'update.started');
  expect(started).toMatchObject({
    update: slow.id,
    stateHash: before?.type === 'update.committed' ? before.stateHash : '',
  });
});

test('what is decided of a request at once is decided on the state it is recorded on', async () => {
  const world = new World();
  const { engine, requests } = await world.engine();
  for (const name of ['lamp', 'hello'])
    await (
      await requests.ask(asked(definition(name, 1, ['A'])))
    ).done;
  const look = gate();
  const looked = gate();
  world.pause = async () => {
    looked.open();
    await look.opens;
  };
  const { host } = engine.workshop;
  const facts = host.facts.bind(host);
  const lamp = await requests.ask(asked(definition('lamp', 2, ['B'])));
  await looked.opens;
  // While it is looked at the host, the lamp is changed.
  host.facts = async () => {
    look.open();
    await lamp.done;
    return await facts();
  };
  const same = await requests.ask({ ...asked(definition('hello', 1, ['A'])), requestId: 'k' });
  expect(await same.done).toMatchObject({ outcome: 'unchanged' });
  const hash = stateHash(engine.state.applied, sha256);
  expect(world.shelf.records.at(-1)).toMatchObject({ unchanged: true, stateHash: hash });
});

/** Things as before, and chutes that can be started and stopped. */
const stoppable: Planner = {
  ...things,
  plan: (change, scene) => {
    const { chute, operation } = change;
    if (operation === 'stop') {
      const patch = [{ op: 'replace', path: `/chutes/${chute}/run`, value: 'stopped' }] as const;
      const save = { kind: 'chute.save@1', phase: 95, args: { chute, patch }, title: 's' } as const;
      return { steps: [{ id: `${chute}/save`, ...save }] };
    }
    if (operation !== 'start') return things.plan(change, scene);
    const put = { kind: 'thing.put@1', phase: 87, args: { name: `${chute}/up` }, title: 'start' };
    return { steps: [{ id: `${chute}/start`, ...put, retries: 0 }] };
  },
};

test('what somebody stops while others are started again is not started again', async () => {
  const world = new World();
  const { engine, requests } = await world.engine({ planners: [stoppable] });
  for (const name of ['door', 'lamp'])
    await (
      await requests.ask(asked(definition(name, 1, [])))
    ).done;
  const starting = gate();
  const held = gate();
  world.pause = async (name) => {
    if (name !== 'door/up') return;
    starting.open();
    await held.opens;
  };
  world.observe = (applied, names) =>
    names.map((chute) => ({
      chute,
      service: 'main',
      state:
        applied.chutes[chute]?.run === 'stopped' || world.things.has(`${chute}/up`)
          ? 'running'
          : 'exited',
      instance: null,
      evidence: 'looked',
    }));
  const { clock } = engine.workshop;
  const sleep = clock.sleep.bind(clock);
  // Between two looks everybody else has a turn.
  clock.sleep = async (ms, signal) =>
    ms < 5000 ? await new Promise((resolve) => setImmediate(resolve)) : await sleep(ms, signal);
  const supervisor = new Supervisor(engine, requests);
  await starting.opens;
  const stop = await requests.ask({ ...asked(), chutes: [byName('lamp', 'stop')], mode: 'queue' });
  expect((await stop.done).outcome).toBe('committed');
  const from = world.shelf.records.length;
  held.open();
  await (
    await requests.ask({ ...asked(definition('clock', 1, [])), mode: 'queue' })
  ).done;
  // The door is up and everything was looked at again.
  await engine.outcome('u3');
  await new Promise<void>((resolve) => {
    const { observe } = world;
    let looks = 0;
    world.observe = (applied, names) => {
      looks += 1;
      if (looks === 3) resolve();
      return observe(applied, names);
    };
  });
  supervisor.stop();
  await engine.close();
  await supervisor.ended();
  const asks = world.shelf.records
    .slice(from)
    .flatMap((record) => (record.type === 'update.requested' ? record.request.chutes : []));
  expect(asks.map(({ chute }) => chute)).not.toContain('lamp');
});

test('a step that is given up names the attempt it was at', async () => {
  const world = new World();
  const late: Planner = {
    name: 'late',
    version: 1,
    plan: ({ chute }) => {
      const put = { kind: 'thing.put@1', title: 'put', retries: 5 };
      return {
        steps: [
          { ...put, id: `${chute}/a`, phase: 50, args: { name: 'A' } },
          { ...put, id: `${chute}/late`, phase: 99, args: { name: 'late' }, afterCommit: true },
        ],
      };
    },
  };
  for (let boot = 0; boot < 4; boot++) {
    const death = boot < 3 ? ({ effect: boot === 0 ? 2 : 1, when: 'before' } as const) : null;
    const { engine, requests } = await world.engine({ planners: [late], death });
    if (boot === 0)
      await (await requests.ask(asked(definition('hello', 1, ['A'])))).done.catch(() => undefined);
    else await engine.settle().catch(() => undefined);
    if (death === null) await engine.close();
  }
  const given = world.shelf.records.findLast(({ type }) => type === 'step.failed');
  expect(given).toMatchObject({ step: 'hello/late', attempt: 3, final: true });
});
