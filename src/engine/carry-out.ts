import { type Applied } from '../core/applied.ts';
import { AssertionError } from '../core/assert.ts';
import type { AnyDriver, Done, Probe, Skip, StepContext, Undone } from '../core/driver.ts';
import { codeOf, type ErrorClass, type Failure, RipcordError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { Step } from '../core/step.ts';
import type { Faults } from './faults.ts';
import { EXPIRED, HardStop, TimeLimit } from './time-limit.ts';
import { undoAll } from './undo-list.ts';
import type { Workshop } from './workshop.ts';

/** One attempt at one step or its undo, with what it needs to know of its update. */
export type Attempt = {
  readonly update: string;
  readonly step: Step;
  readonly attempt: number;
  readonly applied: () => Applied;
  readonly undo: Json;
  /** What of its undo list is done already: see `UndoPart.key`. */
  readonly undoneKeys?: ReadonlySet<string>;
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
  if (!driverOf(shop, attempt.step).prepare) return NOTHING_PREPARED;
  return await answerOf(shop, attempt, async (driver, context) => {
    const undo = await driver.prepare?.(context, attempt.step.args);
    return undo ?? null;
  });
}

const NOTHING_PREPARED: Answer<Json> = { is: 'done', value: null, durationMs: 0 };

/** Runs a step once, within its hard time. */
export async function runStep(shop: Workshop, attempt: Attempt): Promise<Answer<Done<Json>>> {
  const { faults } = shop;
  const { update, step } = attempt;
  return await answerOf(shop, attempt, async (driver, context) => {
    faults.failStep(update, step, attempt.attempt);
    if (faults.hangs(update, step)) await aborted(context.signal);
    const done = await counted(faults, () => driver.run(context, step.args, attempt.undo));
    await secureAgain(shop, attempt);
    faults.failAfterStep(update, step, attempt.attempt);
    return done;
  });
}

/** Undoes a step once, within its hard time. */
export async function undoStep(shop: Workshop, attempt: Attempt): Promise<Answer<Undone>> {
  const { faults } = shop;
  return await answerOf(shop, attempt, async (driver, context) => {
    faults.failUndo(attempt.update, attempt.step, attempt.attempt);
    const { undo, undoneKeys: done = new Set() } = attempt;
    const undone = await counted(faults, () => undoAll(driver, context, { undo, done }));
    await secureAgain(shop, attempt);
    return undone;
  });
}

/** What an attempt found done may be the work of the one before, which did not live to sync it. */
async function secureAgain(shop: Workshop, { step, attempt }: Attempt): Promise<void> {
  if (attempt > 1) await shop.host.secure?.(step);
}

/** One effect, as the fault switch counts them: what throws has been one too. */
async function counted<T>(faults: Faults, work: () => T | Promise<T>): Promise<T> {
  const effect = faults.beforeEffect();
  try {
    return await work();
  } finally {
    faults.afterEffect(effect);
  }
}

/** Asks whether a step is needed at all. Read-only. */
export async function skipStep(shop: Workshop, attempt: Attempt): Promise<Answer<Skip | null>> {
  return await answerOf(shop, attempt, async (driver, context) => {
    const skip = await driver.skip?.(context, attempt.step.args);
    return skip ?? null;
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
    if (found?.state === 'done') await shop.host.secure?.(attempt.step);
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
  const began = shop.clock.up();
  const stop = new HardStop(attempt.signal);
  const limit = new TimeLimit(shop, attempt.step, stop);
  try {
    const working = work(driverOf(shop, attempt.step), contextOf(shop, attempt, stop));
    const value = await limit.on(working);
    if (value === EXPIRED) return { is: 'timedOut', afterMs: Math.round(shop.clock.up() - began) };
    return { is: 'done', value, durationMs: durationSince(shop, began) };
  } catch (error) {
    if (error instanceof AssertionError) throw error;
    if (limit.isReached && !attempt.signal.aborted)
      return { is: 'timedOut', afterMs: Math.round(shop.clock.up() - began) };
    return { is: 'failed', ...failureOf(error), durationMs: durationSince(shop, began) };
  } finally {
    limit.lift();
    stop.release();
  }
}

const durationSince = ({ clock }: Workshop, began: number): number =>
  Math.round((clock.up() - began) * 1000) / 1000;

function contextOf(shop: Workshop, attempt: Attempt, stop: HardStop): StepContext {
  const { update, step } = attempt;
  const about = { update, step: step.id, n: step.n };
  return {
    step,
    update,
    attempt: attempt.attempt,
    mark: `${update}/${step.id}`,
    root: shop.root,
    get signal() {
      return stop.signal;
    },
    get applied() {
      return attempt.applied();
    },
    note: async (fact, options) => {
      await shop.append([{ type: 'step.noted', ...about, fact }], {
        durable: options?.durable ?? false,
      });
    },
    secret: async (ref) => {
      if (!('$token' in ref)) return await shop.host.secret(ref);
      const { token } = attempt.applied().chutes[ref.$token] ?? {};
      // A chute from before there were tokens has none.
      return token ? await shop.host.secret(token) : '';
    },
    keepSecret: (value) => shop.host.keepSecret(value),
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
