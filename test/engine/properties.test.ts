import fc from 'fast-check';
import { produce } from 'immer';
import { expect, test } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import { stateHash } from '../../src/core/applied.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { evolve, fold } from '../../src/core/fold.ts';
import { isStepEvent, peek } from '../../src/core/mark.ts';
import { applyPatch } from '../../src/core/patch.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { asked, type Death, definition, sha256, World } from './world.ts';

/** One thing that happens to a device: a request, perhaps a fault, perhaps a death. */
type Happening = {
  readonly chute: string;
  readonly version: number;
  readonly things: readonly string[];
  readonly faults: string;
  readonly death: Death | null;
  readonly onInterrupt: 'resume' | 'rollback';
};

const happening: fc.Arbitrary<Happening> = fc.record({
  chute: fc.constantFrom('hello', 'camera'),
  version: fc.integer({ min: 1, max: 9 }),
  things: fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D'), { minLength: 1 }),
  faults: fc.constantFrom(
    '',
    '',
    'fail@step=*/b',
    'fail-after@step=*/c',
    'fail@step=*/d*1',
    'fail@step=*/c,fail@undo=*/b*2',
  ),
  death: fc.option(
    fc.oneof(
      fc.record({
        append: fc.integer({ min: 1, max: 12 }),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
      fc.record({
        effect: fc.integer({ min: 1, max: 8 }),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
    ),
  ),
  onInterrupt: fc.constantFrom('resume' as const, 'rollback' as const),
});

/** Lets it all happen, restarting after each death, and settles in the end. */
async function live(happenings: readonly Happening[]): Promise<World> {
  const world = new World();
  for (const { chute, version, things, faults, death, onInterrupt } of happenings) {
    try {
      const { engine, requests } = await world.engine({ faults, death });
      await engine.settle();
      const request = { ...asked(definition(chute, version, things)), onInterrupt };
      await (
        await requests.ask({ ...request, allowDowngrade: true, allowQuarantined: true })
      ).done;
      await engine.close();
    } catch {
      // The process died; the next one goes on.
    }
  }
  const { engine } = await world.engine();
  await engine.settle();
  await engine.close();
  return world;
}

async function worlds(check: (world: World) => void): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 1, maxLength: 6 }), async (happenings) =>
      check(await live(happenings)),
    ),
    { numRuns: 60 },
  );
}

const stateOf = (world: World): State => fold(NEW_STATE, world.shelf.records);

test('every device comes to rest, and runs exactly what is applied', async () => {
  await worlds((world) => {
    const { updates, applied } = stateOf(world);
    expect(updates).toEqual({});
    const wanted = Object.entries(applied.chutes).flatMap(([chute, { definition: made }]) =>
      Object.keys(made?.environment ?? {}).map((name) => `${chute}/${name}`),
    );
    // A thing that a newer version no longer names stays: this planner never takes anything away.
    for (const thing of wanted) expect([...world.things.keys()]).toContain(thing);
  });
});

test('folding at once, one by one, and from any state between gives the same', async () => {
  await worlds((world) => {
    const { records } = world.shelf;
    const whole = fold(NEW_STATE, records);
    let state = NEW_STATE;
    const between: State[] = [];
    for (const record of records) {
      state = evolve(state, record);
      between.push(state);
    }
    expect(state).toEqual(whole);
    for (const [index, snapshot] of between.entries()) {
      if (index % 7 !== 0) continue;
      const thawed = JSON.parse(JSON.stringify(snapshot)) as State;
      expect(fold(thawed, records.slice(index + 1))).toEqual(whole);
    }
  });
});

test('what the engine expects of its events is what folding them gives', async () => {
  await worlds((world) => {
    let state = NEW_STATE;
    for (const record of world.shelf.records) {
      const id = 'update' in record ? record.update : '';
      const before = state.updates[id];
      const after = evolve(state, record).updates[id];
      if (before && after && isStepEvent(record)) {
        const expected = peek(before, [record]);
        expect(expected.marks).toBe(after.marks);
        expect(expected.open.map(({ n }) => n)).toEqual(after.open.map(({ n }) => n));
      }
      state = evolve(state, record);
    }
  });
});

test('what ran is undone in exactly the reverse order, the failing step first', async () => {
  await worlds((world) => {
    for (const [update, records] of byUpdate(world.shelf.records)) {
      if (!records.some(({ type }) => type === 'update.reverted')) continue;
      const ran = firsts(records, (type) => type === 'step.intended');
      const undone = firsts(records, (type) => type === 'compensation.intended');
      expect(undone, update).toEqual(ran.toReversed());
    }
  });
});

test('a reverted update leaves the state hash as it found it', async () => {
  await worlds((world) => {
    let state = NEW_STATE;
    for (const record of world.shelf.records) {
      if (record.type === 'update.reverted') expect(record.verified).toBe(true);
      state = evolve(state, record);
      if (record.type === 'update.committed')
        expect(record.stateHash).toBe(stateHash(state.applied, sha256));
    }
  });
});

test('what is applied can be walked back by the inverse patches', async () => {
  await worlds((world) => {
    let state = NEW_STATE;
    for (const record of world.shelf.records) {
      const after = evolve(state, record);
      if (record.type === 'step.succeeded') {
        const walked = produce(after.applied, (draft) => applyPatch(draft, record.inverse));
        expect(walked).toEqual(state.applied);
      }
      state = after;
    }
  });
});

test('nothing runs without its intent on record', async () => {
  await worlds((world) => {
    for (const [, records] of byUpdate(world.shelf.records)) {
      const intended = new Set<string>();
      for (const record of records) {
        if (record.type === 'step.intended') intended.add(record.step);
        if (record.type === 'step.succeeded' && record.step.endsWith('/save')) continue;
        if (record.type === 'step.succeeded') expect(intended).toContain(record.step);
      }
    }
  });
});

function byUpdate(
  records: readonly Recorded<ChuteEvent>[],
): ReadonlyMap<string, readonly Recorded<ChuteEvent>[]> {
  const updates = new Map<string, Recorded<ChuteEvent>[]>();
  for (const record of records) {
    if (!('update' in record)) continue;
    updates.set(record.update, [...(updates.get(record.update) ?? []), record]);
  }
  return updates;
}

function firsts(
  records: readonly Recorded<ChuteEvent>[],
  wanted: (type: string) => boolean,
): readonly string[] {
  return [
    ...new Set(
      records.flatMap((record) =>
        wanted(record.type) && 'step' in record && record.step !== null ? [record.step] : [],
      ),
    ),
  ];
}
