import type { Applied } from '../core/applied.ts';
import { assert } from '../core/assert.ts';
import type { Done, Probe } from '../core/driver.ts';
import type { ErrorClass, Failure } from '../core/errors.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import { canonical, type Json } from '../core/json.ts';
import { invert } from '../core/patch.ts';
import { openOf, type OpenStep, type State, type UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import {
  type Answer,
  type Attempt,
  driverOf,
  failureOf,
  prepareStep,
  probeStep,
  runStep,
  skipStep,
  slow,
} from './carry-out.ts';
import { Delays } from './delays.ts';
import { reloadEvents, skipEvents } from './reload-events.ts';
import { retryStepInMs } from './retry.ts';
import type { UndoData } from './undo-data.ts';
import type { Workshop } from './workshop.ts';

/** What the lane is told. */
export interface AttemptsListener {
  applied(): Applied;
  /** What is owed and by whom what was paid, now. */
  ledger(): Pick<State, 'reloads' | 'reloaded'>;
  /** A step has an outcome. */
  settled(events: readonly ChuteEvent[]): void;
  /** The program contradicted itself: nothing more may be done. */
  broke(error: Error): void;
  /** A step that waited for its next attempt may be tried again. */
  ready(): void;
}

/** The steps of one update that are under way, and the ones that wait for another attempt. */
export class Attempts {
  readonly #shop: Workshop;
  readonly #update: UpdateId;
  readonly #listener: AttemptsListener;
  readonly #undoData: UndoData;
  readonly #running = new Set<number>();
  readonly #delays: Delays;
  /** Steps whose driver did not answer, in this process: their attempts count. */
  readonly #unanswered = new Set<number>();
  #interrupted = false;
  #signal = new AbortController();
  /** Aborted when the engine closes: gates have no effect, so nobody has to wait for them. */
  readonly #leaving = new AbortController();

  constructor(shop: Workshop, update: UpdateId, undoData: UndoData, listener: AttemptsListener) {
    this.#shop = shop;
    this.#update = update;
    this.#listener = listener;
    this.#undoData = undoData;
    this.#delays = new Delays(shop.clock, () => listener.ready());
  }

  get running(): boolean {
    return this.#running.size > 0;
  }

  /** Tells drivers that are under way to stop; their steps are then undone. */
  interrupt(): void {
    this.#interrupted = true;
    this.#signal.abort(new Error('the update turns around'));
    this.#signal = new AbortController();
    this.#delays.clear();
  }

  /** Lets go of gates that are under way, without an outcome: the next engine goes on with them. */
  leaveGates(): void {
    this.#leaving.abort(new Error('the engine closes'));
  }

  /** Of the steps that may run, those that are due and fit beside what runs. */
  ready(update: UpdateState, steps: readonly Step[]): readonly Step[] {
    const idle = steps.filter(({ n }) => !this.#running.has(n));
    const due = idle.filter((step) =>
      this.#delays.isDue(step.n, openOf(update, step.n)?.retryInMs ?? null),
    );
    return due.slice(0, Math.max(0, this.#shop.concurrencyMax - this.#running.size));
  }

  /** Undo data taken, intents written down as events; nothing has happened yet. */
  async intend(
    update: UpdateState,
    steps: readonly Step[],
  ): Promise<{ readonly events: readonly ChuteEvent[]; readonly attempts: readonly Attempt[] }> {
    const events: ChuteEvent[] = [];
    const attempts: Attempt[] = [];
    for (const step of steps) {
      const open = openOf(update, step.n);
      const attempt = this.#attempt(step, (open?.attempt ?? 0) + 1);
      const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
      if (isGate(step)) {
        const gate = this.#gateDeadline(step, open);
        events.push({ type: 'gate.started', ...about, ...gate });
        attempts.push({ ...attempt, deadlineUp: gate.deadlineUp });
        continue;
      }
      const intent = await this.#intent(update, attempt);
      if (intent.is === 'refused') events.push(...intent.events);
      else {
        if (intent.event) events.push(intent.event);
        attempts.push({ ...attempt, undo: intent.undo });
      }
    }
    return { events, attempts };
  }

  /** A gate that a restart interrupted keeps its deadline; after a reboot it starts over. */
  #gateDeadline(
    step: Step,
    open: OpenStep | undefined,
  ): { readonly deadlineUp: number; readonly deadlineBoot: string } {
    const { clock } = this.#shop;
    const before = open?.gateDeadline;
    if (before?.boot === clock.boot && open?.retryInMs === null && open.error === null)
      return { deadlineUp: before.up, deadlineBoot: before.boot };
    return { deadlineUp: Math.round(clock.up() + step.timeoutMs), deadlineBoot: clock.boot };
  }

  async #intent(
    update: UpdateState,
    attempt: Attempt,
  ): Promise<
    | { readonly is: 'ready'; readonly event: ChuteEvent | null; readonly undo: Json }
    | { readonly is: 'refused'; readonly events: readonly ChuteEvent[] }
  > {
    const { step } = attempt;
    const driver = this.#driver(attempt);
    if ('error' in driver) return { is: 'refused', events: [this.#failed(attempt, driver, 0)] };
    const isIntended = openOf(update, step.n)?.intended ?? false;
    // What was begun is not "not needed": its effect may be there, and a skipped step is never undone.
    const skipped = driver.skip && !isIntended ? await this.#skipped(update, attempt) : null;
    if (skipped) return { is: 'refused', events: skipped };
    if (driver.effect === false) return { is: 'ready', event: null, undo: null };
    // A later attempt must not take the half-done effect of the first for what was there before.
    const known = isIntended ? await this.#undoData.of(update, step.n) : null;
    const prepared: Answer<Json> = known
      ? { is: 'done', value: known.undo, durationMs: 0 }
      : await prepareStep(this.#shop, attempt);
    if (prepared.is !== 'done') {
      const failure =
        prepared.is === 'failed' ? prepared : { error: slow(step), class: 'transient' as const };
      return { is: 'refused', events: [this.#failed(attempt, failure, 0)] };
    }
    const undo = prepared.value;
    const stored = await this.#undoData.store(step.n, undo);
    const inputHash = this.#shop.sha256(canonical(step.args));
    const { update: id, attempt: count } = attempt;
    const about = { update: id, step: step.id, n: step.n, kind: step.kind, attempt: count };
    return { is: 'ready', undo, event: { type: 'step.intended', ...about, inputHash, ...stored } };
  }

  /** Whether a step is not needed; where that cannot be told it is carried out. */
  async #skipped(update: UpdateState, attempt: Attempt): Promise<readonly ChuteEvent[] | null> {
    const answer = await skipStep(this.#shop, attempt);
    if (answer.is !== 'done' || answer.value === null) return null;
    return skipEvents(update, attempt.step, { skip: answer.value, ...this.#listener.ledger() });
  }

  #driver({ step }: Attempt): ReturnType<typeof driverOf> | { error: Failure; class: ErrorClass } {
    try {
      return driverOf(this.#shop, step);
    } catch (error) {
      return failureOf(error);
    }
  }

  /** Starts what was intended; the intents are on disk. */
  start(attempts: readonly Attempt[]): void {
    for (const attempt of attempts) {
      this.#running.add(attempt.step.n);
      void this.#carryOut(attempt);
    }
  }

  async #carryOut(attempt: Attempt): Promise<void> {
    try {
      const answer = await runStep(this.#shop, attempt);
      const left = this.#leaving.signal.aborted && isGate(attempt.step) && answer.is !== 'done';
      if (left) this.#listener.ready();
      else this.#listener.settled(this.#outcome(attempt, answer));
    } catch (error) {
      this.#listener.broke(error instanceof Error ? error : new Error('the step broke'));
    } finally {
      this.#running.delete(attempt.step.n);
    }
  }

  #outcome(attempt: Attempt, answer: Answer<Done<Json>>): readonly ChuteEvent[] {
    const { step } = attempt;
    const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
    switch (answer.is) {
      case 'done':
        this.#unanswered.delete(step.n);
        return this.#done(attempt, answer.value, answer.durationMs);
      case 'timedOut':
        this.#unanswered.add(step.n);
        return [{ type: 'step.timedOut', ...about, afterMs: answer.afterMs }];
      case 'failed':
        return [this.#failed(attempt, answer, answer.durationMs)];
    }
  }

  #done(
    attempt: Attempt,
    done: Done<Json>,
    durationMs: number,
    recovered = false,
  ): readonly ChuteEvent[] {
    const { step } = attempt;
    const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
    const { result, patch = [], warnings = [] } = done;
    if (isGate(step)) return [{ type: 'gate.passed', ...about, result, durationMs }];
    const inverse = patch.length === 0 ? [] : invert(attempt.applied(), patch);
    this.#undoData.remember(step.n, inverse);
    const found = {
      ...(recovered && { recovered: true as const }),
      ...(warnings.length > 0 && { warnings }),
    };
    return [
      { type: 'step.succeeded', ...about, result, patch, inverse, durationMs, ...found },
      ...reloadEvents(this.#update, step, done),
    ];
  }

  #failed(
    attempt: Attempt,
    failure: { readonly error: Failure; readonly class: ErrorClass },
    durationMs: number,
    isSpent = false,
  ): ChuteEvent {
    const { step } = attempt;
    const { error, class: errorClass } = failure;
    const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
    const turned = this.#interrupted || isSpent;
    // Unknown is settled by a probe before it counts as failure, unless the step is undone anyway.
    const asks = errorClass === 'unknown' && !turned && !isGate(step);
    if (asks) this.#unanswered.add(step.n);
    const retryInMs =
      asks || turned ? null : retryStepInMs(this.#shop.retry, step, attempt.attempt, errorClass);
    const final = !asks && retryInMs === null;
    const type = isGate(step) ? 'gate.failed' : 'step.failed';
    return { type, ...about, error, class: errorClass, final, retryInMs, durationMs };
  }

  /** What the world says of a step without an outcome, and what follows from that. */
  async probe(update: UpdateState, step: Step): Promise<readonly ChuteEvent[]> {
    const { n } = step;
    const open = openOf(update, n);
    assert(open, `${update.id} has no intent for ${step.id}`);
    const known = await this.#undoData.of(update, n);
    const attempt = { ...this.#attempt(step, open.attempt), undo: known?.undo ?? null };
    const driver = this.#driver(attempt);
    if ('error' in driver) return [this.#failed(attempt, driver, 0)];
    const found = await probeStep(this.#shop, attempt);
    const about = { update: this.#update, step: step.id, n };
    const { state, evidence } = found;
    const probed = { type: 'step.probed', ...about, state, evidence, again: false } as const;
    if (found.state === 'done') return [probed, ...this.#done(attempt, found.done, 0, true)];

    const spent = this.#unanswered.has(n) && open.attempt > step.retries;
    const repeats = found.state === 'not-done' || driver.idempotent === true;
    if (repeats && !spent) return [{ ...probed, again: true }];
    const error = open.error ?? (found.state === 'not-done' ? slow(step) : untold(step, found));
    return [probed, this.#failed(attempt, { error, class: 'unknown' }, 0, true)];
  }

  #attempt(step: Step, attempt: number): Attempt {
    return {
      update: this.#update,
      step,
      attempt,
      applied: () => this.#listener.applied(),
      undo: null,
      deadlineUp: null,
      signal: isGate(step)
        ? AbortSignal.any([this.#signal.signal, this.#leaving.signal])
        : this.#signal.signal,
    };
  }
}

/** Why a step failed of which the world does not say what became. */
function untold({ id }: Step, { state }: Pick<Probe<Json>, 'state'>): Failure {
  const message = `cannot tell what became of ${id}: the world says ${state}`;
  return { code: 'RIPCORD_STEP_UNKNOWN', message };
}

const isGate = (step: Step): boolean => step.kind.startsWith('gate.');
