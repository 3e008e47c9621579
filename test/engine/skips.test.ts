import { expect, test } from 'vitest';

import type { AnyDriver, Drivers, UndoPart } from '../../src/core/driver.ts';
import { fold } from '../../src/core/fold.ts';
import type { Json } from '../../src/core/json.ts';
import type { Planner } from '../../src/core/plan.ts';
import { NEW_STATE } from '../../src/core/state.ts';
import { asked, type Death, definition, World } from './world.ts';

const HELLO = definition('hello', 1, ['A']);

const RELOAD = { key: 'reload:hello', hash: 'sha256:new' };

/** Three steps in a row: write, reload (not needed while what runs is right), and start. */
const planner: Planner = {
  name: 'steps',
  version: 1,
  plan: () => ({
    steps: ['file.write@1', 'file.reload@1', 'file.start@1'].map((kind, at) => ({
      id: `hello/${kind.slice(5, -2)}`,
      phase: at + 1,
      kind,
      args: null,
      title: kind,
      retries: 0,
      ...(kind === 'file.reload@1' && { key: RELOAD.key, needs: ['hello/write'] }),
    })),
  }),
};

/** What the device runs, and what was called. */
class Files {
  runsRight = true;
  startFails = false;
  /** Whether what is written is something else than what runs. */
  writes = false;
  readonly called: string[] = [];
  readonly there = new Set<string>();

  drivers(all: Drivers): Drivers {
    const driver = (name: string, more: Partial<AnyDriver> = {}): AnyDriver => ({
      idempotent: true,
      run: async () => {
        this.called.push(name);
        this.there.add(name);
        return { result: null };
      },
      ...more,
    });
    const gone = (name: string, key?: string): UndoPart<Json, Json> => ({
      ...(key !== undefined && { key: () => key }),
      undo: async () => {
        this.called.push(`un${name}`);
        this.there.delete(name);
      },
    });
    return {
      ...all,
      'file.write@1': driver('write', {
        run: async () => {
          this.called.push('write');
          this.there.add('write');
          return { result: null, ...(this.writes && { owes: [RELOAD] }) };
        },
        undoList: [gone('write'), gone('tell', 'tell')],
      }),
      'file.reload@1': driver('reload', {
        skip: async () =>
          this.runsRight
            ? { reason: 'what runs is right', contentHash: null, pays: [RELOAD] }
            : null,
        run: async () => {
          this.called.push('reload');
          this.runsRight = true;
          return { result: null, pays: [RELOAD] };
        },
        undoList: [gone('reload')],
      }),
      'file.start@1': driver('start', {
        run: async (context) => {
          this.called.push('start');
          this.there.add('start');
          await Promise.resolve();
          context.signal.throwIfAborted();
          if (this.startFails) throw new Error('does not start');
          return { result: null };
        },
        undoList: [gone('start'), gone('tell', 'tell')],
      }),
    };
  }
}

const options = (files: Files, death: Death | null = null) => ({
  planners: [planner],
  driven: (all: Drivers): Drivers => files.drivers(all),
  death,
});

/** Applies hello; dies on the way where it is told to. */
async function applied(world: World, files: Files, death: Death | null = null): Promise<void> {
  const { engine, requests } = await world.engine(options(files, death));
  const update = await requests.ask(asked(HELLO)).catch(() => null);
  await update?.done.catch(() => undefined);
  if (death === null) await engine.close();
}

async function settled(world: World, files: Files): Promise<void> {
  const { engine } = await world.engine(options(files));
  await engine.settle();
  await engine.close();
}

test('what is not needed is skipped, and the journal says why', async () => {
  const world = new World();
  const files = new Files();
  await applied(world, files);
  expect(files.called).toEqual(['write', 'start']);
  expect(world.shelf.records).toContainEqual(
    expect.objectContaining({
      type: 'step.skipped',
      step: 'hello/reload',
      reason: 'what runs is right',
    }),
  );
});

test('what was skipped before a crash is asked again, and done where it is needed now', async () => {
  const world = new World();
  const files = new Files();
  // The second effect is the start: the reload was skipped before it.
  await applied(world, files, { effect: 2, when: 'before' });
  files.runsRight = false;
  await settled(world, files);
  expect(world.story.filter((word) => word.endsWith('hello/reload'))).toEqual([
    'step.skipped hello/reload',
    'step.intended hello/reload',
    'step.succeeded hello/reload',
    'reload.paid hello/reload',
  ]);
  expect(world.story.at(-2)).toBe('update.committed');
});

