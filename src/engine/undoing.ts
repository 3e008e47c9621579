import type { Applied } from '../core/applied.ts';
import type { AnyDriver, Undone, Warned } from '../core/driver.ts';
import type { ErrorClass, Failure } from '../core/errors.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import { invert, type Patch } from '../core/patch.ts';
import { entriesOf, markOf, openOf, type UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { type Answer, type Attempt, driverOf, failureOf, slow, undoStep } from './carry-out.ts';
import { Delays } from './delays.ts';
import { reloadEvents } from './reload-events.ts';
import { retryUndoInMs } from './retry.ts';
import type { UndoData } from './undo-data.ts';
import { doneBefore } from './undo-list.ts';
import type { Workshop } from './workshop.ts';

/** An undo: to be carried out behind its intent, recorded without one, or not yet due. */
export type UndoTodo =
  | { readonly do: 'wait' }
  | { readonly do: 'record'; readonly event: ChuteEvent }
  | {
      readonly do: 'undo';
      readonly intent: ChuteEvent;
      carryOut(): Promise<readonly ChuteEvent[]>;
    };

/** Takes back what the steps of one update did, one at a time. */
export class Undoing {
  readonly #shop: Workshop;
  readonly #update: UpdateId;
  readonly #undoData: UndoData;
  readonly #applied: () => Applied;
  readonly #delays: Delays;

  constructor(
    shop: Workshop,
    update: UpdateId,
    undoData: UndoData,
    listener: { applied(): Applied; ready(): void },
  ) {
    this.#shop = shop;
    this.#update = update;
    this.#undoData = undoData;
    this.#applied = () => listener.applied();
    this.#delays = new Delays(shop.clock, () => listener.ready());
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.#delays.clear();
  }

  /** The undo of a step, as far as its own delay allows it now. */
  async intend(update: UpdateState, step: Step): Promise<UndoTodo> {
    const { n } = step;
    const open = openOf(update, n);
    if (markOf(update, n) === 'R' && !this.#delays.isDue(n, open?.retryInMs ?? null))
      return { do: 'wait' };
    const inverse = await this.#inverseOf(update, n);
    const about = { update: this.#update, step: step.id, n };
    const attempt = this.#attempt(step, (open?.undoAttempt ?? 0) + 1);
    let driver: AnyDriver;
    try {
      driver = driverOf(this.#shop, step);
    } catch (error) {
      return { do: 'record', event: this.#failed(attempt, failureOf(error)) };
    }
    if (driver.effect === false || (!driver.undo && !driver.undoList)) {
      const reason = 'there is nothing to undo';
      const skipped = { type: 'compensation.skipped', ...about, reason } as const;
      const event =
        inverse.length > 0 ? this.#succeeded({ ...attempt, attempt: 1 }, inverse, 0) : skipped;
      return { do: 'record', event };
    }
    const known = await this.#undoData.of(update, n);
    const undoneKeys = doneBefore(this.#shop, update, step);
    const full = { ...attempt, undo: known?.undo ?? null, undoneKeys };
    return {
      do: 'undo',
      intent: { type: 'compensation.intended', ...about, attempt: attempt.attempt },
      carryOut: async () => await this.#carryOut(full, inverse),
    };
  }

  async #carryOut(attempt: Attempt, inverse: Patch): Promise<readonly ChuteEvent[]> {
    const { step } = attempt;
    const answer = await this.#undo(attempt);
    if (answer.is === 'done') {
      const patch = [...inverse, ...(answer.value.patch ?? [])];
      return [
        this.#succeeded(attempt, patch, answer.durationMs, answer.value),
        ...reloadEvents(this.#update, step, answer.value),
      ];
    }
    const failure =
      answer.is === 'failed' ? answer : { error: slow(step), class: 'transient' as const };
    return [this.#failed(attempt, failure)];
  }

  /** That an undo is through; or that it is not, when what is applied is not what its step left. */
  #succeeded(
    attempt: Attempt,
    patch: Patch,
    durationMs: number,
    { warnings = [] }: Warned = {},
  ): ChuteEvent {
    const { step } = attempt;
    const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
    try {
      const both = bothWays(this.#applied(), patch);
      const warned = warnings.length > 0 && { warnings };
      return { type: 'compensation.succeeded', ...about, ...both, ...warned, durationMs };
    } catch (error) {
      // Whoever opens this journal next must be able to: a person settles the step.
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
      const message = `cannot record the undo of ${step.id}: what is applied is not what it left (${reason})`;
      const failure = { code: 'RIPCORD_STATE_DIVERGED', message };
      return this.#failed(attempt, { error: failure, class: 'permanent' });
    }
  }

  /** Undoes it; where the disk has no room, again with what is kept back for that. */
  async #undo(attempt: Attempt): Promise<Answer<Undone>> {
    const answer = await undoStep(this.#shop, attempt);
    if (answer.is !== 'failed' || !NO_ROOM.has(answer.error.code)) return answer;
    return this.#shop.journal.yieldReserve() ? await undoStep(this.#shop, attempt) : answer;
  }

  #failed(
    attempt: Attempt,
    { error, class: errorClass }: { readonly error: Failure; readonly class: ErrorClass },
  ): ChuteEvent {
    const { step } = attempt;
    const about = { update: this.#update, step: step.id, n: step.n, attempt: attempt.attempt };
    const retryInMs = retryUndoInMs(this.#shop.retry, attempt.attempt, errorClass);
    return { type: 'compensation.failed', ...about, error, final: retryInMs === null, retryInMs };
  }

  async #inverseOf(update: UpdateState, n: number): Promise<Patch> {
    const succeeded = entriesOf(update.succeeded).findLast((entry) => entry.n === n);
    return succeeded ? await this.#undoData.inverse(n, succeeded.seq) : [];
  }

  #attempt(step: Step, attempt: number): Attempt {
    return {
      update: this.#update,
      step,
      attempt,
      applied: this.#applied,
      undo: null,
      deadlineUp: null,
      signal: NEVER_ABORTED,
    };
  }
}

/** A patch on what is applied, with the one that takes it back. Pure. */
export function bothWays(
  applied: Applied,
  patch: Patch,
): { readonly patch: Patch; readonly inverse: Patch } {
  return { patch, inverse: patch.length === 0 ? [] : invert(applied, patch) };
}

/** What an undo says that lacks room. */
const NO_ROOM: ReadonlySet<string> = new Set(['RIPCORD_DISK_FULL', 'ENOSPC', 'EDQUOT']);

/** An undo is not cancelled: halfway back is the worst place to stop. */
const NEVER_ABORTED = new AbortController().signal;
