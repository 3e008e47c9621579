import type { Applied } from './applied.ts';
import type { ChuteName, SecretRef } from './chute.ts';
import type { Failure } from './errors.ts';
import type { Json } from './json.ts';
import type { Patch } from './patch.ts';
import type { ArgsOf, BuiltInKind, ResultOf, Step, TokenRef, UndoOf } from './step.ts';

/** What a driver may know and do while it carries out one step. */
export interface StepContext {
  readonly step: Step;
  readonly update: string;
  readonly attempt: number;
  /** `uN/<step id>`: how the effect is stamped in the world, so that a probe can find it. */
  readonly mark: string;
  /** The root directory; arguments hold paths below it. */
  readonly root: string;
  /** Aborted at the step's hard time and when the engine must stop at once. */
  readonly signal: AbortSignal;
  /** What is applied at this moment. */
  readonly applied: Applied;
  /** Journals a fact found midway; `durable` waits until it is on disk. */
  note(fact: Json, options?: { readonly durable?: boolean }): Promise<void>;
  /** The value behind a secret's mark, or a chute's token. Throws RIPCORD_SECRET_MISSING. */
  secret(ref: SecretRef | TokenRef): Promise<string>;
  /** Keeps a value that must not be journaled; its mark may be. On disk on return. Safe to repeat. */
  keepSecret(value: string): Promise<SecretRef>;
  /** When the step's own deadline passes, in milliseconds since boot; survives a restart. */
  readonly deadlineUp: number | null;
  /** Milliseconds since boot. */
  up(): number;
}

/** What running a step leaves: facts for people, and what it changed in `applied`. */
export type Done<Result> = {
  readonly result: Result;
  /** Operations on `Applied`, e.g. `/chutes/hello/services/main`. */
  readonly patch?: Patch;
} & Reloads &
  Warned;

/** What failed beside a step and is none of its update's business: recorded, and the step is done. */
export type Warned = { readonly warnings?: readonly Failure[] };

/** How a step leaves what is on disk and what runs to each other. */
export type Reloads = {
  /** What runs is older than what is on disk until this is reloaded. */
  readonly owes?: readonly Reload[];
  /** What runs is what is on disk. */
  readonly pays?: readonly Reload[];
};

/** One thing that reads configuration (`reload:dhcp`) and the hash of what it has to read. */
export type Reload = {
  readonly key: string;
  readonly hash: string;
  /** Whose settings are not loaded; absent: those of the update. */
  readonly owners?: readonly ChuteName[];
};

/** Why a step is not needed: what runs already is what it would bring. */
export type Skip = {
  readonly reason: string;
  readonly contentHash: string | null;
} & Pick<Reloads, 'pays'>;

/**
 * What a look at the world says of a step's effect. `partial` is something of it but not all,
 * `unknown` means that the world would not answer.
 */
export type Probe<Result> =
  | { readonly state: 'done'; readonly evidence: Json; readonly done: Done<Result> }
  | { readonly state: 'not-done' | 'partial' | 'unknown'; readonly evidence: Json };

/**
 * Carries out one kind of step on a real device. The only code that touches the world.
 *
 * The engine records an intent with the undo data before `run` and an outcome after it, so a crash
 * can fall between the effect and its record; `probe` settles that by looking at the world.
 */
export interface Driver<Args, Undo, Result> {
  /** False when running changes nothing outside the journal; then there is no intent and no probe. */
  readonly effect?: false;
  /** Whether running again over a half-done or done effect is harmless. Required without a probe. */
  readonly idempotent?: boolean;
  /** Read-only: whether the step is not needed, because what runs already is as it shall be. */
  skip?(context: StepContext, args: Args): Promise<Skip | null>;
  /** Read-only: what undoing will need, journaled with the intent before the effect. */
  prepare?(context: StepContext, args: Args): Promise<Undo>;
  /** Puts the effect in place, or throws; an error says by its class what it left behind. */
  run(context: StepContext, args: Args, undo: Undo): Promise<Done<Result>>;
  /** Read-only, at most 5 s: compares identity and content, never names alone. */
  probe?(context: StepContext, args: Args, undo: Undo): Promise<Probe<Result>>;
  /**
   * Takes the effect away. Accepts any prefix of its own run; nothing there is success. The engine
   * reverts the step's patch; what `applied` needs beyond that comes back as `patch`.
   */
  undo?(context: StepContext, args: Args, undo: Undo): Promise<Undone | void>;
  /** Instead of `undo`: several things to do, in this order. Each of them as `undo` does. */
  readonly undoList?: readonly UndoPart<Args, Undo>[];
}

/** What undoing leaves beyond the step's patch being taken back. */
export type Undone = { readonly patch?: Patch } & Reloads & Warned;

/** One of several things that undo a step. */
export type UndoPart<Args, Undo> = {
  /**
   * What it comes to, whichever step it is done for: of all steps of an update that have a part with
   * this key, it is done for the one that is undone first.
   */
  key?(args: Args): string;
  undo(context: StepContext, args: Args, undo: Undo): Promise<Undone | void>;
};

export type DriverOf<K extends BuiltInKind> = Driver<ArgsOf<K>, UndoOf<K>, ResultOf<K>>;

/** A driver for every built-in kind: the compiler finds the missing one. */
export type BuiltInDrivers = { readonly [K in BuiltInKind]: DriverOf<K> };

/** A driver whose types are known to its kind alone; the registry holds these. */
export type AnyDriver = Driver<Json, Json, Json>;

export type Drivers = Readonly<Record<string, AnyDriver>>;
