import type { ChuteName, Definition, OnInterrupt, Signature, SourceLocation } from './chute.ts';
import type { ErrorClass, Failure } from './errors.ts';
import type { HostFacts } from './facts.ts';
import type { HostDocument } from './host-config/document.ts';
import type { Json, JsonObject } from './json.ts';
import type { Patch } from './patch.ts';
import type { Operation, Refusal, Warning } from './plan.ts';
import type { Requester } from './requester.ts';
import type { Step, StepId } from './step.ts';

export type { Requester };

/** `u1`, `u2`, … for the life of the device. */
export type UpdateId = string;

/** Why an update is being undone. */
export type AbortCause = 'failed' | 'cancelled' | 'superseded' | 'interrupted' | 'looping';

/** What is asked of one chute. */
export type ChuteRequest = {
  readonly chute: ChuteName;
  readonly operation: Operation;
  /** Null when the operation needs only the name. */
  readonly definition: Definition | null;
  readonly sources: Readonly<Record<string, SourceLocation>>;
  /** Absent: the definition is not signed, or there is none. */
  readonly signature?: Signature;
  readonly purge?: true;
};

/** What is asked of the device itself. `set` and `patch` are ParaDrop's words for it. */
export type HostRequest = {
  readonly operation: 'apply' | 'set' | 'patch' | 'init' | 'reset' | 'reboot' | 'shutdown';
  /** The whole configuration that is asked for; null where the operation says enough. */
  readonly config: HostDocument | null;
  /** Operations of RFC 6902 on the configuration as it is when the update is planned. */
  readonly patch: readonly JsonObject[];
};

export type UpdateRequest = {
  readonly chutes: readonly ChuteRequest[];
  /** What is asked of the device itself, beside the chutes or without any. */
  readonly host?: HostRequest;
  readonly by: Requester;
  /** The caller's own id for this request: the same id never makes two updates. */
  readonly requestId: string | null;
  /** SHA-256 of what is asked, for `requestId` and for quarantine. */
  readonly contentHash: string;
  readonly message: string | null;
  readonly onInterrupt: OnInterrupt;
  readonly mode: QueueMode;
  readonly strict: boolean;
  readonly allowDowngrade: boolean;
  readonly allowQuarantined: boolean;
  /** The update that this one tries again, or rolls back to. */
  readonly origin: { readonly retryOf?: UpdateId; readonly rollbackTo?: string } | null;
  /** The start of what should run after a reboot: it goes before all that has not begun. */
  readonly atBoot?: true;
  /** Asked for together with others, each of which gets through or not on its own. */
  readonly lane?: RequestLane;
};

/** The updates of one request that is carried out chute by chute. */
export type RequestLane = {
  /** The first of them: the number by which all go together. */
  readonly first: UpdateId;
  /** How many they are: their numbers follow each other. */
  readonly of: number;
  /** SHA-256 of all that was asked, for `requestId`, which the first has. */
  readonly contentHash: string;
};

/** What to do when another update of the same chute is on its way. */
export type QueueMode = 'refuse' | 'queue' | 'supersede';

/** A step that a crash interrupted; `plan` when it had no step yet. */
export type Interruption = { readonly update: UpdateId; readonly step: StepId };
/** One step of one update. */
export type StepPlace = Interruption;
/** An undo that did not succeed, and who has to look at it. */
export type StuckStep = {
  readonly step: StepId;
  readonly n: number;
  readonly reason: Failure;
  /** `failed`: its own undo failed. `blocked`: it waits for one that did. */
  readonly state: 'failed' | 'blocked';
  readonly blockedBy: StepId | null;
};

/** The step a fact is about. */
type AboutStep = { update: UpdateId; step: StepId; n: number };
/** With what failed beside it and is none of the update's business. */
type AboutBeside = AboutStep & { warnings?: readonly Failure[] };