test('what was skipped before a crash is skipped again where nothing changed', async () => {
  const world = new World();
  const files = new Files();
  await applied(world, files, { effect: 2, when: 'before' });
  await settled(world, files);
  expect(files.called).not.toContain('reload');
  expect(world.story.filter((word) => word.endsWith('hello/reload'))).toEqual([
    'step.skipped hello/reload',
    'step.skipped hello/reload',
  ]);
  expect(world.story.at(-2)).toBe('update.committed');
});

test('what was skipped is not undone, and what two steps undo alike is undone once', async () => {
  const world = new World();
  const files = new Files();
  files.startFails = true;
  await applied(world, files);
  expect(files.called).toEqual(['write', 'start', 'unstart', 'untell', 'unwrite']);
});

test('everything is undone, wherever the process dies on its way back', async () => {
  const calm = new World();
  const files = new Files();
  files.startFails = true;
  await applied(calm, files);
  const deaths = (['before', 'after'] as const).flatMap((when): Death[] => [
    ...Array.from({ length: calm.shelf.appends }, (_none, at) => ({ append: at + 1, when })),
    ...Array.from({ length: calm.effects }, (_none, at) => ({ effect: at + 1, when })),
  ]);
  expect(deaths.length).toBeGreaterThan(10);
  for (const death of deaths) {
    const world = new World();
    const hurt = new Files();
    hurt.startFails = true;
    await applied(world, hurt, death);
    await settled(world, hurt);
    const story = JSON.stringify({ death, called: hurt.called, story: world.story });
    expect([...hurt.there], story).toEqual([]);
    expect(fold(NEW_STATE, world.shelf.records).updates, story).toEqual({});
    const last = (name: string): number => hurt.called.lastIndexOf(name);
    if (last('start') >= 0) expect(last('untell'), story).toBeGreaterThan(last('start'));
    if (last('untell') >= 0) expect(last('untell'), story).toBeLessThan(last('unwrite'));
  }
});

test('it says thanks to which step: a write that changed nothing, or who reloaded last', async () => {
  const world = new World();
  const files = new Files();
  const by = (): unknown => {
    const last = world.shelf.records.findLast(({ type }) => type === 'step.skipped');
    return last?.type === 'step.skipped' ? last.by : undefined;
  };
  await applied(world, files);
  expect(by()).toEqual({ update: 'u1', step: 'hello/write' });

  // What was written is not what runs, and somebody outside has reloaded it: nobody on record has.
  files.writes = true;
  await applied(world, files);
  expect(by()).toBe(null);
});

test('a reload that finds all done by an earlier one says by which', async () => {
  const world = new World();
  const files = new Files();
  files.runsRight = false;
  files.writes = true;
  await applied(world, files);
  expect(files.called).toContain('reload');
  expect(fold(NEW_STATE, world.shelf.records).reloaded).toEqual({
    'reload:hello': { update: 'u1', step: 'hello/reload' },
  });
  const { engine, requests } = await world.engine({
    ...options(files),
    planners: [{ ...planner, plan: (...given) => reloadAlone(planner.plan(...given)) }],
  });
  await (
    await requests.ask(asked(definition('hello', 2, ['A'])))
  ).done;
  // Finding out is not reloading: it is still the first one's doing.
  expect(engine.state.reloaded).toEqual({
    'reload:hello': { update: 'u1', step: 'hello/reload' },
  });
  await engine.close();
  expect(world.shelf.records).toContainEqual(
    expect.objectContaining({
      type: 'step.skipped',
      update: 'u2',
      by: { update: 'u1', step: 'hello/reload' },
    }),
  );
});

type PlannerAnswer = ReturnType<Planner['plan']>;

/** A plan with nothing to write. */
const reloadAlone = (answer: PlannerAnswer): PlannerAnswer =>
  'steps' in answer
    ? {
        ...answer,
        steps: answer.steps
          .filter(({ id }) => id === 'hello/reload')
          .map(({ needs: _needs, ...step }) => step),
      }
    : answer;
