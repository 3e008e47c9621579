import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import { isUnder, sameValue, valueAt } from '../../replay/path-changes.ts';
import { Replay } from '../../replay/replay.ts';
import { why } from '../../replay/why.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { evolve } from '../../src/core/fold.ts';
import type { Json } from '../../src/core/json.ts';
import { pointer } from '../../src/core/patch.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { arrayJournal } from '../engine/array-journal.ts';
import { asked, definition, World } from '../engine/world.ts';
import { applyOf, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

/** What happens to a device: a wish, perhaps a failure, perhaps the death of the engine midway. */
const happening = fc.record({
  chute: fc.constantFrom('hello', 'camera'),
  version: fc.integer({ min: 1, max: 9 }),
  things: fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { minLength: 1 }),
  faults: fc.constantFrom('', '', 'fail@step=*/b', 'fail@step=*/c,fail@undo=*/b*2'),
  death: fc.option(
    fc.record({
      append: fc.integer({ min: 1, max: 12 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  ),
});

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

async function live(happenings: readonly Happening[]): Promise<World> {
  const world = new World();
  for (const { chute, version, things, faults, death } of happenings)
    try {
      const { engine, requests } = await world.engine({ faults, death });
      await engine.settle();
      const request = asked(definition(chute, version, things));
      const how = { allowDowngrade: true, allowQuarantined: true };
      await (
        await requests.ask({ ...request, ...how })
      ).done;
      await engine.close();
    } catch {
      // The engine died; the next one goes on.
    }
  const { engine } = await world.engine();
  await engine.settle();
  await engine.close();
  return world;
}

function leavesOf(value: Json, at = ''): readonly string[] {
  if (value === null || typeof value !== 'object' || Object.keys(value).length === 0) return [at];
  return Object.entries(value).flatMap(([key, each]) => leavesOf(each, at + pointer(key)));
}

/** Checks each leaf against the fold; gives how many there were. */
async function checkLeaves(
  replay: Replay,
  records: readonly Recorded<ChuteEvent>[],
): Promise<number> {
  const { updates } = await replay.chronicle();
  const { applied } = replay.state;
  const states: State[] = [NEW_STATE];
  for (const record of records) states.push(evolve(states.at(-1) ?? NEW_STATE, record));
  const at = (leaf: string, seq: number): Json | undefined =>
    valueAt((states[seq] ?? NEW_STATE).applied, leaf);
  const leaves = leavesOf(applied).filter((leaf) =>
    /^\/(?:chutes|reservations\/ports)\/./.test(leaf),
  );
  for (const leaf of leaves) {
    const { chain } = await why(replay, leaf);
    const setter = chain.find(({ text }) => text.includes('made it'));
    const seq = typeof setter?.at === 'number' ? setter.at : 0;
    expect(updates.map(({ id }) => id)).toContain(setter?.update);
    const record = records[seq - 1];
    expect(record && 'update' in record ? record.update : null).toBe(setter?.update);
    const patch = record && 'patch' in record ? record.patch : [];
    expect(patch.some(({ path }) => isUnder(leaf, path) || isUnder(path, leaf))).toBe(true);
    expect(sameValue(at(leaf, seq), valueAt(applied, leaf))).toBe(true);
    expect(sameValue(at(leaf, seq - 1), at(leaf, seq))).toBe(false);
  }
  return leaves.length;
}

test('for every leaf, the update that is named exists and its patch set it, whatever crashed', async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 5 }), async (happenings) => {
      const { shelf } = await live(happenings);
      const replay = await Replay.of(arrayJournal(shelf, () => undefined, null));
      checked += await checkLeaves(replay, shelf.records);
    }),
    { numRuns: 30 },
  );
  expect(checked).toBeGreaterThan(0);
});

const move = fc.record({
  /** How many steps go before it is undone; null: none is. */
  undoneAfter: fc.option(fc.integer({ min: 1, max: 4 })),
  chute: fc.constantFrom('hello', 'camera'),
  version: fc.integer({ min: 1, max: 3 }),
});

test('and so it is where records were done and undone again', async () => {
  let checked = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => {
      const told = new ToldDevice();
      for (const [at, { undoneAfter, chute, version }] of moves.entries()) {
        const update = `u${at + 1}`;
        if (undoneAfter === null) {
          await told.installs(update, chute, version);
          continue;
        }
        const wish = applyOf(chute, version);
        const steps = stepsOf(chute);
        await told.asks(update, [wish]);
        await told.plans(update, steps);
        await told.goes(update, wish, steps, undoneAfter);
        await told.aborts(update, steps[0]);
        for (const step of steps.slice(0, undoneAfter).toReversed())
          await told.undoes(update, step);
        await told.reverts(update);
      }
      checked += await checkLeaves(await told.replay(), told.records);
    }),
    { numRuns: 30 },
  );
  expect(checked).toBeGreaterThan(0);
});
