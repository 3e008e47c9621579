import type { ServiceLimits } from './applied.ts';
import type {
  ChuteName,
  EnvironmentValue,
  Health,
  SecretRef,
  ServiceName,
  SourceLocation,
} from './chute.ts';
import type { ContainerKinds } from './container.ts';
import type { FileChange } from './host-file.ts';
import type { Json } from './json.ts';
import type { Patch } from './patch.ts';

export type StepId = string;

/** The planning modules of ParaDrop, in the order in which they are asked. */
export type ModuleName = string;

/** A path below the root directory. Journaled data never holds the root itself. */
export type RootPath = string;

/** The token of a chute for the local API, wherever its mark is kept: `applied` has it. */
export type TokenRef = { readonly $token: ChuteName };

/** What only the device can say, when the process starts. */
export type ToldValue =
  /** A path below the root. */
  | { readonly $path: RootPath }
  /** A URL of the local API. */
  | { readonly $api: string }
  /** How the device is called. */
  | { readonly $host: 'name' }
  | TokenRef;

/** How a process of a service is started; complete, so that undoing a stop needs nothing else. */
export type ProcessSpec = {
  readonly command: readonly string[];
  readonly directory: RootPath;
  readonly environment: Readonly<Record<string, EnvironmentValue | ToldValue>>;
  readonly log: RootPath;
  readonly stop: { readonly signal: string; readonly graceMs: number };
};

/** Which process is meant: a pid alone may be somebody else's after a reboot. */
export type ProcessInstance = {
  readonly pid: number;
  /** Start time in clock ticks since boot, `/proc/PID/stat` field 22. */
  readonly startTicks: number;
  readonly boot: string;
  /** `uN/<step id>` of the step that started it: its mark in the environment, `RIPCORD_STEP`. */
  readonly mark: string;
};

/** The checks that have to pass before an update is committed. */
export type GateCheck = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly health: Health;
} & (
  | { readonly directory: RootPath }
  /** By name: what is asked is asked of it, and inside it. */
  | { readonly container: string }
);

/** What has to be told when its configuration changed. */
export type ReloadedService = 'dhcp' | 'firewall' | 'network' | 'wifi';

/** What a service of the host has to load: `paths` are what the update writes of it. */
export type ReloadArgs = {
  readonly service: ReloadedService;
  readonly paths: readonly RootPath[];
  /** Whose update it is, with the host itself: a file in which these have a part is theirs to answer for. */
  readonly chutes?: readonly ChuteName[];
};

/** A file that would be written, and the tool that can say whether it is right. */
export type CheckedFile = FileChange & { readonly tool: 'nft' | 'dnsmasq' };

