import { type Applied } from '../core/applied.ts';
import { AssertionError } from '../core/assert.ts';
import type { Done, AnyDriver, Probe, StepContext } from '../core/driver.ts';
import { codeOf, type ErrorClass, type Failure, RipcordError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Patch } from '../core/patch.ts';
import type { Step } from '../core/step.ts';
import type { Workshop } from './workshop.ts';

/** One attempt at one step or its undo, with what it needs to know of its update. */
export type Attempt = {
  readonly update: string;
  readonly step: Step;
  readonly attempt: number;
  readonly applied: () => Applied;
  readonly undo: Json;
  readonly deadlineUp: number | null;
  /** Aborted when the update turns around. */
  readonly signal: AbortSignal;
};

/** What came of an attempt. `timedOut` means that nobody knows. */
export type Answer<T> =
  | { readonly is: 'done'; readonly value: T; readonly durationMs: number }
  | {
      readonly is: 'failed';
      readonly error: Failure;
      readonly class: ErrorClass;
      readonly durationMs: number;
    }
  | { readonly is: 'timedOut'; readonly afterMs: number };

/** How long a driver may take to notice its hard time before the engine goes on without it. */
const GRACE_MS = 5000;
const PROBE_MS = 5000;

/** The driver for a step. Throws RIPCORD_DRIVER_MISSING: an unknown kind is never success. */
export function driverOf({ drivers }: Pick<Workshop, 'drivers'>, { kind }: Step): AnyDriver {
  const driver = Object.hasOwn(drivers, kind) ? drivers[kind] : undefined;
  if (driver) return driver;
  throw new RipcordError('RIPCORD_DRIVER_MISSING', `cannot carry out ${kind}: no driver knows it`, {
    hint: 'install the version of ripcord that planned this update',
  });
}

/** Asks the driver for what undoing will need. Read-only. */
export async function prepareStep(shop: Workshop, attempt: Attempt): Promise<Answer<Json>> {
  return await answerOf(shop, attempt, async (driver, context) => {
    const undo = await driver.prepare?.(context, attempt.step.args);
    return undo ?? null;
  });
}

/** Runs a step once, within its hard time. */
export async function runStep(shop: Workshop, attempt: Attempt): Promise<Answer<Done<Json>>> {
  const { faults } = shop;
  const { update, step } = attempt;
  return await answerOf(shop, attempt, async (driver, context) => {
    faults.beforeEffect();
    faults.failStep(update, step, attempt.attempt);
    if (faults.hangs(update, step)) await aborted(context.signal);
    const done = await driver.run(context, step.args, attempt.undo);
    faults.afterEffect();
    faults.failAfterStep(update, step, attempt.attempt);
    return done;
  });
}

/** Undoes a step once, within its hard time. */
export async function undoStep(shop: Workshop, attempt: Attempt): Promise<Answer<Patch>> {
  const { faults } = shop;
  return await answerOf(shop, attempt, async (driver, context) => {
    faults.beforeEffect();
    faults.failUndo(attempt.update, attempt.step, attempt.attempt);
    const undone = await driver.undo?.(context, attempt.step.args, attempt.undo);
    faults.afterEffect();
    return undone?.patch ?? [];
  });
}

/** Asks the world whether a step's effect is there; what it does not say in 5 s is unknown. */
export async function probeStep(shop: Workshop, attempt: Attempt): Promise<Probe<Json>> {
  const driver = driverOf(shop, attempt.step);
  if (driver.effect === false) return { state: 'not-done', evidence: 'has no effect' };
  if (!driver.probe) return { state: 'unknown', evidence: 'this kind has no probe' };
  const step = { ...attempt.step, timeoutMs: PROBE_MS };
  const answer = await answerOf(shop, { ...attempt, step }, async (asked, context) => {
    const found = await asked.probe?.(context, attempt.step.args, attempt.undo);
    return found ?? { state: 'unknown' as const, evidence: null };
  });
  if (answer.is === 'done') return answer.value;
  return {
    state: 'unknown',
    evidence: answer.is === 'failed' ? answer.error : 'no answer in time',
  };
}

