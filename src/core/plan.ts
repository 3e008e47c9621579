import type { Applied, AppliedChute, DynamicPorts } from './applied.ts';
import type { ChuteName, Definition, Signature, SourceLocation } from './chute.ts';
import type { HostFacts } from './facts.ts';
import type { DefinitionPolicy } from './host-config/policy.ts';
import type { Patch } from './patch.ts';
import type { ChangedFile } from './render/changed-files.ts';
import type { Requester } from './requester.ts';
import type { CustomStepDraft, ModuleName, ReloadedService, Step, StepDraft } from './step.ts';

/** What was asked of one chute. */
export type Operation = 'apply' | 'create' | 'update' | 'delete' | 'start' | 'stop' | 'restart';

/** What a chute shall be when the update is through; null: gone. */
export type Desired = {
  readonly definition: Definition;
  readonly run: 'running' | 'stopped';
} | null;

/** One chute's way from what the device runs to what was asked for. */
export type Change = {
  readonly chute: ChuteName;
  readonly operation: Operation;
  readonly before: AppliedChute | null;
  readonly desired: Desired;
  /** From the view of what is applied to the view of what is desired: see `viewOf`. */
  readonly patch: Patch;
  /** Where sources were found, by digest. */
  readonly sources: Readonly<Record<string, SourceLocation>>;
  /** Who has signed what is asked for; absent: nobody. */
  readonly signature?: Signature;
  /** Whether a delete drops the volumes too. */
  readonly purge: boolean;
};

/** Why a change cannot be planned, in words a gateway's owner understands and can act on. */
export type Refusal = {
  readonly chute: ChuteName;
  readonly module: ModuleName;
  readonly code: string;
  readonly message: string;
  /** The place in the definition, as a JSON pointer. */
  readonly path: string;
  readonly hint: string;
};

/** What a plan does otherwise than its definition may mean: it goes ahead all the same. */
export type Warning = Omit<Refusal, 'code'>;

export type PlanContext = {
  readonly applied: Applied;
  readonly facts: HostFacts;
  /** Who asks: for access rights. */
  readonly by: Requester;
  /** What the host, as it will be configured, asks of definitions. */
  readonly policy: DefinitionPolicy;
  /** Whether what is asked for is what this device once had. */
  readonly isRollback: boolean;
  /** Every change of this update: for conflicts between chutes. */
  readonly changes: readonly Change[];
  /** What the interfaces of all these changes are given, and the configuration that follows. */
  readonly network: NetworkOutcome;
  /** The ports of the host that all these changes are given. */
  readonly ports: PortsOutcome;
  /** What all services of the device may take of it. */
  readonly limits: LimitsOutcome;
};

/** Ports of an update's chutes that may be any, and why a chute cannot have what it asks for. */
export type PortsOutcome = {
  readonly given: Readonly<Record<ChuteName, DynamicPorts>>;
  readonly refusals: Readonly<Record<ChuteName, readonly PlainRefusal[]>>;
};

/** What services may take of the cpus and the memory, before an update and after it. */
export type LimitsOutcome = {
  readonly before: Applied['limits'];
  readonly after: Applied['limits'];
  readonly refusals: Readonly<Record<ChuteName, readonly PlainRefusal[]>>;
  readonly warnings: Readonly<Record<ChuteName, readonly PlainWarning[]>>;
};

/** The network side of an update, for all its chutes at once: what one is given the next cannot have. */
export type NetworkOutcome = {
  readonly given: Readonly<Record<ChuteName, GivenNetwork>>;
  readonly refusals: Readonly<Record<ChuteName, readonly PlainRefusal[]>>;
  /** Of firewall rules. */
  readonly ruleRefusals: Readonly<Record<ChuteName, readonly PlainRefusal[]>>;
  readonly warnings: Readonly<Record<ChuteName, readonly PlainWarning[]>>;
  /** Why chutes that stay as they are could not, were the host configured as it is asked for. */
  readonly lost: readonly PlainRefusal[];
  /** Files that are to hold something else than what was written, by path. */
  readonly files: readonly ChangedFile[];
  /** Services of the host whose configuration was written and not loaded, by an update before. */
  readonly owed: readonly ReloadedService[];
};

/** What a chute's interfaces and rules come to. */
export type GivenNetwork = Pick<AppliedChute, 'interfaces' | 'redirects'>;

/** A refusal before its chute and module are known. */
export type PlainRefusal = Omit<Refusal, 'chute' | 'module'>;

/** A warning before its chute and module are known. */
export type PlainWarning = Omit<Warning, 'chute' | 'module'>;

/** What a planning module answers: steps, "that is all, and it is fine", or refusals. */
export type Answer = (
  | { readonly steps: readonly (StepDraft | CustomStepDraft)[] }
  | { readonly done: string; readonly steps?: readonly (StepDraft | CustomStepDraft)[] }
  | { readonly refusals: readonly PlainRefusal[] }
) & {
  /** Shown with the plan; no part of it or its hash. */
  readonly warnings?: readonly PlainWarning[];
};

/** Turns a change into steps. Pure: reads nothing but its arguments, touches nothing at all. */
export interface Planner {
  readonly name: ModuleName;
  /** Raised when the same change would give other steps. */
  readonly version: number;
  plan(change: Change, context: PlanContext): Answer;
}

export type Plan = {
  /** SHA-256 over request, patch, steps and planner versions; never the update's number. */
  readonly hash: string;
  /** From the views of what is applied to those of what is desired, below `/chutes/NAME`. */
  readonly patch: Patch;
  readonly steps: readonly Step[];
  readonly planners: Readonly<Record<ModuleName, number>>;
};