/**
 * Every fact the journal can hold. Names are `noun.pastParticiple`, and a fact never changes its
 * meaning: a new meaning is a new name, an old shape is lifted by an upcaster (docs/events.md).
 */
export interface Events {
  /** An engine took the journal. `interrupted` is what an unclean end of the last one cut off. */
  'engine.started': {
    version: string;
    pid: number;
    command: string;
    interrupted: readonly Interruption[];
  };
  /** The engine let go of the journal at a step boundary: nothing was interrupted. */
  'engine.stopped': { reason: string };
  /** What planners may know of the host, when it differs from the last time. */
  'host.observed': { facts: HostFacts };
  /** The wall clock was set; dates before this one are not to be trusted. */
  'clock.synced': { offsetMs: number };
  /** Somebody asked for a change. From here on it is finished or undone, whatever happens. */
  'update.requested': { update: UpdateId; request: UpdateRequest };
  /** The request cannot be planned, or must not be; nothing changed. */
  'update.rejected': {
    update: UpdateId;
    code: string;
    message: string;
    hint: string | null;
    refusals: readonly Refusal[];
  };
  /** The update waits for others that touch the same chutes, or what chutes share. */
  'update.queued': { update: UpdateId; behind: readonly UpdateId[] };
  /** A newer update took this one's place; what it had done is undone. */
  'update.superseded': { update: UpdateId; by: UpdateId; stateHash: string };
  /** Somebody cancelled the update; what it had done is undone. */
  'update.cancelled': { update: UpdateId; by: Requester; stateHash: string };
  /** The request became steps. From here on they are done or undone, never planned anew. */
  'update.planned': {
    update: UpdateId;
    patch: Patch;
    steps: readonly Step[];
    planHash: string;
    planners: Readonly<Record<string, number>>;
    /** The `host.observed` that the plan was made with. */
    factsSeq: number;
    /** What the planners warned of; absent when of nothing. */
    warnings?: readonly Warning[];
  };
  /** The steps begin. `ownHash` is what a rollback has to come back to. */
  'update.started': {
    update: UpdateId;
    stateHash: string;
    /** The state hash of what this update is about alone: others may be on their way beside it. */
    ownHash: string;
    /** The hash of the host itself and of other chutes' limits, where its steps change such. */
    sharedHash?: string;
    /** Which other chutes were well at the start: the gate asks for no worse. */
    baseline: Readonly<Record<ChuteName, boolean>>;
  };
  /** The update turns around: from here on it only undoes. */
  'update.aborting': {
    update: UpdateId;
    cause: AbortCause;
    step: StepId | null;
    error: Failure | null;
    by?: Requester | UpdateId;
  };
  /** All steps and gates are through: the device runs what was asked. */
  'update.committed': { update: UpdateId; stateHash: string; unchanged?: true };
  /** All is undone; `verified` says that what it is about has the hash of the start. */
  'update.reverted': {
    update: UpdateId;
    cause: AbortCause;
    stateHash: string;
    verified: boolean;
  };
  /** Undoing could not be finished without a person. */
  'update.stuck': { update: UpdateId; steps: readonly StuckStep[] };
  /** Nothing is left to undo, but some effects were accepted as they are. */
  'update.resolved': { update: UpdateId; stateHash: string; accepted: readonly StepId[] };
  /** A step is about to touch the world; with what undoing will need. */
  'step.intended': AboutStep & {
    kind: string;
    attempt: number;
    inputHash: string;
    undo: Json;
    /** The key of a blob that holds the undo data when it is large. */
    undoBlob?: string;
  };
  /** A driver found out something midway. */
  'step.noted': AboutStep & { fact: Json };
  /** A step's effect is in place, and what that changed in `applied`. */
  'step.succeeded': AboutBeside & {
    attempt: number;
    result: Json;
    patch: Patch;
    inverse: Patch;
    /** Not answered by the driver but found by a probe. */
    recovered?: true;
    durationMs: number;
  };
  /** A driver answered with failure. `final`: it will not be tried again. */
  'step.failed': AboutStep & {
    attempt: number;
    error: Failure;
    class: ErrorClass;
    final: boolean;
    retryInMs: number | null;
    durationMs: number;
  };
  /** A step used up its hard time: what came of it is unknown. */
  'step.timedOut': AboutStep & { attempt: number; afterMs: number };
  /** A step is not needed, thanks to the one named: as long as that is not undone. */
  'step.skipped': AboutStep & { by: StepPlace | null; reason: string; contentHash: string | null };
  /** The world was asked whether a step's effect is there. */
  'step.probed': AboutStep & {
    state: 'done' | 'not-done' | 'partial' | 'unknown';
    evidence: Json;
    /** Whether the step is tried again because of it. */
    again: boolean;
  };
  /** A step's effect is about to be undone. */
  'compensation.intended': AboutStep & { attempt: number };
  /** A step's effect is gone, and `applied` is as before it. */
  'compensation.succeeded': AboutBeside & {
    attempt: number;
    patch: Patch;
    inverse: Patch;
    durationMs: number;
  };
  /** Undoing failed. `final`: a person has to look at it. */
  'compensation.failed': AboutStep & {
    attempt: number;
    error: Failure;
    final: boolean;
    retryInMs: number | null;
  };
  /** There was nothing to undo. */
  'compensation.skipped': AboutStep & { reason: string };
  /** A person settled an undo that had failed. */
  'compensation.resolved': AboutStep & {
    as: 'retry' | 'undone' | 'done';
    message: string;
    by: Requester;
    patch: Patch;
    inverse: Patch;
  };
  /** Health checks began; `deadlineUp` is in milliseconds since `deadlineBoot`. */
  'gate.started': AboutStep & { attempt: number; deadlineUp: number; deadlineBoot: string };
  /** The changed services are well, the others no worse than before. */
  'gate.passed': AboutStep & { attempt: number; result: Json; durationMs: number };
  /** A service did not become well in time. */
  'gate.failed': AboutStep & {
    attempt: number;
    error: Failure;
    class: ErrorClass;
    final: boolean;
    retryInMs: number | null;
    durationMs: number;
  };
  /** What runs is older than what is on disk, until it is reloaded. */
  'reload.owed': {
    update: UpdateId;
    step: StepId;
    key: string;
    contentHash: string;
    /** Whose settings a reload left as they were; absent: those of the update. */
    owners?: readonly ChuteName[];
  };
  /** What runs is what is on disk. */
  'reload.paid': { update: UpdateId; step: StepId; key: string; contentHash: string };
  /** The world differs from what is applied. */
  'drift.found': {
    chute: ChuteName;
    message: string;
    evidence: Json;
    patch: Patch;
    inverse: Patch;
  };
  /** Content that kept crashing is refused until `retryAt`, unless it is asked for by name. */
  'version.quarantined': {
    update: UpdateId;
    chutes: readonly ChuteName[];
    contentHash: string;
    reason: string;
    interruptions: number;
    retryAt: string;
  };
  /**
   * A damaged journal was repaired; what is lost is named. `passed` numbers of updates are not given out
   * any more, because lost updates may have had them: what these did in the world still bears them.
   */
  'journal.repaired': { lost: Json; quarantine: string; passed?: number };
  /** Old records were archived; the chain stays verifiable by this anchor. */
  'journal.pruned': { from: number; to: number; anchor: string };
  /** A torn end, never acknowledged, was cut off on open. */
  'journal.tailCut': { bytes: number; file: string; offset: number };
}

export type EventType = keyof Events;
export type EventOf<T extends EventType> = {
  [K in T]: { readonly type: K } & Readonly<Events[K]>;
}[T];
export type ChuteEvent = EventOf<EventType>;

/** The events that name an update. */
export type UpdateEvent = Extract<ChuteEvent, { readonly update: UpdateId }>;
