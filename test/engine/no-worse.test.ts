import { expect, test } from 'vitest';

import type { ObservedService } from '../../src/engine/host.ts';
import { asked, definition, World } from './world.ts';

const HELLO = definition('hello', 1, ['A', 'B']);
const OTHER = definition('other', 1, ['O']);

/** Asks for hello on a device that has another chute, which is as said before and after hello's steps. */
async function beside(before: ObservedService['state'], after: ObservedService['state']) {
  const world = new World();
  const { requests } = await world.engine();
  await (
    await requests.ask(asked(OTHER))
  ).done;
  world.observe = (_applied, chutes) =>
    chutes.map((chute) => ({
      chute,
      service: 'main',
      state: chute === 'other' && world.things.has('hello/B') ? after : before,
      instance: null,
      evidence: null,
    }));
  const outcome = await (await requests.ask(asked(HELLO))).done;
  return { outcome, things: [...world.things.keys()] };
}

test('an update after which another chute does not run any more is taken back', async () => {
  const { outcome, things } = await beside('running', 'exited');
  expect(outcome).toMatchObject({ outcome: 'reverted', error: { code: 'RIPCORD_GATE_FAILED' } });
  expect(things).toEqual(['other/O']);
});

test.each([
  ['running', 'running'],
  ['exited', 'exited'],
  ['exited', 'running'],
] as const)('one that was %s and is %s decides nothing', async (before, after) => {
  const { outcome, things } = await beside(before, after);
  expect(outcome).toMatchObject({ outcome: 'committed' });
  expect(things).toEqual(['other/O', 'hello/A', 'hello/B']);
});
