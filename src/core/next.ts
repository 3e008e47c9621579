import { assert } from './assert.ts';
import type { AbortCause, StuckStep, UpdateId } from './events.ts';
import { blockersOf, sharersOf, takesPlaceOf } from './in-the-way.ts';
import { entriesOf, type Mark, markOf, openOf, type State, type UpdateState } from './state.ts';
import type { Step, StepId } from './step.ts';

/** What an update needs now. */
export type Next =
  /** Others that touch the same chutes, or what chutes share, come first. */
  | { readonly do: 'queue' }
  /** One of these is stuck: that may last, and nobody who asks is kept waiting for a person. */
  | { readonly do: 'refuse'; readonly by: UpdateId }
  | { readonly do: 'plan' }
  | { readonly do: 'start' }
  /** Carry these out, all at once: they are independent of each other and of what runs. */
  | { readonly do: 'run'; readonly steps: readonly Step[] }
  /** No outcome is on record: ask the world. */
  | { readonly do: 'probe'; readonly step: Step }
  | {
      readonly do: 'abort';
      readonly cause: AbortCause;
      readonly step: StepId | null;
      /** The update that takes this one's place. */
      readonly by?: UpdateId;
    }
  /** Behind the commit, and interrupted too often: its failure is a warning. */
  | { readonly do: 'giveUp'; readonly step: Step }
  | { readonly do: 'undo'; readonly step: Step }
  | { readonly do: 'commit' }
  | { readonly do: 'revert' | 'resolved' }
  | { readonly do: 'stick'; readonly steps: readonly StuckStep[] }
  /** Steps are under way; ask again when one of them has an outcome. */
  | { readonly do: 'wait' }
  | { readonly do: 'rest' };

/** Interruptions at one step that make an update a crash loop (DESIGN §8). */
const INTERRUPTIONS_MAX = 3;

/** What `next` looks at beside the update itself. */
type Scene = Pick<State, 'updates' | 'applied' | 'facts'>;

/**
 * Decides what an update needs, from state alone: going on after a crash is just asking again.
 *
 * Pure. There is no recovery mode.
 */
export function next(update: UpdateState, state: Scene): Next {
  switch (update.phase) {
    case 'requested':
    case 'queued':
    case 'planned':
      return beginning(update, state);
    case 'running':
      return superseded(update, state) ?? forward(update);
    case 'committed':
      return afterCommit(update);
    case 'aborting':
      return backward(update);
    case 'stuck':
      return { do: 'rest' };
  }
}

function beginning(update: UpdateState, state: Scene): Next {
  const owed = abortOwed(update) ?? superseded(update, state);
  if (owed) return owed;
  if (update.phase === 'planned') return { do: 'start' };
  const ahead = [...blockersOf(update, state), ...sharersOf(update, state)];
  const stuck = ahead.find(({ phase }) => phase === 'stuck');
  if (stuck) return { do: 'refuse', by: stuck.id };
  return { do: ahead.length > 0 ? 'queue' : 'plan' };
}

function abortOwed({ interruptions, rollbackOwed }: UpdateState): Next | null {
  if (interruptions && interruptions.count >= INTERRUPTIONS_MAX)
    return { do: 'abort', cause: 'looping', step: stepOrNull(interruptions.step) };
  if (rollbackOwed)
    return { do: 'abort', cause: 'interrupted', step: stepOrNull(interruptions?.step ?? 'plan') };
  return null;
}

/** Whether a newer update has come that takes the place of those before it. */
function superseded(update: UpdateState, { updates }: Pick<State, 'updates'>): Next | null {
  for (const other of Object.values(updates)) {
    if (other.request.mode !== 'supersede' || other.seq <= update.seq) continue;
    if (other.phase === 'aborting' || !takesPlaceOf(other, update)) continue;
    return { do: 'abort', cause: 'superseded', step: null, by: other.id };
  }
  return null;
}

const stepOrNull = (step: StepId): StepId | null => (step === 'plan' ? null : step);

function forward(update: UpdateState): Next {
  const owed = abortOwed(update);
  if (owed) return owed;
  const { marks } = update;
  const failed = firstOf(marks, FAILED);
  if (failed >= 0) return { do: 'abort', cause: 'failed', step: stepAt(update, failed).id };
  const open = marks.indexOf('?');
  if (open >= 0) return { do: 'probe', step: stepAt(update, open) };

  const steps = runnable(update, firstOf(marks, READY), false);
  if (steps.length > 0) return { do: 'run', steps };
  if (marks.includes('i')) return { do: 'wait' };
  return { do: 'commit' };
}

