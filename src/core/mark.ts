import type { Seq } from '../../journal/record.ts';
import type { ChuteEvent } from './events.ts';
import { type Mark, openOf, type OpenStep, type UpdateState } from './state.ts';

/** The events that move one step. */
export type StepEvent = Extract<ChuteEvent, { readonly n: number }>;

/** What `markStep` may change: an immer draft, or a copy. */
export type Marked = {
  -readonly [K in 'marks' | 'ran' | 'succeeded' | 'phase']: UpdateState[K];
} & { open: readonly OpenStep[] };

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
      return intended(update, event, seq);
    case 'step.noted':
      return;
    case 'step.succeeded':
    case 'gate.passed':
      if (!openOf(update, n)?.intended) update.ran += `${n}:${seq};`;
      update.succeeded += `${n}:${seq};`;
      setMark(update, n, 'd');
      close(update, n);
      return;
    case 'step.failed':
    case 'gate.failed':
      failed(update, event);
      return;
    case 'step.timedOut':
      // A step without an effect has no intent: what is to be settled has to be on record all the same.
      setOpen(update, n, { attempt: event.attempt });
      return setMark(update, n, '?');
    case 'step.skipped':
      close(update, n);
      return setMark(update, n, 's');
    case 'step.probed':
      if (event.again) setMark(update, n, 'p');
      return;
    default:
      markUndo(update, event, seq);
  }
}

function intended(
  update: Marked,
  event: Extract<StepEvent, { type: 'step.intended' | 'gate.started' }>,
  seq: Seq,
): void {
  const { n, attempt } = event;
  const before = openOf(update, n);
  if (!before?.intended) update.ran += `${n}:${seq};`;
  setMark(update, n, 'i');
  // All fields by name: half of all records are intents, and a copy of another shape is slow.
  replaceOpen(update, {
    n,
    intended: true,
    attempt,
    intentSeq: seq,
    undoAttempt: before?.undoAttempt ?? 0,
    retryInMs: null,
    error: before?.error ?? null,
    gateDeadline:
      event.type === 'gate.started' ? { up: event.deadlineUp, boot: event.deadlineBoot } : null,
  });
}

function failed(
  update: Marked,
  event: Extract<StepEvent, { type: 'step.failed' | 'gate.failed' }>,
): void {
  const { n } = event;
  const before = openOf(update, n);
  if (event.final) {
    // Without an intent on record there was no effect, and there is nothing to undo.
    if (update.phase === 'committed') setMark(update, n, 'w');
    else setMark(update, n, before?.intended && event.type === 'step.failed' ? 'f' : 'n');
  } else setMark(update, n, event.class === 'unknown' ? '?' : 'r');
  // Kept for good: the update turns around a record later, and has to say why.
  const { attempt, retryInMs, error } = event;
  setOpen(update, n, { attempt, retryInMs, error });
}

type UndoEvent = Extract<StepEvent, { type: `compensation.${string}` }>;

function markUndo(update: Marked, event: UndoEvent, seq: Seq): void {
  const { n } = event;
  switch (event.type) {
    case 'compensation.intended':
      setMark(update, n, 'o');
      setOpen(update, n, {
        intentSeq: openOf(update, n)?.intentSeq ?? seq,
        undoAttempt: event.attempt,
        retryInMs: null,
      });
      return;
    case 'compensation.succeeded':
    case 'compensation.skipped':
      close(update, n);
      return setMark(update, n, 'u');
    case 'compensation.failed':
      setMark(update, n, event.final ? 'x' : 'R');
      setOpen(update, n, { retryInMs: event.retryInMs, error: event.error });
      return;
    case 'compensation.resolved':
      update.phase = 'aborting';
      if (event.as === 'retry') {
        setOpen(update, n, { undoAttempt: 0, retryInMs: null });
        return setMark(update, n, 'f');
      }
      close(update, n);
      return setMark(update, n, event.as === 'undone' ? 'u' : 'a');
  }
}

function setMark(update: Marked, n: number, mark: Mark): void {
  update.marks = update.marks.slice(0, n - 1) + mark + update.marks.slice(n);
}

function setOpen(update: Marked, n: number, known: Partial<OpenStep>): void {
  replaceOpen(update, { ...(openOf(update, n) ?? NEVER_TRIED), ...known, n });
}

function replaceOpen(update: Marked, open: OpenStep): void {
  const others = update.open.filter((each) => each.n !== open.n);
  update.open = others.length === 0 ? [open] : [...others, open].toSorted((a, b) => a.n - b.n);
}

function close(update: Marked, n: number): void {
  update.open = update.open.filter((each) => each.n !== n);
}

const NEVER_TRIED: Omit<OpenStep, 'n'> = {
  intended: false,
  attempt: 0,
  intentSeq: 0,
  undoAttempt: 0,
  retryInMs: null,
  error: null,
  gateDeadline: null,
};

/**
 * The marks as the start of an engine leaves them: what was under way has no outcome, which only the
 * world knows, and what was not needed is asked again, because a crash may have changed that. Pure.
 */
export function marksAtStart({ marks, phase }: Pick<UpdateState, 'marks' | 'phase'>): string {
  const open = marks.replaceAll('i', '?').replaceAll('o', 'O');
  return phase === 'running' ? open.replaceAll('s', 'k') : open;
}

/** The update as it will be once `events` are recorded: marks only. Pure. */
export function peek(update: UpdateState, events: readonly ChuteEvent[]): UpdateState {
  const steps = events.filter(isStepEvent);
  if (steps.length === 0) return update;
  const copy = { ...update };
  for (const event of steps) markStep(copy, event, 0);
  return copy;
}
