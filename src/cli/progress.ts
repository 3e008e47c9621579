import type { Recorded, Seq } from '../../journal/record.ts';
import type { Failure } from '../core/errors.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { StepId } from '../core/step.ts';
import { type AnyOperation, subjectsOf } from '../core/subjects.ts';

export type StepStatus =
  | 'waiting'
  | 'running'
  | 'done'
  | 'skipped'
  | 'retrying'
  | 'failed'
  | 'undoing'
  | 'undone'
  | 'stuck';

export type StepProgress = {
  readonly n: number;
  readonly id: StepId;
  readonly title: string;
  readonly status: StepStatus;
  readonly afterCommit: boolean;
  /** When it began, in milliseconds since boot; null before that and when another boot began it. */
  readonly beganUp: number | null;
  readonly durationMs: number | null;
  readonly error: Failure | null;
  readonly recovered: boolean;
};

/** An update as its records show it. */
export type Progress = {
  readonly update: UpdateId;
  readonly chutes: readonly { readonly chute: string; readonly operation: AnyOperation }[];
  readonly phase:
    | 'requested'
    | 'queued'
    | 'planned'
    | 'running'
    | 'undoing'
    | 'stuck'
    | 'committed'
    | 'over';
  readonly steps: readonly StepProgress[];
  readonly firstSeq: Seq;
  readonly lastSeq: Seq;
  /** Time since the request, by the clock that does not jump; within one boot. */
  readonly elapsedMs: number;
  readonly firstUp: number;
  readonly boot: string;
};

/** Nothing known yet of an update. Pure. */
export function noProgress(update: UpdateId): Progress {
  return {
    update,
    chutes: [],
    phase: 'requested',
    steps: [],
    firstSeq: 0,
    lastSeq: 0,
    elapsedMs: 0,
    firstUp: 0,
    boot: '',
  };
}

/** The progress after one more record. Pure; records of other updates change nothing. */
export function progressAfter(before: Progress, record: Recorded<ChuteEvent>): Progress {
  if (!('update' in record) || record.update !== before.update) return before;
  const first = before.firstSeq === 0 || record.boot !== before.boot;
  const timed: Progress = {
    ...before,
    firstSeq: before.firstSeq === 0 ? record.seq : before.firstSeq,
    lastSeq: record.seq,
    boot: record.boot,
    firstUp: first ? record.up - before.elapsedMs : before.firstUp,
    elapsedMs: first ? before.elapsedMs : record.up - before.firstUp,
  };
  return 'n' in record ? withStep(timed, record) : withPhase(timed, record);
}

type StepRecord = Extract<Recorded<ChuteEvent>, { readonly n: number }>;

function withPhase(progress: Progress, record: Recorded<ChuteEvent>): Progress {
  switch (record.type) {
    case 'update.requested': {
      return { ...progress, chutes: subjectsOf(record.request) };
    }
    case 'update.queued':
      return { ...progress, phase: 'queued' };
    case 'update.planned':
      return {
        ...progress,
        phase: 'planned',
        steps: record.steps.map(({ n, id, title, afterCommit }) => ({
          n,
          id,
          title,
          status: 'waiting',
          afterCommit: afterCommit ?? false,
          beganUp: null,
          durationMs: null,
          error: null,
          recovered: false,
        })),
      };
    case 'update.started':
      return { ...progress, phase: 'running' };
    case 'update.aborting':
      return { ...progress, phase: 'undoing' };
    case 'update.stuck':
      return { ...progress, phase: 'stuck' };
    case 'update.committed':
      return { ...progress, phase: 'committed' };
    case 'update.rejected':
    case 'update.superseded':
    case 'update.cancelled':
    case 'update.reverted':
    case 'update.resolved':
      return { ...progress, phase: 'over' };
    default:
      return progress;
  }
}

function withStep(progress: Progress, record: StepRecord): Progress {
  const change = stepChange(record);
  if (change === null) return progress;
  const steps = progress.steps.map((step) => (step.n === record.n ? { ...step, ...change } : step));
  const phase = record.type === 'compensation.resolved' ? 'undoing' : progress.phase;
  return { ...progress, phase, steps };
}

function stepChange(record: StepRecord): Partial<StepProgress> | null {
  switch (record.type) {
    case 'step.intended':
    case 'gate.started':
      return { status: 'running', beganUp: record.up };
    case 'step.succeeded':
      return {
        status: 'done',
        durationMs: record.durationMs,
        error: null,
        recovered: record.recovered ?? false,
      };
    case 'gate.passed':
      return { status: 'done', durationMs: record.durationMs, error: null };
    case 'step.failed':
    case 'gate.failed': {
      const { final, error, durationMs } = record;
      return { status: final ? 'failed' : 'retrying', error, durationMs };
    }
    case 'step.timedOut':
      return { status: 'retrying', durationMs: record.afterMs };
    case 'step.skipped':
      return { status: 'skipped' };
    case 'compensation.intended':
      return { status: 'undoing', beganUp: record.up };
    case 'compensation.succeeded':
    case 'compensation.skipped':
      return { status: 'undone' };
    case 'compensation.failed':
      return record.final ? { status: 'stuck', error: record.error } : { error: record.error };
    case 'compensation.resolved':
      return {
        status: record.as === 'retry' ? 'undoing' : record.as === 'done' ? 'done' : 'undone',
      };
    case 'step.noted':
    case 'step.probed':
      return null;
  }
}

/** Steps that need nothing more, of those before the commit or of all behind it. Pure. */
export function doneCount({ steps }: Progress): number {
  return steps.filter(({ status }) => status === 'done' || status === 'skipped').length;
}