function afterCommit(update: UpdateState): Next {
  const open = update.marks.indexOf('?');
  if (open >= 0) {
    const step = stepAt(update, open);
    const { interruptions } = update;
    const loops = interruptions?.step === step.id && interruptions.count >= INTERRUPTIONS_MAX;
    return { do: loops ? 'giveUp' : 'probe', step };
  }
  const steps = runnable(update, firstOf(update.marks, READY), true);
  if (steps.length > 0) return { do: 'run', steps };
  return { do: update.marks.includes('i') ? 'wait' : 'rest' };
}

/** The steps that may run now: the first untouched one's level, once the levels below are done. */
function runnable(update: UpdateState, first: number, committed: boolean): readonly Step[] {
  if (first < 0) return [];
  const { level } = stepAt(update, first);
  const running = update.marks.indexOf('i');
  if (running >= 0 && stepAt(update, running).level < level) return [];
  const steps: Step[] = [];
  for (let index = first; index < update.marks.length; index++) {
    const step = stepAt(update, index);
    if (step.level !== level) break;
    if ((step.afterCommit === true) !== committed) break;
    if (isReady(markOf(update, step.n))) steps.push(step);
  }
  return steps;
}

const FAILED: readonly Mark[] = ['f', 'n'];
const READY: readonly Mark[] = ['.', 'k', 'p', 'r'];

const isReady = (mark: Mark): boolean => READY.includes(mark);

/** Where the first of these marks stands, or -1. A search for one character each is 20 times a class. */
function firstOf(text: string, marks: readonly Mark[]): number {
  let first = -1;
  for (const mark of marks) {
    const at = text.indexOf(mark);
    if (at >= 0 && (first < 0 || at < first)) first = at;
  }
  return first;
}

/** Undone newest first: exactly the reverse of what ran, the failing step included. */
function backward(update: UpdateState): Next {
  const { marks } = update;
  if (marks.includes('i') || marks.includes('o')) return { do: 'wait' };
  const settled = new Set<StepId>();
  const stuck: StuckStep[] = [];
  for (const { n } of toUndo(update)) {
    const step = stepAt(update, n - 1);
    const mark = markOf(update, n);
    const blockedBy = blockerOf(update, step, stuck);
    if (mark === 'x') stuck.push(stuckStep(update, step, null));
    else if (blockedBy) stuck.push(stuckStep(update, step, blockedBy));
    else return { do: 'undo', step };
    settled.add(step.id);
  }
  if (stuck.length > 0) return { do: 'stick', steps: stuck };
  return { do: marks.includes('a') ? 'resolved' : 'revert' };
}

/** What ran and is not undone yet, newest first. Pure. */
export function toUndo(update: UpdateState): readonly { readonly n: number }[] {
  return entriesOf(update.ran)
    .toReversed()
    .filter(({ n }) => UNDOABLE.has(markOf(update, n)));
}

const UNDOABLE: ReadonlySet<Mark> = new Set(['d', 'f', '?', 'p', 'r', 'O', 'R', 'x']);

/** The steps that one needs, and those that they need, as far as their effects are still there. Pure. */
export function floorOf(update: UpdateState, step: Step): readonly Step[] {
  const floor = new Set<Step>();
  const add = ({ needs }: Step): void => {
    for (const each of update.plan?.steps ?? []) {
      if (!needs?.includes(each.id) || floor.has(each)) continue;
      if (UNDOABLE.has(markOf(update, each.n))) floor.add(each);
      add(each);
    }
  };
  add(step);
  return [...floor];
}

/** Undoing a step under one whose effect is still there would pull the floor from under it. */
function blockerOf(update: UpdateState, step: Step, stuck: readonly StuckStep[]): StepId | null {
  if (stuck.length === 0) return null;
  const needing = stuck.find((each) => stepAt(update, each.n - 1).needs?.includes(step.id));
  return needing?.step ?? null;
}

function stuckStep(update: UpdateState, step: Step, blockedBy: StepId | null): StuckStep {
  const { n, id } = step;
  if (blockedBy !== null) {
    const message = `waits until the undo of ${blockedBy} is settled`;
    const reason = { code: 'RIPCORD_STEP_FAILED', message };
    return { step: id, n, reason, state: 'blocked', blockedBy };
  }
  const reason = openOf(update, n)?.error ?? {
    code: 'RIPCORD_STEP_FAILED',
    message: 'undo failed',
  };
  return { step: id, n, reason, state: 'failed', blockedBy: null };
}

/** The step at a place of the plan, counted from 0. Throws when the marks outgrow the plan. */
function stepAt(update: UpdateState, index: number): Step {
  const step = update.plan?.steps[index];
  assert(step, `${update.id} has no step ${index + 1}`);
  return step;
}
