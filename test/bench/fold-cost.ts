import type { Recorded } from '../../journal/record.ts';
import { NO_HASH } from '../../journal/record.ts';
import { NEW_CHUTE } from '../../src/core/applied.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { spelledOut } from '../../src/core/host-config/spelled-out.ts';
import type { Json } from '../../src/core/json.ts';
import type { Patch } from '../../src/core/patch.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import type { Step } from '../../src/core/step.ts';
import { askFor } from './no-op-world.ts';

/**
 * Microseconds to fold the flush between two steps of an update with so many steps, where the first one
 * changed what is applied, or (`isMove`) did not. Its records are made just before, as in a running
 * engine: neither cold memory nor making them is part of it.
 */
export function foldFlushArm(steps: number, isMove: boolean): number {
  const begun = beginning(steps);
  let took = 0;
  let flushes = 0;
  while (flushes < FLUSHES) {
    let state = begun;
    for (let n = 1; n < steps; n++) {
      const flush = between(begun, n, isMove ? [] : CHANGE);
      const began = performance.now();
      state = fold(state, flush);
      took += performance.now() - began;
    }
    flushes += steps - 1;
  }
  return (took * 1000) / flushes;
}

const FLUSHES = 5000;

const CHANGE: Patch = [{ op: 'add', path: '/chutes/bench', value: NEW_CHUTE as unknown as Json }];

/** The state with the first step of an update on its way. */
function beginning(count: number): State {
  const steps = Array.from({ length: count }, (_, index): Step => ({
    n: index + 1,
    id: `bench/step-${index + 1}`,
    chute: 'bench',
    module: 'bench',
    phase: 50,
    level: index,
    kind: 'bench.step@1',
    args: { n: index + 1 },
    title: `step ${index + 1} of ${count}`,
    timeoutMs: 30_000,
    retries: 0,
  }));
  const update = 'u1';
  const planHash = NO_HASH;
  return fold(
    NEW_STATE,
    recorded(1, [
      {
        type: 'update.requested',
        update,
        request: spelledOut({ ...askFor('bench', 1), contentHash: NO_HASH }, NEW_STATE),
      },
      { type: 'update.planned', update, patch: [], steps, planHash, planners: {}, factsSeq: 0 },
      { type: 'update.started', update, stateHash: NO_HASH, ownHash: NO_HASH, baseline: {} },
      intended(1),
    ]),
  );
}

function between({ seq }: State, n: number, patch: Patch): readonly Recorded<ChuteEvent>[] {
  const about = { update: 'u1', step: `bench/step-${n}`, n, attempt: 1 };
  const rest = { result: null, patch, inverse: [], durationMs: 0 };
  return recorded(seq + n * 2 - 1, [
    { type: 'step.succeeded', ...about, ...rest },
    intended(n + 1),
  ]);
}

function intended(n: number): ChuteEvent {
  const about = { update: 'u1', step: `bench/step-${n}`, n, attempt: 1 };
  return { type: 'step.intended', ...about, kind: 'bench.step@1', inputHash: NO_HASH, undo: null };
}

function recorded(first: number, events: readonly ChuteEvent[]): readonly Recorded<ChuteEvent>[] {
  return events.map((event, index) => ({
    ...event,
    seq: first + index,
    end: 0,
    synced: 0,
    prev: NO_HASH,
    at: '2026-01-01T00:00:00.000Z',
    boot: 'bench',
    up: 0,
    v: 1,
    hash: NO_HASH,
  }));
}
