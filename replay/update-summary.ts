import type { Recorded, Seq } from '../journal/record.ts';
import type { ChuteName } from '../src/core/chute.ts';
import type { Failure } from '../src/core/errors.ts';
import type { AbortCause, EventOf, Requester, UpdateId } from '../src/core/events.ts';
import { REPEATS } from '../src/core/fold-end.ts';
import type { OutcomeWord, State, UpdatePhase } from '../src/core/state.ts';
import type { StepId } from '../src/core/step.ts';
import { type AnyOperation, subjectsOf } from '../src/core/subjects.ts';

/** A chute's version as its definition says it; null: none, or no such chute. */
export type Version = number | string | null;

/** One update in a line: what `log` lists. */
export type UpdateSummary = {
  readonly id: UpdateId;
  /** How it ended; `stuck` while it waits for a person, null while it is on its way. */
  readonly outcome: OutcomeWord | 'stuck' | null;
  /** Where it is on its way; null once it rests. */
  readonly phase: UpdatePhase | null;
  /** `@host` stands for the device itself. */
  readonly chutes: readonly ChuteName[];
  readonly operations: Readonly<Record<ChuteName, AnyOperation>>;
  readonly versions: Readonly<Record<ChuteName, { readonly from: Version; readonly to: Version }>>;
  /** The revision of each chute once the update had ended; null before, and for a removed one. */
  readonly revisions: Readonly<Record<ChuteName, number | null>>;
  /** The record of its request. */
  readonly requestedSeq: Seq;
  /** The record of its outcome. */
  readonly endSeq: Seq | null;
  /** Its newest record: work behind the commit comes after the outcome. */
  readonly lastSeq: Seq;
  readonly at: string;
  readonly endedAt: string | null;
  /** From its request to its outcome. */
  readonly durationMs: number | null;
  readonly by: Requester;
  readonly message: string | null;
  /** Why it turned around, if it did. */
  readonly cause: AbortCause | null;
  readonly failedStep: StepId | null;
  readonly error: Failure | null;
  /** Whether an engine went on with it after a crash. */
  readonly recovered: boolean;
  readonly interruptions: number;
};

/** An update of which only the request is known. `state` is the one before it. Pure. */
export function newSummary(
  { seq, at, update, request }: Recorded<EventOf<'update.requested'>>,
  state: State,
): UpdateSummary {
  const { chutes, by, message } = request;
  const subjects = subjectsOf(request);
  const versions = chutes.map(({ chute, operation, definition }) => {
    const from = versionIn(state, chute);
    if (REPEATS.has(operation)) return [chute, { from, to: from }] as const;
    return [chute, { from, to: definition?.version ?? null }] as const;
  });
  return {
    id: update,
    outcome: null,
    phase: 'requested',
    chutes: subjects.map(({ chute }) => chute),
    operations: Object.fromEntries(subjects.map(({ chute, operation }) => [chute, operation])),
    versions: Object.fromEntries(versions),
    revisions: Object.fromEntries(subjects.map(({ chute }) => [chute, null])),
    requestedSeq: seq,
    endSeq: null,
    lastSeq: seq,
    at,
    endedAt: null,
    durationMs: null,
    by,
    message,
    cause: null,
    failedStep: null,
    error: null,
    recovered: false,
    interruptions: 0,
  };
}

/** The version that a chute has. Pure. */
export function versionIn({ applied }: Pick<State, 'applied'>, chute: ChuteName): Version {
  return applied.chutes[chute]?.definition?.version ?? null;
}
