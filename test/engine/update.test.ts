import { setImmediate as nextTurn } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import type { AnyDriver, Drivers, StepContext } from '../../src/core/driver.ts';
import type { Workshop } from '../../src/engine/workshop.ts';
import { asked, definition, sha256, World } from './world.ts';

describe('an update', () => {
  test('is requested, planned, carried out step by step and committed', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    const { id, done } = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
    expect(await done).toMatchObject({ update: 'u1', outcome: 'committed', failedStep: null });
    expect(id).toBe('u1');
    await engine.close();
    expect(world.story).toEqual([
      'engine.started',
      'update.requested',
      'host.observed',
      'update.planned',
      'update.started',
      'step.intended hello/a',
      'step.succeeded hello/a',
      'step.intended hello/b',
      'step.succeeded hello/b',
      'step.succeeded hello/save',
      'update.committed',
      'engine.stopped',
    ]);
  });

  test('does at once for several chutes what is independent', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const reached = new Set<string>();
    let both = (): void => undefined;
    const all = new Promise<void>((resolve) => {
      both = resolve;
    });
    // Each waits for the other: one after the other they would never end.
    world.pause = async (name) => {
      reached.add(name);
      if (reached.size === 2) both();
      await all;
    };
    const update = await requests.ask(
      asked(definition('camera', 1, ['FETCH']), definition('door', 1, ['FETCH'])),
    );
    expect(await update.done).toMatchObject({ outcome: 'committed' });
    expect([...reached].toSorted()).toEqual(['camera/FETCH', 'door/FETCH']);
  });

  test('writes the outcome of a step and the intent of the next in one batch', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(definition('hello', 1, ['A', 'B', 'C'])))
    ).done;
    await engine.close();
    const events = world.shelf.records;
    const outcome = events.find((event) => event.type === 'step.succeeded');
    const intents = events.filter((event) => event.type === 'step.intended');
    expect(outcome?.end).toBe(intents[1]?.end);
  });

  test('that asks for what is there changes nothing, not even the journal', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(definition('hello', 1, ['A'])))
    ).done;
    const { seq } = engine.state;
    const again = await requests.ask(asked(definition('hello', 1, ['A'])));
    expect(again.id).toBeNull();
    expect(await again.done).toMatchObject({ outcome: 'unchanged', update: null });
    expect(engine.state.seq).toBe(seq);
  });

  test('undoes the failing step too, then the others, newest first', async () => {
    const world = new World();
    const faults = 'fail-after@step=hello/b';
    const { engine, requests } = await world.engine({ faults });
    const before = stateHash(engine.state.applied, sha256);
    const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B', 'C'])));
    expect(await done).toMatchObject({
      outcome: 'reverted',
      failedStep: 'hello/b',
      error: { code: 'RIPCORD_FAULT_INJECTED' },
    });
    expect(world.ledger).toEqual([
      'put hello/A',
      'put hello/B',
      'put hello/B',
      'unput hello/B',
      'unput hello/A',
    ]);
    expect([...world.things]).toEqual([]);
    expect(stateHash(engine.state.applied, sha256)).toBe(before);
    const reverted = world.shelf.records.find((event) => event.type === 'update.reverted');
    expect(reverted).toMatchObject({ verified: true });
  });

  test('has each intent on disk before the effect that it announces, on the way back too', async () => {
    const world = new World();
    const early: string[] = [];
    const expectIntent = (type: string, { step }: StepContext): void => {
      if (!world.story.includes(`${type} ${step.id}`)) early.push(`${type} ${step.id}`);
    };
    const driven = (drivers: Drivers): Drivers => {
      const put = drivers['thing.put@1'] as AnyDriver;
      const run: AnyDriver['run'] = async (context, args, undo) => {
        expectIntent('step.intended', context);
        return await put.run(context, args, undo);
      };
      const undo: AnyDriver['undo'] = async (context, args, data) => {
        expectIntent('compensation.intended', context);
        return await put.undo?.(context, args, data);
      };
      return { ...drivers, 'thing.put@1': { ...put, run, undo } };
    };
    const { engine, requests } = await world.engine({ faults: 'fail-after@step=hello/b', driven });
    const quick = { ...engine.workshop };
    // As a disk does it: what is to be on it is there some time later.
    const append: Workshop['append'] = async (...batch) => {
      await nextTurn();
      return await quick.append(...batch);
    };
    Object.assign(engine.workshop, { append });
    const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
    expect(await done).toMatchObject({ outcome: 'reverted' });
    expect(world.ledger).toContain('unput hello/A');
    expect(early).toEqual([]);
  });

  test('tries a step again as often as its plan says, then gives up', async () => {
    const world = new World();
    const { requests } = await world.engine({ faults: 'fail@step=hello/a*1' });
    const { done } = await requests.ask(asked(definition('hello', 1, ['A'])));
    expect(await done).toMatchObject({ outcome: 'committed' });
    expect(world.ledger).toEqual(['put hello/A']);
  });

  test('whose undo fails is stuck, undoes what it can, and names what it cannot', async () => {
    const world = new World();
    const { engine, requests } = await world.engine({
      faults: 'fail@step=hello/c,fail@undo=hello/b',
    });
    const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B', 'C'])));
    const outcome = await done;
    expect(outcome).toMatchObject({ outcome: 'stuck', failedStep: 'hello/c' });
    expect(outcome.stuck).toMatchObject([
      { step: 'hello/b', state: 'failed', n: 2 },
      { step: 'hello/a', state: 'blocked', blockedBy: 'hello/b' },
    ]);
    expect(Object.keys(engine.state.updates)).toEqual(['u1']);
  });
});
