import type { Recorded, Seq } from '../journal/record.ts';
import { assert } from '../src/core/assert.ts';
import type {
  ChuteEvent,
  EventOf,
  EventType,
  StuckStep,
  UpdateRequest,
} from '../src/core/events.ts';
import { isStepEvent, markStep, type Marked } from '../src/core/mark.ts';
import type { Patch } from '../src/core/patch.ts';
import type { Refusal, Warning } from '../src/core/plan.ts';
import type { StepId } from '../src/core/step.ts';
import type { Replay } from './replay.ts';
import { updateNamed } from './resolve-ref.ts';
import { type StepStory, stepStories } from './step-story.ts';
import type { UpdateSummary } from './update-summary.ts';

/** Everything that the journal holds about one update: `ripcord show uN -o json`. */
export type UpdateStory = UpdateSummary & {
  readonly request: UpdateRequest;
  /** What it was to change, below `/chutes`; null when it never had a plan. */
  readonly patch: Patch | null;
  readonly plan: {
    readonly seq: Seq;
    readonly hash: string;
    readonly planners: Readonly<Record<string, number>>;
    readonly factsSeq: Seq;
    readonly warnings: readonly Warning[];
    readonly steps: readonly StepStory[];
  } | null;
  /** Attempts at all steps together. */
  readonly attempts: number;
  readonly refusals: readonly Refusal[];
  readonly hint: string | null;
  /** State hash at its start and at its end. */
  readonly stateHash: { readonly start: string | null; readonly end: string | null };
  /** Whether undoing came back to the state of the start; null when it was not undone. */
  readonly verified: boolean | null;
  /** Steps whose effect was taken away, in the order of undoing. */
  readonly undone: readonly StepId[];
  /** Undos that wait for a person, and those whose effect a person accepted. */
  readonly stuck: readonly StuckStep[];
  readonly accepted: readonly StepId[];
  /** Steps that failed behind the commit: they changed nothing about it. */
  readonly warnings: readonly StepId[];
  readonly gates: readonly GateStory[];
  /** Where crashes cut it off. */
  readonly interrupted: readonly {
    readonly seq: Seq;
    readonly at: string;
    readonly boot: string;
    readonly step: StepId;
  }[];
  /** Its records, with the engine starts that went on with it. */
  readonly events: readonly Recorded<ChuteEvent>[];
};

/** One asking of the health checks. */
export type GateStory = {
  readonly step: StepId;
  readonly attempt: number;
  readonly startedSeq: Seq | null;
  /** Null while it is being asked, or when a crash cut it off. */
  readonly passed: boolean | null;
  readonly answer: unknown;
  readonly durationMs: number | null;
};

/** The story of an update. Throws RIPCORD_REF_UNKNOWN. */
export async function storyOf(replay: Replay, id: string): Promise<UpdateStory> {
  const summary = await updateNamed(replay, id);
  const events: Recorded<ChuteEvent>[] = [];
  for await (const record of replay.journal.read(summary.requestedSeq, replay.head.seq)) {
    // Nothing of it comes behind its last record but engines that find it unfinished.
    if (record.seq > summary.lastSeq && summary.phase === null) break;
    if (isAbout(record, id)) events.push(record);
  }
  return tell(summary, events);
}

function isAbout(record: ChuteEvent, id: string): boolean {
  if (record.type === 'engine.started')
    return record.interrupted.some(({ update }) => update === id);
  return 'update' in record && record.update === id;
}

