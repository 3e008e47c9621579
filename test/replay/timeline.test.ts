import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import { type AppliedAt, stateAt, walkBack, walkForward } from '../../replay/timeline.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { NEW_STATE } from '../../src/core/state.ts';
import { applyOf, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

/** What a random device does next. */
type Move = {
  readonly does: 'install' | 'revert' | 'drift' | 'snapshot';
  readonly chute: string;
  readonly version: number;
  /** How far a reverted update came. */
  readonly steps: number;
};

const moves = fc.array(
  fc.record<Move>({
    does: fc.constantFrom('install', 'revert', 'drift', 'snapshot'),
    chute: fc.constantFrom('hello', 'other'),
    version: fc.integer({ min: 1, max: 9 }),
    steps: fc.integer({ min: 1, max: 4 }),
  }),
  { maxLength: 8 },
);

async function deviceOf(told: readonly Move[]): Promise<ToldDevice> {
  const device = new ToldDevice();
  let updates = 0;
  for (const { does, chute, version, steps: count } of told) {
    if (does === 'snapshot') {
      const { seq } = device.state;
      if (seq > 0) await device.journal.saveSnapshot(seq, device.state);
    } else if (does === 'drift') await drifts(device, chute);
    else {
      updates += 1;
      const update = `u${updates}`;
      if (does === 'install') await device.installs(update, chute, version);
      else await reverts(device, update, { chute, version, count });
    }
  }
  return device;
}

async function reverts(
  device: ToldDevice,
  update: string,
  { chute, version, count }: { chute: string; version: number; count: number },
): Promise<void> {
  const asked = applyOf(chute, version);
  const steps = stepsOf(chute);
  await device.asks(update, [asked]);
  await device.plans(update, steps);
  await device.goes(update, asked, steps, count);
  await device.aborts(update, steps[0]);
  for (const step of steps.slice(0, count).toReversed()) await device.undoes(update, step);
  await device.reverts(update);
}

async function drifts(device: ToldDevice, chute: string): Promise<void> {
  const service = device.state.applied.chutes[chute]?.services['main'];
  if (service?.state !== 'running') return;
  const path = `/chutes/${chute}/services/main/state`;
  await device.tell({
    type: 'drift.found',
    chute,
    message: 'gone',
    evidence: null,
    patch: [{ op: 'replace', path, value: 'exited' }],
    inverse: [{ op: 'replace', path, value: 'running' }],
  });
}

/** What is applied after each record: by folding all of it, which is the truth. */
function folded(records: readonly Recorded<ChuteEvent>[], seq: number): unknown {
  return fold(NEW_STATE, records.slice(0, seq)).applied;
}

async function collect(walk: AsyncIterable<AppliedAt>): Promise<readonly AppliedAt[]> {
  const all: AppliedAt[] = [];
  for await (const each of walk) all.push(each);
  return all;
}

describe('what is applied', () => {
  test('is the same at every record, folded, walked forward and walked back', async () => {
    await fc.assert(
      fc.asyncProperty(moves, async (told) => {
        const device = await deviceOf(told);
        const replay = await device.replay();
        const head = replay.head.seq;
        const start = { seq: 0, applied: NEW_STATE.applied };
        const end = { seq: head, applied: replay.state.applied };
        const forward = await collect(walkForward(replay, start, head));
        const back = await collect(walkBack(replay, end, 0));
        for (const { seq, applied } of [...forward, ...back])
          expect(applied).toEqual(folded(device.records, seq));
        // Both ways stop at the same changes: before each going back, after each going forward.
        expect(back.map(({ seq }) => seq + 1).toReversed()).toEqual(forward.map(({ seq }) => seq));
      }),
      { numRuns: 40 },
    );
  });

  test('is walked between two points, not only from end to end', async () => {
    const device = await deviceOf([
      { does: 'install', chute: 'hello', version: 1, steps: 0 },
      { does: 'revert', chute: 'hello', version: 2, steps: 4 },
      { does: 'install', chute: 'hello', version: 3, steps: 0 },
    ]);
    const replay = await device.replay();
    const [from, to] = [(await stateAt(replay, 'u3.s2')).seq, (await stateAt(replay, 'u1')).seq];
    const start = { seq: from, applied: (await stateAt(replay, from)).applied };
    const back = await collect(walkBack(replay, start, to));
    expect(back.at(-1)?.applied).toEqual((await stateAt(replay, 'u1')).applied);
    expect(back.every(({ seq }) => seq >= to && seq < from)).toBe(true);
  });

  test('is read from the nearest snapshot, and the same without one', async () => {
    const device = await deviceOf([
      { does: 'install', chute: 'hello', version: 1, steps: 0 },
      { does: 'snapshot', chute: 'hello', version: 1, steps: 0 },
      { does: 'install', chute: 'hello', version: 2, steps: 0 },
    ]);
    const replay = await device.replay();
    for (let seq = 0; seq <= replay.head.seq; seq += 1)
      expect(await stateAt(replay, seq)).toEqual(fold(NEW_STATE, device.records.slice(0, seq)));
  });

  test('is folded from a snapshot on, not from the first record', async () => {
    const device = await deviceOf([
      { does: 'install', chute: 'hello', version: 1, steps: 0 },
      { does: 'snapshot', chute: 'hello', version: 1, steps: 0 },
      { does: 'install', chute: 'hello', version: 2, steps: 0 },
    ]);
    const { seq } = (await device.journal.loadSnapshot()) ?? { seq: 0 };
    const reads = vi.spyOn(device.journal, 'read');
    await stateAt(await device.replay(), seq + 2);
    expect(reads.mock.calls).toEqual([
      [seq + 1, device.journal.head.seq],
      [seq + 1, seq + 2],
    ]);
  });

  test('comes from the log when a snapshot is of another shape', async () => {
    const device = await deviceOf([{ does: 'install', chute: 'hello', version: 1, steps: 0 }]);
    const other = { ...device.state, shape: 0, applied: { chutes: {} } };
    await device.journal.saveSnapshot(device.state.seq, other);
    expect((await device.replay()).state).toEqual(device.state);
  });
});
