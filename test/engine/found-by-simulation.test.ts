import { expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../src/core/applied.ts';
import { RipcordError } from '../../src/core/errors.ts';
import type { Planner } from '../../src/core/plan.ts';
import { asked, definition, things, World } from './world.ts';

/** One check in front of the things. */
const checked: Planner = {
  ...things,
  plan(change, context) {
    const answer = things.plan(change, context);
    const check = {
      id: `${change.chute}/check`,
      phase: 9,
      kind: 'thing.check@1',
      args: {},
      title: 'check',
    };
    return 'steps' in answer && answer.steps
      ? { steps: [{ ...check, retries: 0 }, ...answer.steps] }
      : answer;
  },
};

test('a check that timed out right before a crash is settled by the next engine', async () => {
  const world = new World();
  let answers = false;
  const driven = (drivers: object) => ({
    ...drivers,
    'thing.check@1': {
      effect: false as const,
      run: async () => {
        if (answers) return { result: null };
        throw new RipcordError('RIPCORD_STEP_TIMEOUT', 'no answer', { class: 'unknown' });
      },
    },
  });
  // It dies with the outcome of the check on disk, and before anything else.
  const first = await world.engine({
    planners: [checked],
    driven,
    death: { append: 2, when: 'after' },
  });
  await first.requests.ask(asked(definition('hello', 1, ['A']))).catch(() => null);
  await first.engine.settle().catch(() => undefined);
  answers = true;
  const { engine } = await world.engine({ planners: [checked], driven });
  await engine.settle();
  expect(engine.state.updates).toEqual({});
  await engine.close();
});

test('a rollback is recognised as complete while another chute is half installed', async () => {
  const world = new World();
  let reached = (): void => undefined;
  const half = new Promise<void>((resolve) => {
    reached = resolve;
  });
  let goOn = (): void => undefined;
  const undone = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  world.pause = async (name) => {
    if (name === 'door/B') {
      reached();
      await undone;
    }
    if (name === 'hello/B') await half;
  };
  const { engine, requests } = await world.engine({ faults: 'fail@step=hello/b' });
  const hello = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
  const door = await requests.ask(asked(definition('door', 1, ['A', 'B'])));
  expect(await hello.done).toMatchObject({ outcome: 'reverted' });
  goOn();
  expect(await door.done).toMatchObject({ outcome: 'committed' });
  const ends = world.shelf.records.filter(({ type }) => type === 'update.reverted');
  expect(ends).toMatchObject([{ update: 'u1', verified: true }]);
  await engine.close();
});

test('a step that was begun is not skipped on its next try, and so is undone', async () => {
  const world = new World();
  let lost = true;
  const driven = (drivers: Record<string, object>) => {
    const put = drivers['thing.put@1'] as { run: (...given: never[]) => Promise<object> };
    return {
      ...drivers,
      'thing.put@1': {
        ...put,
        skip: async (_context: unknown, args: { name: string }) =>
          world.things.has(args.name) ? { reason: 'it is there', contentHash: null } : null,
        run: async (...given: never[]) => {
          const done = await put.run(...given);
          if (!lost) return done;
          lost = false;
          throw new RipcordError('RIPCORD_STEP_FAILED', 'no answer came', { class: 'transient' });
        },
      },
    } as never;
  };
  const { engine, requests } = await world.engine({
    faults: 'fail@step=hello/b',
    driven,
  });
  const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
  expect(await done).toMatchObject({ outcome: 'reverted' });
  expect(world.story).not.toContain('step.skipped hello/a');
  expect([...world.things]).toEqual([]);
  expect(engine.state.applied).toEqual(NOTHING_APPLIED);
  await engine.close();
});