/** The story that an update's records tell, from its request on. Pure. */
function tell(summary: UpdateSummary, events: readonly Recorded<ChuteEvent>[]): UpdateStory {
  const requested = first(events, 'update.requested');
  assert(requested, `the story of ${summary.id} begins without its request`);
  const planned = first(events, 'update.planned');
  const marks = marksOf(events);
  const steps = planned ? stepStories(planned.steps, marks, events) : [];
  return {
    ...summary,
    request: requested.request,
    patch: planned?.patch ?? null,
    plan: planned
      ? {
          seq: planned.seq,
          hash: planned.planHash,
          planners: planned.planners,
          factsSeq: planned.factsSeq,
          warnings: planned.warnings ?? [],
          steps,
        }
      : null,
    attempts: steps.reduce((sum, step) => sum + step.attempts.length, 0),
    ...endOf(events),
    undone: steps
      .flatMap(({ id, undone }) =>
        undone?.seq && undone.outcome === 'undone' ? [{ id, seq: undone.seq }] : [],
      )
      .toSorted((one, other) => one.seq - other.seq)
      .map((step) => step.id),
    stuck: summary.outcome === 'stuck' ? (last(events, 'update.stuck')?.steps ?? []) : [],
    warnings: steps.filter(({ state }) => state === 'warned').map((step) => step.id),
    gates: gatesOf(events),
    interrupted: events.flatMap((record) =>
      record.type === 'engine.started'
        ? record.interrupted
            .filter(({ update }) => update === summary.id)
            .map(({ step }) => ({ seq: record.seq, at: record.at, boot: record.boot, step }))
        : [],
    ),
    events,
  };
}

function endOf(
  events: readonly Recorded<ChuteEvent>[],
): Pick<UpdateStory, 'accepted' | 'hint' | 'refusals' | 'stateHash' | 'verified'> {
  const rejected = first(events, 'update.rejected');
  const resolved = first(events, 'update.resolved');
  const reverted = first(events, 'update.reverted');
  const ended =
    resolved ??
    reverted ??
    first(events, 'update.committed') ??
    first(events, 'update.cancelled') ??
    first(events, 'update.superseded');
  const start = first(events, 'update.started')?.stateHash ?? null;
  const end = ended?.stateHash ?? null;
  const undone = ended !== undefined && ended.type !== 'update.committed';
  return {
    refusals: rejected?.refusals ?? [],
    hint: rejected?.hint ?? null,
    stateHash: { start, end },
    verified: reverted?.verified ?? (undone ? start === null || start === end : null),
    accepted: resolved?.accepted ?? [],
  };
}

function gatesOf(events: readonly Recorded<ChuteEvent>[]): readonly GateStory[] {
  const gates: GateStory[] = [];
  for (const record of events) {
    if (record.type === 'gate.started') {
      const { step, attempt, seq } = record;
      gates.push({
        step,
        attempt,
        startedSeq: seq,
        passed: null,
        answer: null,
        durationMs: null,
      });
    } else if (record.type === 'gate.passed' || record.type === 'gate.failed') {
      const { step, attempt, durationMs } = record;
      const asked = gates.findLastIndex((gate) => gate.step === step && gate.attempt === attempt);
      const [before] = asked >= 0 ? gates.splice(asked, 1) : [];
      const passed = record.type === 'gate.passed';
      const answer = record.type === 'gate.passed' ? record.result : record.error;
      gates.push({
        step,
        attempt,
        startedSeq: before?.startedSeq ?? null,
        passed,
        answer,
        durationMs,
      });
    }
  }
  return gates;
}

/** How each step stands after these records: the engine's own marks. */
function marksOf(events: readonly Recorded<ChuteEvent>[]): string {
  const marked: Marked = { marks: '', ran: '', succeeded: '', phase: 'requested', open: [] };
  for (const record of events) {
    if (record.type === 'update.planned') marked.marks = '.'.repeat(record.steps.length);
    else if (record.type === 'update.committed') marked.phase = 'committed';
    else if (record.type === 'engine.started')
      marked.marks = marked.marks.replaceAll('i', '?').replaceAll('o', 'O');
    else if (isStepEvent(record)) markStep(marked, record, record.seq);
  }
  return marked.marks;
}

/** The casts bridge the type of an event to its name. */
function first<T extends EventType>(
  events: readonly Recorded<ChuteEvent>[],
  type: T,
): Recorded<EventOf<T>> | undefined {
  return events.find((record) => record.type === type) as Recorded<EventOf<T>> | undefined;
}

function last<T extends EventType>(
  events: readonly Recorded<ChuteEvent>[],
  type: T,
): Recorded<EventOf<T>> | undefined {
  return events.findLast((record) => record.type === type) as Recorded<EventOf<T>> | undefined;
}
