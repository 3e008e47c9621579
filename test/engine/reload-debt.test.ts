import { expect, test } from 'vitest';

import type { AnyDriver, Drivers, Reloads } from '../../src/core/driver.ts';
import { asked, definition, World } from './world.ts';

/** Puts that leave something to be reloaded, or that reload it. */
const leaving =
  (left: Reloads) =>
  (drivers: Drivers): Drivers => {
    const put = drivers['thing.put@1'] as AnyDriver;
    const run: AnyDriver['run'] = async (context, args, undo) => ({
      ...(await put.run(context, args, undo)),
      ...left,
    });
    return { ...drivers, 'thing.put@1': { ...put, run } };
  };

const LAMP = { key: 'reload:lamp', hash: 'sha256:new' };

test('what is owed is on record until it is paid, in the next engine too', async () => {
  const world = new World();
  const writer = await world.engine({ driven: leaving({ owes: [LAMP] }) });
  await (
    await writer.requests.ask(asked(definition('hello', 1, ['A'])))
  ).done;
  expect(writer.engine.state.reloads).toMatchObject({
    'reload:lamp': { hash: 'sha256:new', update: 'u1' },
  });
  await writer.engine.close();
  expect(world.story).toContain('reload.owed hello/a');

  const payer = await world.engine({ driven: leaving({ pays: [LAMP] }) });
  expect(Object.keys(payer.engine.state.reloads)).toEqual(['reload:lamp']);
  await (
    await payer.requests.ask(asked(definition('hello', 2, ['A'])))
  ).done;
  expect(payer.engine.state.reloads).toEqual({});
  await payer.engine.close();
});

test('what an undo leaves to be reloaded is on record too', async () => {
  const world = new World();
  const driven = (drivers: Drivers): Drivers => {
    const put = drivers['thing.put@1'] as AnyDriver;
    const undo: AnyDriver['undo'] = async (context, args, data) => {
      await put.undo?.(context, args, data);
      return { owes: [LAMP] };
    };
    return { ...drivers, 'thing.put@1': { ...put, undo } };
  };
  const { engine, requests } = await world.engine({ driven, faults: 'fail-after@step=hello/a' });
  const { done } = await requests.ask(asked(definition('hello', 1, ['A'])));
  expect(await done).toMatchObject({ outcome: 'reverted' });
  expect(world.story.slice(-3)).toEqual([
    'compensation.succeeded hello/a',
    'reload.owed hello/a',
    'update.reverted',
  ]);
  expect(Object.keys(engine.state.reloads)).toEqual(['reload:lamp']);
  await engine.close();
});
