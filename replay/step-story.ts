import type { Recorded, Seq } from '../journal/record.ts';
import type { ErrorClass, Failure } from '../src/core/errors.ts';
import type { ChuteEvent, EventOf, StepPlace } from '../src/core/events.ts';
import { isStepEvent, type StepEvent } from '../src/core/mark.ts';
import { type Mark, markOf } from '../src/core/state.ts';
import type { Step, StepId } from '../src/core/step.ts';

/** How a step stands, in a word. */
export type StepState =
  | 'pending'
  | 'running'
  | 'in-doubt'
  | 'retrying'
  | 'done'
  | 'skipped'
  | 'failed'
  /** Failed behind the commit: that changes nothing about it. */
  | 'warned'
  | 'undoing'
  | 'undone'
  | 'stuck'
  /** Its effect is still there, and a person said that this is fine. */
  | 'accepted';

/** One try at a step's effect. */
export type Attempt = {
  readonly attempt: number;
  /** The record of its intent; null for a step without effect, which has none. */
  readonly intentSeq: Seq | null;
  readonly startedAt: string;
  readonly durationMs: number | null;
  /** `interrupted`: a crash cut it off, and no probe has answered since. */
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'timedOut' | 'interrupted';
  readonly error: Failure | null;
  readonly class: ErrorClass | null;
  readonly retryInMs: number | null;
  /** Whether its effect was found in place by a probe instead of being answered by the driver. */
  readonly recovered: boolean;
};

/** How a step was undone. */
export type Undoing = {
  /** Its newest record. */
  readonly seq: Seq;
  readonly at: string;
  readonly attempts: number;
  readonly outcome: 'running' | 'undone' | 'nothing' | 'failed' | 'accepted' | 'retry';
  readonly durationMs: number | null;
  readonly error: Failure | null;
  /** What a person said when settling it. */
  readonly message: string | null;
};

/** One step of a plan and what became of it. */
export type StepStory = Pick<
  Step,
  'chute' | 'id' | 'kind' | 'level' | 'module' | 'n' | 'phase' | 'title'
> & {
  readonly needs: readonly StepId[];
  /** In words, what undoing does; null: there is nothing to undo. */
  readonly undo: string | null;
  readonly afterCommit: boolean;
  readonly state: StepState;
  readonly attempts: readonly Attempt[];
  readonly undone: Undoing | null;
  readonly skipped: Skipped | null;
  /** What failed beside it, or beside its undoing, that is none of the update's business. */
  readonly warnings: readonly Failure[];
};

/** Why a step was not needed. */
export type Skipped = {
  /** The step, of this update or an earlier one, thanks to which; null where nobody's doing is known. */
  readonly by: StepPlace | null;
  readonly reason: string;
  /** Whether that still holds: not once the step named is undone. */
  readonly holds: boolean;
};

/** The steps of a plan with what became of each, given its marks and the update's records. Pure. */
export function stepStories(
  steps: readonly Step[],
  marks: string,
  events: readonly Recorded<ChuteEvent>[],
): readonly StepStory[] {
  const tellers = new Map(steps.map(({ n }) => [n, new StepTeller()]));
  for (const record of events) {
    if (record.type === 'engine.started') for (const each of tellers.values()) each.interrupt();
    else if (isStepEvent(record)) tellers.get(record.n)?.read(record);
  }
  const undone = new Set(steps.filter(({ n }) => UNDOING.test(markOf({ marks }, n))).map(idOf));
  const own = events.find((record) => record.type === 'update.planned')?.update;
  const holds = ({ by }: Skipped): boolean =>
    by === null || by.update !== own || !undone.has(by.step);
  return steps.map((step) => {
    const { n, id, chute, kind, module, phase, level, title } = step;
    const teller = tellers.get(n) ?? new StepTeller();
    return {
      n,
      id,
      chute,
      kind,
      module,
      phase,
      level,
      title,
      needs: step.needs ?? [],
      undo: step.undo ?? null,
      afterCommit: step.afterCommit ?? false,
      state: STATES[markOf({ marks }, n)],
      attempts: teller.attempts,
      undone: teller.undoing,
      warnings: teller.warnings,
      skipped: teller.skipped && { ...teller.skipped, holds: holds(teller.skipped) },
    };
  });
}

const idOf = ({ id }: Step): StepId => id;

/** Marks of steps that are undone, or half so. */
const UNDOING = /[uoORx]/;