/** Every built-in kind of step: what a planner writes, what undoing needs, what running leaves. */
export interface StepKinds extends ContainerKinds {
  /** Makes a directory below the root. */
  'directory.create@1': {
    args: { readonly path: RootPath };
    undo: {
      readonly existed: boolean;
      /** The token of a chute that begins with this directory. */
      readonly token?: SecretRef;
    };
    result: null;
  };
  /** Removes a directory below the root: behind the commit, so there is no way back from it. */
  'directory.remove@1': { args: { readonly path: RootPath }; undo: null; result: null };
  /** Brings a source's tree into the store of releases, checked against its digest. */
  'release.fetch@1': {
    args: {
      readonly chute: ChuteName;
      readonly digest: string;
      readonly location: SourceLocation;
    };
    undo: { readonly existed: boolean };
    result: { readonly files: number; readonly bytes: number };
  };
  /** Points a service's `current` at a release (null: at none), in one rename. */
  'release.switch@1': {
    args: {
      readonly chute: ChuteName;
      readonly service: ServiceName;
      readonly digest: string | null;
    };
    undo: { readonly previous: string | null };
    result: null;
  };
  /** Drops releases that nothing names any more: behind the commit. */
  'release.drop@1': {
    args: { readonly chute: ChuteName; readonly keep: readonly string[] };
    undo: null;
    result: { readonly dropped: readonly string[] };
  };
  /** Makes a chute's named volume. Its content is the chute's own. */
  'volume.create@1': {
    args: { readonly chute: ChuteName; readonly volume: string };
    undo: { readonly existed: boolean };
    result: null;
  };
  /** Drops a volume with its content: behind the commit. */
  'volume.remove@1': {
    args: { readonly chute: ChuteName; readonly volume: string };
    undo: null;
    result: null;
  };
  /** Sees that ports are free, or held by what this plan is about to stop. No effect. */
  'port.check@1': {
    args: { readonly chute: ChuteName; readonly ports: readonly string[] };
    undo: null;
    result: null;
  };
  /** Sees that secrets can be read which services will be started with. No effect. */
  'secret.check@1': {
    args: { readonly chute: ChuteName; readonly secrets: readonly SecretRef[] };
    undo: null;
    result: null;
  };
  /** Limits what the services of a chute may take, those that run now and those that will be started. */
  'resource.limit@1': {
    args: {
      readonly chute: ChuteName;
      /** Of each service that has limits; the others of the chute have none. */
      readonly services: Readonly<Record<ServiceName, ServiceLimits>>;
    };
    undo: { readonly before: Readonly<Record<ServiceName, ServiceLimits>> };
    /** Services that ran, and so were limited at once. */
    result: { readonly running: readonly ServiceName[] };
  };
  /** Stops a service's process group and waits until it is gone. */
  'process.stop@1': {
    args: {
      readonly chute: ChuteName;
      readonly service: ServiceName;
      /** What to start again when this is undone. */
      readonly spec: ProcessSpec;
      /** What tells that it is back, so that undoing is over only when it serves again. */
      readonly ready: Health | null;
    };
    undo: { readonly instance: ProcessInstance | null };
    result: { readonly exit: string; readonly log: readonly string[] };
  };
  /** Starts a service as a supervised process in its own session. */
  'process.start@1': {
    args: { readonly chute: ChuteName; readonly service: ServiceName; readonly spec: ProcessSpec };
    undo: null;
    result: { readonly instance: ProcessInstance };
  };
  /** Waits until the changed services are well and the others no worse than before. No effect. */
  'gate.check@1': {
    args: {
      readonly checks: readonly GateCheck[];
      readonly withinMs: number;
    };
    undo: null;
    result: Json;
  };
  /** Has the real tools look at configuration before anything reads it. No effect. */
  'config.check@1': {
    args: { readonly files: readonly CheckedFile[] };
    undo: null;
    result: { readonly answers: Readonly<Record<RootPath, string>> };
  };
  /**
   * Runs nothing going forward: undoing it, after all writers are undone, reloads what they put back
   * (ParaDrop's reload on back-out).
   */
  'config.restore@1': {
    args: ReloadArgs;
    undo: null;
    result: null;
  };
  /**
   * Writes one file of the host's configuration, or removes it, in one rename. What the file is to hold
   * is what `applied` has of it, with these sections instead of those.
   */
  'config.write@1': {
    args: FileChange;
    undo: {
      /** What was there: what `applied` has of it, what we are about to write, or somebody else's. */
      readonly found: 'before' | 'wanted' | 'foreign';
      /** What undoing puts back: the sections as they were written, whoever would render them otherwise now. */
      readonly back: FileChange;
    };
    result: { readonly changed: boolean };
  };
  /** Makes what runs what is on disk. */
  'config.reload@1': {
    args: ReloadArgs;
    undo: null;
    result: { readonly files: number };
  };
  /**
   * Writes what a chute now is into `applied`: the operations of `patch`, as they are. No effect on
   * the world. The first plan of a chute begins with one that adds the empty chute (`NEW_CHUTE`), so
   * that the patches of starts, switches and volumes find their parent; the last one sets definition
   * and run state, or removes the chute; both keep `/reservations/ports` right.
   */
  'chute.save@1': {
    args: { readonly chute: ChuteName; readonly patch: Patch };
    undo: null;
    result: null;
  };
  /** Writes how the device itself is configured into `applied`. No effect on the world. */
  'host.save@1': { args: { readonly patch: Patch }; undo: null; result: null };
}

export type BuiltInKind = keyof StepKinds;
export type ArgsOf<K extends BuiltInKind> = StepKinds[K]['args'];
export type UndoOf<K extends BuiltInKind> = StepKinds[K]['undo'];
export type ResultOf<K extends BuiltInKind> = StepKinds[K]['result'];

/** One unit of a plan, as data: it can be shown, journaled, compared, merged and replayed. */
export type Step = {
  /** Its place in the plan, from 1. */
  readonly n: number;
  /** Readable and unique in the plan, e.g. `hello/main/process.start`; without the update's number. */
  readonly id: StepId;
  readonly chute: ChuteName;
  readonly module: ModuleName;
  readonly phase: number;
  /** Steps of one level are independent of each other; a level begins when the ones below are done. */
  readonly level: number;
  /** `noun.verb@version`. */
  readonly kind: string;
  readonly args: Json;
  /** What it reloads or satisfies: steps with one key become one. */
  readonly key?: string;
  /** The chutes that asked for a merged step. */
  readonly owners?: readonly ChuteName[];
  readonly needs?: readonly StepId[];
  /** In words, for people: what undoing does. Absent: there is nothing to undo. */
  readonly undo?: string;
  readonly title: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly afterCommit?: true;
};

/** What a planner writes; the plan gives it its place, its chute and its module. */
export type StepDraft = {
  [K in BuiltInKind]: DraftOf<K, ArgsOf<K>>;
}[BuiltInKind];

/** A draft of a kind that was registered from outside. */
export type CustomStepDraft = DraftOf<string, Json>;

type DraftOf<K extends string, A> = {
  readonly id: StepId;
  readonly phase: number;
  readonly kind: K;
  readonly args: A;
  readonly title: string;
  readonly key?: string;
  readonly needs?: readonly StepId[];
  readonly undo?: string;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly afterCommit?: true;
};
