import type { Seq } from '../../journal/record.ts';
import { type Applied, NOTHING_APPLIED } from './applied.ts';
import type { ChuteName } from './chute.ts';
import type { Failure } from './errors.ts';
import type { AbortCause, StepPlace, StuckStep, UpdateId, UpdateRequest } from './events.ts';
import type { HostFacts } from './facts.ts';
import type { Patch } from './patch.ts';
import type { Step, StepId } from './step.ts';

/** How an update ended. */
export type OutcomeWord =
  | 'committed'
  | 'unchanged'
  | 'rejected'
  | 'reverted'
  | 'cancelled'
  | 'superseded'
  | 'resolved';

/**
 * Where an update is on its way:
 *
 *     requested ─▶ planned ─▶ running ─▶ committed ─▶ (gone: at rest)
 *        │                       │
 *     queued                 aborting ─▶ (gone)  or  stuck ─▶ aborting
 */
export type UpdatePhase =
  | 'requested'
  | 'queued'
  | 'planned'
  | 'running'
  | 'aborting'
  | 'stuck'
  | 'committed';

/** What is known of a step beyond its mark while it is neither untouched nor settled. */
export type OpenStep = {
  readonly n: number;
  /** Whether an intent is on record: only then can there be an effect. */
  readonly intended: boolean;
  readonly attempt: number;
  /** The record of its last intent (or, for one without effect, of its gate's start). */
  readonly intentSeq: Seq;
  readonly undoAttempt: number;
  readonly retryInMs: number | null;
  readonly error: Failure | null;
  readonly gateDeadline: { readonly up: number; readonly boot: string } | null;
};

export type UpdatePlan = {
  readonly seq: Seq;
  readonly hash: string;
  readonly patch: Patch;
  readonly steps: readonly Step[];
};

export type UpdateState = {
  readonly id: UpdateId;
  /** The record of its request. */
  readonly seq: Seq;
  readonly request: UpdateRequest;
  readonly phase: UpdatePhase;
  /** Frozen with the fold that brought it and never touched again: reading it costs nothing. */
  readonly plan: UpdatePlan | null;
  /** One character a step, `Mark`: a text of 5,000 characters costs less than a map of ten. */
  readonly marks: string;
  /** `n:seq;` of first intents (or outcomes, without effect), in order: what ran. */
  readonly ran: string;
  /** `n:seq;` of successes, in order: where the inverse patches are. */
  readonly succeeded: string;
  /** By `n`. A list, because an object with one key 1,000 takes the room of a thousand. */
  readonly open: readonly OpenStep[];
  /** Hash of what it is about at the start: what a rollback has to come back to. */
  readonly startHash: string | null;
  /** The same of what it shares with others; null when that is nothing, or others may change it. */
  readonly startSharedHash: string | null;
  readonly baseline: Readonly<Record<ChuteName, boolean>>;
  readonly aborting: {
    readonly cause: AbortCause;
    readonly step: StepId | null;
    readonly error: Failure | null;
    readonly by: unknown;
  } | null;
  readonly stuck: readonly StuckStep[];
  readonly interruptions: { readonly step: StepId; readonly count: number } | null;
  /** Interrupted, and its request says that this means rollback. */
  readonly rollbackOwed: boolean;
};

/**
 * One character of `UpdateState.marks`.
 *
 *     .  untouched                 d  done               u  undone
 *     i  intended, running         s  skipped            o  undo intended, running
 *     ?  open: no outcome known    f  failed for good    O  undo open after a crash
 *     p  probed: not done          n  failed, no effect  R  undo failed, tried again
 *     r  failed, tried again       w  failed after       x  undo failed for good
 *     k  skipped before a start,      the commit         a  effect accepted by a person
 *        asked again
 */
export type Mark =
  | '.'
  | 'i'
  | '?'
  | 'p'
  | 'r'
  | 'd'
  | 's'
  | 'k'
  | 'f'
  | 'n'
  | 'w'
  | 'u'
  | 'o'
  | 'O'
  | 'R'
  | 'x'
  | 'a';

