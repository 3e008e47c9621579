import type { Seq } from '../../journal/record.ts';
import type { ChuteEvent } from './events.ts';
import type { Mark, OpenStep, UpdateState } from './state.ts';

/** The events that move one step. */
export type StepEvent = Extract<ChuteEvent, { readonly n: number }>;

/** What `markStep` may change: an immer draft, or a copy. */
export type Marked = {
  -readonly [K in 'marks' | 'ran' | 'succeeded' | 'phase']: UpdateState[K];
} & { open: Record<number, OpenStep> };

export function isStepEvent(event: ChuteEvent): event is StepEvent {
  return 'n' in event && 'step' in event;
}

/** Whether an update gets past a step with this: a crash counts against a step only until then. Pure. */
export function isProgress(event: StepEvent): boolean {
  return PROGRESS.has(event.type);
}

const PROGRESS: ReadonlySet<string> = new Set([
  'step.succeeded',
  'step.skipped',
  'gate.passed',
  'compensation.succeeded',
  'compensation.skipped',
]);

/**
 * Moves the mark of a step by one event. The one place where marks change, so that what the engine
 * expects of events it has not written yet is what folding them will give.
 */
export function markStep(update: Marked, event: StepEvent, seq: Seq): void {
  const { n } = event;
  switch (event.type) {
    case 'step.intended':
    case 'gate.started':
      if (!update.open[n]?.intended) update.ran += `${n}:${seq};`;
      setMark(update, n, 'i');
      update.open[n] = {
        ...(update.open[n] ?? NEVER_TRIED),
        intended: true,
        attempt: event.attempt,
        intentSeq: seq,
        retryInMs: null,
        gateDeadline:
          event.type === 'gate.started' ? { up: event.deadlineUp, boot: event.deadlineBoot } : null,
      };
      return;
    case 'step.noted':
      return;
    case 'step.succeeded':
    case 'gate.passed':
      if (!update.open[n]?.intended) update.ran += `${n}:${seq};`;
      update.succeeded += `${n}:${seq};`;
      setMark(update, n, 'd');
      delete update.open[n];
      return;
    case 'step.failed':
    case 'gate.failed':
      failed(update, event);
      return;
    case 'step.timedOut':
      return setMark(update, n, '?');
    case 'step.skipped':
      delete update.open[n];
      return setMark(update, n, 's');
    case 'step.probed':
      if (event.state === 'not-done') setMark(update, n, 'p');
      return;
    default:
      markUndo(update, event, seq);
  }
}

function failed(
  update: Marked,
  event: Extract<StepEvent, { type: 'step.failed' | 'gate.failed' }>,
): void {
  const { n } = event;
  const before = update.open[n];
  if (event.final) {
    // Without an intent on record there was no effect, and there is nothing to undo.
    if (update.phase === 'committed') setMark(update, n, 'w');
    else setMark(update, n, before?.intended && event.type === 'step.failed' ? 'f' : 'n');
  } else setMark(update, n, event.class === 'unknown' ? '?' : 'r');
  if (event.final && (!before?.intended || event.type === 'gate.failed')) delete update.open[n];
  else {
    update.open[n] = {
      ...(before ?? NEVER_TRIED),
      attempt: event.attempt,
      retryInMs: event.retryInMs,
      error: event.error,
    };
  }
}

type UndoEvent = Extract<StepEvent, { type: `compensation.${string}` }>;

function markUndo(update: Marked, event: UndoEvent, seq: Seq): void {
  const { n } = event;
  switch (event.type) {
    case 'compensation.intended':
      setMark(update, n, 'o');
      update.open[n] = {
        ...(update.open[n] ?? { ...NEVER_TRIED, intentSeq: seq }),
        undoAttempt: event.attempt,
        retryInMs: null,
      };
      return;
    case 'compensation.succeeded':
    case 'compensation.skipped':
      delete update.open[n];
      return setMark(update, n, 'u');
    case 'compensation.failed':
      setMark(update, n, event.final ? 'x' : 'R');
      update.open[n] = {
        ...(update.open[n] ?? NEVER_TRIED),
        retryInMs: event.retryInMs,
        error: event.error,
      };
      return;
    case 'compensation.resolved':
      update.phase = 'aborting';
      if (event.as === 'retry') {
        update.open[n] = { ...(update.open[n] ?? NEVER_TRIED), undoAttempt: 0, retryInMs: null };
        return setMark(update, n, 'f');
      }
      delete update.open[n];
      return setMark(update, n, event.as === 'undone' ? 'u' : 'a');
  }
}

function setMark(update: Marked, n: number, mark: Mark): void {
  update.marks = update.marks.slice(0, n - 1) + mark + update.marks.slice(n);
}

const NEVER_TRIED: OpenStep = {
  intended: false,
  attempt: 0,
  intentSeq: 0,
  undoAttempt: 0,
  retryInMs: null,
  error: null,
  gateDeadline: null,
};

/** The update as it will be once `events` are recorded: marks only. Pure. */
export function peek(update: UpdateState, events: readonly ChuteEvent[]): UpdateState {
  const steps = events.filter(isStepEvent);
  if (steps.length === 0) return update;
  const copy = { ...update, open: { ...update.open } };
  for (const event of steps) markStep(copy, event, 0);
  return copy;
}