async function answerOf<T>(
  shop: Workshop,
  attempt: Attempt,
  work: (driver: AnyDriver, context: StepContext) => Promise<T>,
): Promise<Answer<T>> {
  const { clock } = shop;
  const { step } = attempt;
  const began = clock.up();
  const hard = new AbortController();
  const stop = (): void => hard.abort(attempt.signal.reason);
  attempt.signal.addEventListener('abort', stop, { once: true });
  const timer = startTimer(shop, step, hard);
  try {
    const working = work(driverOf(shop, step), contextOf(shop, attempt, hard.signal));
    const value = await Promise.race([working, timer.expired]);
    if (value === EXPIRED) {
      working.catch(() => undefined);
      return { is: 'timedOut', afterMs: Math.round(clock.up() - began) };
    }
    return { is: 'done', value, durationMs: durationSince(shop, began) };
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    if (hard.signal.aborted && !attempt.signal.aborted)
      return { is: 'timedOut', afterMs: Math.round(clock.up() - began) };
    return { is: 'failed', ...failureOf(error), durationMs: durationSince(shop, began) };
  } finally {
    timer.stop();
    attempt.signal.removeEventListener('abort', stop);
  }
}

const EXPIRED = Symbol('expired');

/** Aborts at the step's hard time, and gives up on the driver a grace later. */
function startTimer(
  { clock, logger }: Workshop,
  step: Step,
  hard: AbortController,
): { readonly expired: Promise<typeof EXPIRED>; stop(): void } {
  const stopped = new AbortController();
  const expired = (async (): Promise<typeof EXPIRED> => {
    await clock.sleep(step.timeoutMs, stopped.signal);
    logger.warn({ step: step.id, timeoutMs: step.timeoutMs }, 'step used up its time');
    hard.abort(
      new RipcordError('RIPCORD_STEP_TIMEOUT', `${step.id} took over ${step.timeoutMs} ms`),
    );
    await clock.sleep(GRACE_MS, stopped.signal);
    return EXPIRED;
  })();
  expired.catch(() => undefined);
  return { expired, stop: () => stopped.abort() };
}

const durationSince = ({ clock }: Workshop, began: number): number =>
  Math.round((clock.up() - began) * 1000) / 1000;

function contextOf(shop: Workshop, attempt: Attempt, signal: AbortSignal): StepContext {
  const { update, step } = attempt;
  const about = { update, step: step.id, n: step.n };
  return {
    step,
    update,
    attempt: attempt.attempt,
    mark: `${update}/${step.id}`,
    root: shop.root,
    signal,
    get applied() {
      return attempt.applied();
    },
    note: async (fact, options) => {
      await shop.append([{ type: 'step.noted', ...about, fact }], {
        durable: options?.durable ?? false,
      });
    },
    secret: (ref) => shop.host.secret(ref),
    deadlineUp: attempt.deadlineUp,
    up: () => shop.clock.up(),
  };
}

/** What an error says of the world: one without a class leaves it unknown. */
export function failureOf(error: unknown): { readonly error: Failure; readonly class: ErrorClass } {
  const code = codeOf(error) ?? 'RIPCORD_STEP_FAILED';
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof RipcordError)) return { error: { code, message }, class: 'unknown' };
  const details = error.details === null ? {} : { details: error.details };
  return { error: { code, message, ...details }, class: error.class };
}

/** Never resolves; rejects when the signal is aborted. */
async function aborted(signal: AbortSignal): Promise<never> {
  return await new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** Why a preparation or an undo that used up its time failed. */
export function slow(step: Step): Failure {
  const message = `cannot settle ${step.id}: it took over ${step.timeoutMs} ms`;
  return { code: 'RIPCORD_STEP_TIMEOUT', message };
}