export type ChuteRecord = {
  /** Committed definitions so far: `hello@r3`. A reverted update does not raise it. */
  readonly revision: number;
  /** Who may change it besides administrators. */
  readonly owner: string;
  /** The update that last came to rest, and how. */
  readonly last: {
    readonly update: UpdateId;
    readonly outcome: OutcomeWord;
    readonly seq: Seq;
    readonly error: Failure | null;
  };
  /** The update and request message that made the current revision. */
  readonly since: { readonly update: UpdateId; readonly at: string };
};

/** The configurations of the device itself that were committed, counted as those of a chute are. */
export type HostRecord = Omit<ChuteRecord, 'owner'>;

export type ReloadDebt = {
  readonly key: string;
  /** Hash on disk; the running one differs while this entry stands. */
  readonly hash: string;
  readonly owedSince: Seq;
  readonly update: UpdateId;
  /** Whose settings the last reload could not load, where it was not those of its update. */
  readonly owners?: readonly ChuteName[];
};

export type Quarantine = {
  readonly update: UpdateId;
  readonly chutes: readonly ChuteName[];
  readonly reason: string;
  readonly interruptions: number;
  readonly retryAt: string;
};

/** Raised when `State` changes its shape: a snapshot of another shape is folded anew, never guessed at. */
const STATE_SHAPE = 4;

/** Everything that the journal says about a device, up to and with record `seq`. Bounded. */
export type State = {
  readonly shape: number;
  readonly seq: Seq;
  readonly nextUpdate: number;
  /** Whether an engine has started and not stopped: an unclean end, if nobody holds the journal. */
  readonly engineRuns: boolean;
  readonly boot: string;
  /** Since a reboot nothing was planned but starts of what should run: some may still be to be asked for. */
  readonly isBooting?: true;
  readonly applied: Applied;
  readonly chutes: Readonly<Record<ChuteName, ChuteRecord>>;
  /** Absent as long as nobody asked for another configuration of the device. */
  readonly host?: HostRecord;
  readonly facts: { readonly seq: Seq; readonly facts: HostFacts } | null;
  readonly reloads: Readonly<Record<string, ReloadDebt>>;
  /** By key, which step made what is on disk run, last. */
  readonly reloaded: Readonly<Record<string, StepPlace>>;
  /** Unfinished ones only: finished updates live in the journal. */
  readonly updates: Readonly<Record<UpdateId, UpdateState>>;
  readonly quarantine: Readonly<Record<string, Quarantine>>;
  /** The last request ids and what became of them. */
  readonly requests: Readonly<
    Record<
      string,
      {
        readonly update: UpdateId;
        readonly contentHash: string;
        readonly outcome: OutcomeWord | null;
      }
    >
  >;
};

export const NEW_STATE: State = {
  shape: STATE_SHAPE,
  seq: 0,
  nextUpdate: 1,
  engineRuns: false,
  boot: '',
  applied: NOTHING_APPLIED,
  chutes: {},
  facts: null,
  reloads: {},
  reloaded: {},
  updates: {},
  quarantine: {},
  requests: {},
};

/** The state that a snapshot holds, or null when it is of another shape than today's. Pure. */
export function stateOf(snapshot: { readonly state: unknown } | null): State | null {
  const state = snapshot?.state as Partial<State> | null | undefined;
  return state?.shape === STATE_SHAPE ? (state as State) : null;
}

/**
 * The key under which a request id is remembered: never a number, so that the order of keys is that of
 * time, and never a name that objects have anyway. Pure.
 */
export function requestKey(requestId: string): string {
  return `=${requestId}`;
}

/** How many request ids and quarantined contents are remembered: the oldest goes first. */
export const REMEMBERED_MAX = 256;

/** The entries of `ran` or `succeeded`, oldest first. Pure. */
export function entriesOf(text: string): readonly { readonly n: number; readonly seq: Seq }[] {
  return text
    .split(';')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [n, seq] = entry.split(':');
      return { n: Number(n), seq: Number(seq) };
    });
}

/** What is known of step `n` while it is open. Pure. */
export function openOf(update: Pick<UpdateState, 'open'>, n: number): OpenStep | undefined {
  return update.open.find((each) => each.n === n);
}

/** The mark of step `n`. Pure. */
export function markOf(update: Pick<UpdateState, 'marks'>, n: number): Mark {
  return (update.marks[n - 1] ?? '.') as Mark;
}
