import pino from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../src/core/applied.ts';
import type { AnyDriver, StepContext } from '../../src/core/driver.ts';
import type { Step } from '../../src/core/step.ts';
import { type Answer, type Attempt, runStep } from '../../src/engine/carry-out.ts';
import { Deadlines } from '../../src/engine/deadlines.ts';
import { NO_FAULTS } from '../../src/engine/faults.ts';
import type { Workshop } from '../../src/engine/workshop.ts';
import { StillClock } from './still-clock.ts';

const DONE = { result: null };
const never = (): Promise<never> => new Promise(() => undefined);

const onAbort = ({ signal }: StepContext): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

let clock: StillClock;
let update: AbortController;

beforeEach(() => {
  clock = new StillClock();
  update = new AbortController();
});

/** One attempt at a step that may take a second. */
function attempt(run: AnyDriver['run']): Promise<Answer<unknown>> {
  const shop = {
    clock,
    deadlines: new Deadlines(clock),
    drivers: { 'thing.put@1': { idempotent: true, run } },
    faults: NO_FAULTS,
    logger: pino({ level: 'silent' }),
  } as unknown as Workshop;
  const step = { id: 'hello/a', n: 1, kind: 'thing.put@1', args: {}, timeoutMs: 1000 } as Step;
  const about = { update: 'u1', step, attempt: 1, undo: null, deadlineUp: null };
  const { signal } = update;
  return runStep(shop, { ...about, applied: () => NOTHING_APPLIED, signal } satisfies Attempt);
}

describe('the hard time of a step', () => {
  test('is nothing to one that is done before', async () => {
    expect(await attempt(async () => DONE)).toMatchObject({ is: 'done', value: DONE });
  });

  test('aborts a driver that listens: nobody knows what came of it', async () => {
    const answer = attempt(onAbort);
    await clock.goOn(1000);
    expect(await answer).toEqual({ is: 'timedOut', afterMs: 1000 });
  });

  test('takes what a driver still says in the grace behind it', async () => {
    const answer = attempt(async (context) => {
      await onAbort(context).catch(() => undefined);
      return DONE;
    });
    await clock.goOn(1000);
    expect(await answer).toMatchObject({ is: 'done', value: DONE });
  });

  test('gives up on a driver that does not listen, a grace later', async () => {
    const answer = attempt(never);
    await clock.goOn(5999);
    expect(await Promise.race([answer, Promise.resolve('runs')])).toBe('runs');
    await clock.goOn(1);
    expect(await answer).toEqual({ is: 'timedOut', afterMs: 6000 });
  });

  test('is told to a driver that asks for its signal only then', async () => {
    const answer = attempt(async (context) => {
      await clock.sleep(2000);
      context.signal.throwIfAborted();
      return DONE;
    });
    await clock.goOn(2000);
    expect(await answer).toEqual({ is: 'timedOut', afterMs: 2000 });
  });
});

describe('an update that turns around', () => {
  test('aborts a driver that listens, as a failure', async () => {
    const answer = attempt(onAbort);
    update.abort(new Error('the update turns around'));
    expect(await answer).toMatchObject({
      is: 'failed',
      error: { message: 'the update turns around' },
    });
  });

  test('is told to a driver that asks for its signal only then', async () => {
    const answer = attempt(async (context) => {
      await clock.sleep(10);
      context.signal.throwIfAborted();
      return DONE;
    });
    update.abort(new Error('the update turns around'));
    await clock.goOn(10);
    expect(await answer).toMatchObject({ is: 'failed' });
  });
});