const STATES: Readonly<Record<Mark, StepState>> = {
  '.': 'pending',
  i: 'running',
  '?': 'in-doubt',
  p: 'in-doubt',
  r: 'retrying',
  d: 'done',
  s: 'skipped',
  k: 'skipped',
  f: 'failed',
  n: 'failed',
  w: 'warned',
  u: 'undone',
  o: 'undoing',
  O: 'undoing',
  R: 'undoing',
  x: 'stuck',
  a: 'accepted',
};

/** Follows the records of one step. */
class StepTeller {
  readonly attempts: Attempt[] = [];
  undoing: Undoing | null = null;
  skipped: StepStory['skipped'] = null;
  readonly warnings: Failure[] = [];

  /** An engine began anew: nobody will answer for what was under way. */
  interrupt(): void {
    const open = this.attempts.findIndex(({ outcome }) => outcome === 'running');
    const attempt = this.attempts[open];
    if (attempt) this.attempts[open] = { ...attempt, outcome: 'interrupted' };
  }

  read(record: Recorded<StepEvent>): void {
    if ('warnings' in record) this.warnings.push(...(record.warnings ?? []));
    switch (record.type) {
      case 'step.intended':
      case 'gate.started':
        this.#begin(record);
        return;
      case 'step.succeeded':
      case 'gate.passed': {
        const recovered = record.type === 'step.succeeded' && record.recovered === true;
        this.#settle(record, { outcome: 'succeeded', recovered, error: null, retryInMs: null });
        return;
      }
      case 'step.failed':
      case 'gate.failed': {
        const { error, class: errorClass, retryInMs } = record;
        this.#settle(record, { outcome: 'failed', error, class: errorClass, retryInMs });
        return;
      }
      case 'step.timedOut':
        this.#settle({ ...record, durationMs: record.afterMs }, { outcome: 'timedOut' });
        return;
      case 'step.skipped':
        this.skipped = { by: record.by, reason: record.reason, holds: true };
        return;
      case 'step.noted':
      case 'step.probed':
        return;
      default:
        this.#undo(record);
    }
  }

  #begin({ attempt, seq, at }: Recorded<EventOf<'step.intended' | 'gate.started'>>): void {
    this.attempts.push({ ...UNTOLD, attempt, intentSeq: seq, startedAt: at });
  }

  /** A probe may answer for an attempt that ended without an answer: then it is that one's. */
  #settle(
    record: { readonly attempt: number; readonly at: string; readonly durationMs: number },
    part: Partial<Attempt>,
  ): void {
    const { attempt, at } = record;
    const durationMs = part.recovered === true ? null : record.durationMs;
    const known = this.attempts.findLastIndex((each) => each.attempt === attempt);
    const before = this.attempts[known];
    if (before && before.outcome !== 'succeeded' && before.outcome !== 'failed') {
      this.attempts[known] = { ...before, durationMs: durationMs ?? before.durationMs, ...part };
      return;
    }
    const startedAt = new Date(Date.parse(at) - record.durationMs).toISOString();
    this.attempts.push({ ...UNTOLD, attempt, startedAt, durationMs, ...part });
  }

  #undo(record: Recorded<Extract<StepEvent, { readonly type: `compensation.${string}` }>>): void {
    const { seq, at } = record;
    const before = this.undoing ?? NOT_UNDONE;
    const now = { ...before, seq, at };
    switch (record.type) {
      case 'compensation.intended':
        this.undoing = { ...now, attempts: before.attempts + 1, outcome: 'running' };
        return;
      case 'compensation.succeeded':
        this.undoing = { ...now, outcome: 'undone', durationMs: record.durationMs, error: null };
        return;
      case 'compensation.skipped':
        this.undoing = { ...now, outcome: 'nothing', message: record.reason };
        return;
      case 'compensation.failed':
        this.undoing = { ...now, outcome: 'failed', error: record.error };
        return;
      case 'compensation.resolved': {
        const { as, message } = record;
        const outcome = as === 'done' ? 'accepted' : as === 'undone' ? 'undone' : 'retry';
        this.undoing = { ...now, outcome, message };
      }
    }
  }
}

const UNTOLD: Attempt = {
  attempt: 1,
  intentSeq: null,
  startedAt: '',
  durationMs: null,
  outcome: 'running',
  error: null,
  class: null,
  retryInMs: null,
  recovered: false,
};

const NOT_UNDONE: Undoing = {
  seq: 0,
  at: '',
  attempts: 0,
  outcome: 'running',
  durationMs: null,
  error: null,
  message: null,
};
