import { expect, test } from 'vitest';

import type { AnyDriver, Drivers } from '../../src/core/driver.ts';
import { RipcordError } from '../../src/core/errors.ts';
import { asked, definition, World } from './world.ts';

const V1 = definition('hello', 1, ['A', 'B']);
const FULL = new RipcordError('RIPCORD_DISK_FULL', 'cannot write it: no space left');

/** Things whose undo finds no room for as long as this says so. */
const undoWithout =
  (isFull: () => boolean) =>
  (drivers: Drivers): Drivers => {
    const put = drivers['thing.put@1'];
    const undo: AnyDriver['undo'] = async (...args) => {
      if (isFull()) throw FULL;
      return await put?.undo?.(...args);
    };
    return { ...drivers, 'thing.put@1': { ...put, undo } as AnyDriver };
  };

test('an undo that finds no room has what is kept back for it', async () => {
  const world = new World();
  const driven = undoWithout(() => world.shelf.reserved);
  const { requests } = await world.engine({ driven, faults: 'fail@step=hello/b' });
  const { done } = await requests.ask(asked(V1));
  expect(await done).toMatchObject({ outcome: 'reverted' });
  expect(world.story.filter((each) => each.startsWith('compensation.failed'))).toEqual([]);
  expect([...world.things]).toEqual([]);
  expect(world.shelf.reserved).toBe(false);
});

test('an undo that finds none even so is stuck', async () => {
  const world = new World();
  const { requests } = await world.engine({
    driven: undoWithout(() => true),
    faults: 'fail@step=hello/b',
  });
  const { done } = await requests.ask(asked(V1));
  expect(await done).toMatchObject({ outcome: 'stuck' });
});
