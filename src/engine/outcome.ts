import type { Recorded } from '../../journal/record.ts';
import { errorOfCause } from '../core/abort-error.ts';
import type { ChuteName } from '../core/chute.ts';
import type { ErrorCode, Failure } from '../core/errors.ts';
import type { ChuteEvent, StuckStep, UpdateId } from '../core/events.ts';
import { isEndEvent, outcomeOf } from '../core/fold-end.ts';
import type { Refusal } from '../core/plan.ts';
import type { OutcomeWord } from '../core/state.ts';
import type { StepId } from '../core/step.ts';

/** How an update stands when it rests; `update` is null when nothing was journaled for it. */
export type Outcome = {
  readonly update: UpdateId | null;
  readonly outcome: OutcomeWord | 'stuck';
  readonly failedStep: StepId | null;
  readonly error: (Failure & { readonly hint?: string }) | null;
  readonly refusals: readonly Refusal[];
  readonly stuck: readonly StuckStep[];
  /** What failed and changes nothing about it: a step behind the commit, or what others have to see to. */
  readonly warnings: readonly OutcomeWarning[];
  /** How each chute fared, of a request that was carried out chute by chute; the rest is the worst. */
  readonly lanes?: readonly LaneOutcome[];
};

/** What failed beside an update, at which step, and whether that was behind the commit. */
export type OutcomeWarning = {
  readonly step: StepId;
  readonly error: Failure;
  readonly afterCommit: boolean;
};

/** How one chute of such a request fared. */
export type LaneOutcome = Pick<Outcome, 'update' | 'outcome' | 'failedStep' | 'error'> & {
  readonly chute: ChuteName;
};

/** Follows one update's events to its outcome. Pure, apart from its own memory. */
export class OutcomeReader {
  #outcome: Outcome;
  #rests = false;
  #committed = false;

  constructor(update: UpdateId) {
    this.#outcome = { ...NOTHING, update, outcome: 'committed' };
  }

  /** The outcome so far; final once `rests`. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  get rests(): boolean {
    return this.#rests;
  }

  read(event: Recorded<ChuteEvent>): void {
    if (!('update' in event) || event.update !== this.#outcome.update) return;
    if (isEndEvent(event)) {
      this.#rests = true;
      this.#committed = event.type === 'update.committed';
      this.#set({ outcome: outcomeOf(event), stuck: [] });
      if (event.type === 'update.rejected') {
        const { code, message, hint, refusals } = event;
        this.#set({ error: { code, message, ...(hint !== null && { hint }) }, refusals });
      }
    } else if (event.type === 'update.stuck') {
      this.#rests = true;
      this.#set({ outcome: 'stuck', stuck: event.steps });
    } else if (event.type === 'compensation.resolved') this.#rests = false;
    else if (event.type === 'update.aborting') {
      const { step, error, cause } = event;
      this.#set({ failedStep: step, error: error ?? errorOfCause(cause) });
    } else if (event.type === 'step.failed' && event.final && this.#committed) {
      const { step, error } = event;
      this.#warn([{ step, error, afterCommit: true }]);
    } else if ('warnings' in event && 'step' in event) {
      const { step, warnings = [] } = event;
      this.#warn(warnings.map((error) => ({ step, error, afterCommit: false })));
    }
  }

  #warn(warnings: readonly OutcomeWarning[]): void {
    this.#set({ warnings: [...this.#outcome.warnings, ...warnings] });
  }

  #set(part: Partial<Outcome>): void {
    this.#outcome = { ...this.#outcome, ...part };
  }
}

const NOTHING: Omit<Outcome, 'update' | 'outcome'> = {
  failedStep: null,
  error: null,
  refusals: [],
  stuck: [],
  warnings: [],
};

/** The outcome of a request that asks for what is already there. */
export const UNCHANGED: Outcome = { ...NOTHING, update: null, outcome: 'unchanged' };

/** Refusals that have to do with another update, not with this request. */
const BUSY: ReadonlySet<string> = new Set<ErrorCode>(['RIPCORD_UPDATE_CONFLICT']);

/** The exit code for an outcome (DESIGN §8). Pure. */
export function exitCodeOf({ outcome, error }: Outcome): number {
  switch (outcome) {
    case 'committed':
    case 'unchanged':
    case 'resolved':
      return 0;
    case 'rejected':
      return error && BUSY.has(error.code) ? 6 : 8;
    case 'reverted':
    case 'cancelled':
      return 4;
    case 'stuck':
      return 5;
    case 'superseded':
      return 8;
  }
}
