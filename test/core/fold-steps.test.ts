import { describe, expect, test } from 'vitest';

import { NO_HASH, type Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { foldSteps } from '../../src/core/fold-steps.ts';
import { evolve, fold } from '../../src/core/fold.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import type { Step } from '../../src/core/step.ts';

const update = 'u1';
const about = (n: number) => ({ update, step: `hello/s${n}`, n, attempt: 1 });
const intended = (n: number): ChuteEvent => ({
  type: 'step.intended',
  ...about(n),
  kind: 'thing.put@1',
  inputHash: NO_HASH,
  undo: null,
});
const succeeded = (n: number, more: object = {}): ChuteEvent => ({
  type: 'step.succeeded',
  ...about(n),
  result: null,
  patch: [],
  inverse: [],
  durationMs: 1,
  ...more,
});

function recorded(after: State, ...events: readonly ChuteEvent[]): readonly Recorded<ChuteEvent>[] {
  return events.map((event, index) => {
    const record = { ...event, seq: after.seq + index + 1, prev: '', hash: '', at: '', boot: 'b1' };
    return { end: 0, synced: 0, up: 0, v: 1, ...record };
  });
}

/** An update of so many steps, the first of which runs. */
function running(count: number): State {
  const steps = Array.from({ length: count }, (_, at): Step => {
    const place = { n: at + 1, level: at + 1, phase: 50, chute: 'hello', module: 'things' };
    const work = { kind: 'thing.put@1', args: {}, title: 'put', timeoutMs: 1, retries: 0 };
    return { id: `hello/s${at + 1}`, ...place, ...work };
  });
  const request = {
    chutes: [],
    by: { user: 'root', role: 'owner', via: 'test' },
    requestId: null,
    contentHash: '',
    message: null,
    onInterrupt: 'resume' as const,
    mode: 'refuse' as const,
    strict: false,
    allowDowngrade: false,
    allowQuarantined: false,
    origin: null,
  };
  const plan = { patch: [], steps, planHash: '', planners: {}, factsSeq: 0 };
  return fold(
    NEW_STATE,
    recorded(
      NEW_STATE,
      { type: 'update.requested', update, request },
      { type: 'update.planned', update, ...plan },
      { type: 'update.started', update, stateHash: '', ownHash: '', baseline: {} },
      intended(1),
    ),
  );
}

describe('the flush between two steps', () => {
  const before = running(5);
  const flush = recorded(before, succeeded(1), intended(2));

  test('is folded as any other', () => {
    const begun = recorded(before, { type: 'engine.stopped', reason: 'closed' });
    const stopped = fold(before, begun);
    const later = recorded(stopped, succeeded(1), intended(2));
    expect(foldSteps(stopped, later)).not.toBeNull();
    // The first record of this run makes the whole of it an ordinary one.
    expect(fold(before, [...begun, ...later])).toEqual(foldSteps(stopped, later));
  });

  test('leaves all that it does not move as it is, so that its cost does not depend on it', () => {
    const after = fold(before, flush);
    expect(after.updates[update]?.marks).toBe('di...');
    expect(after.updates[update]?.plan).toBe(before.updates[update]?.plan);
    expect(after.updates[update]?.request).toBe(before.updates[update]?.request);
    expect([after.applied, after.chutes, after.requests]).toEqual([
      before.applied,
      before.chutes,
      before.requests,
    ]);
    expect(after.applied).toBe(before.applied);
  });

  test('does not change the state before it', () => {
    const copy = structuredClone(before);
    expect(fold(before, flush)).not.toEqual(before);
    expect(before).toEqual(copy);
  });

  test('changes what is applied as any other does', () => {
    const applied = [
      { op: 'add', path: '/chutes/one', value: { services: {} } },
      { op: 'add', path: '/chutes/one/services/main', value: { state: 'running' } },
    ] as const;
    const further = [{ op: 'remove', path: '/chutes/one/services/main/state' }] as const;
    const begun = recorded(before, { type: 'engine.stopped', reason: 'closed' });
    const stopped = fold(before, begun);
    const steps = [succeeded(1, { patch: applied }), succeeded(2, { patch: further })];
    const later = recorded(stopped, ...steps);
    const copy = structuredClone([stopped, later]);
    const after = foldSteps(stopped, later);
    expect(after?.applied.chutes).toEqual({ one: { services: { main: {} } } });
    expect(fold(before, [...begun, ...later])).toEqual(after);
    expect(after?.applied.host).toBe(stopped.applied.host);
    expect(Object.isFrozen(after?.applied.chutes['one']?.services['main'])).toBe(true);
    expect([stopped, later]).toEqual(copy);
    const impossible = recorded(stopped, succeeded(1, { patch: further }));
    expect(() => fold(stopped, impossible)).toThrow('path that does not exist');
  });

  test('forgets that a step was interrupted once one is through, and not before', () => {
    const interrupted = [{ update, step: 'hello/s1' }];
    const started = { version: '1', pid: 1, command: 'test', interrupted };
    const again = fold(before, recorded(before, { type: 'engine.started', ...started }));
    expect(again.updates[update]?.interruptions).toEqual({ step: 'hello/s1', count: 1 });
    const tried = foldSteps(again, recorded(again, intended(1)));
    expect(tried?.updates[update]?.interruptions).toEqual({ step: 'hello/s1', count: 1 });
    const through = foldSteps(again, recorded(again, succeeded(1)));
    expect(through?.updates[update]?.interruptions).toBeNull();
  });

  test.each<[string, readonly ChuteEvent[]]>([
    ['holds more than steps', [succeeded(1), { type: 'engine.stopped', reason: 'closed' }]],
    ['is about an update that is not on its way', [{ ...succeeded(1), update: 'u7' } as never]],
  ])('is left to the ordinary fold when it %s', (_what, events) => {
    expect(foldSteps(before, recorded(before, ...events))).toBeNull();
  });

  test('does not take a record out of its turn', () => {
    const [, second] = flush;
    expect(() => evolve(before, second as Recorded<ChuteEvent>)).toThrow('cannot follow record');
  });
});
