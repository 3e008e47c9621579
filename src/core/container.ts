import type { ChuteName, EnvironmentValue, Health, ServiceName } from './chute.ts';
import type { ProcessInstance, ProcessSpec, RootPath, ToldValue } from './step.ts';

/** How a container of a service is made; complete, so that it can be made again at any time. */
export type ContainerSpec = {
  /** `<chute>-<service>`. */
  readonly name: string;
  /** As the engine of containers knows it: `<chute>-<service>:<version>`, or what the definition names. */
  readonly image: string;
  /** Instead of the image's own; a text of the definition has become a shell's argument. */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, EnvironmentValue | ToldValue>>;
  /** The chute's own bridge and the names it is found by on it; null: the network of the host. */
  readonly network: { readonly name: string; readonly aliases: readonly string[] } | null;
  /** By port of the host, `18080/tcp`: the port inside. */
  readonly ports: Readonly<Record<string, number>>;
  /** By path inside. */
  readonly mounts: Readonly<
    Record<string, { readonly source: RootPath; readonly readOnly: boolean }>
  >;
  /** Whose processes they are, by number: the files it may write are given to it. */
  readonly uid: number;
  readonly privileged: boolean;
  /** Name servers; none: those of the engine. */
  readonly dns: readonly string[];
  readonly stop: { readonly signal: string; readonly graceMs: number };
};

/** Which container is meant: a name alone may be somebody else's by now. */
export type ContainerInstance = {
  /** The id that the engine of containers gave it. */
  readonly container: string;
  /** `uN/<step id>` of the step that started it: its label `ripcord.step`. */
  readonly mark: string;
};

/** How a service runs, by whichever runtime. */
export type ServiceSpec = ProcessSpec | ContainerSpec;
export type ServiceInstance = ProcessInstance | ContainerInstance;

/** Whether a service runs as a container. Pure. */
export function isContainer(spec: ServiceSpec): spec is ContainerSpec {
  return 'image' in spec;
}

/** Whether this is who a container is. Pure. */
export function isContainerInstance(instance: ServiceInstance): instance is ContainerInstance {
  return 'container' in instance;
}

/** What an image is built of. */
export type ImageRecipe = {
  /** Digest of the release it is built of; null: of the recipe alone. */
  readonly release: string | null;
  /** The Dockerfile; null: the one at the top of the release. */
  readonly dockerfile: string | null;
};

/** The kinds of steps of the docker runtime. */
export interface ContainerKinds {
  /** Brings an image from where it is published, unless it is there, and says for which chute. */
  'image.pull@1': {
    args: { readonly chute: ChuteName; readonly image: string };
    /** Whether it was there for this chute, or is somebody else's. */
    undo: { readonly existed: boolean };
    result: { readonly image: string; readonly pulled: boolean };
  };
  /** Builds the image of a service, unless the one that is there is made of the same. */
  'image.build@1': {
    args: {
      readonly chute: ChuteName;
      readonly service: ServiceName;
      /** What it is called when it is done. */
      readonly image: string;
    } & ImageRecipe;
    /** The id of what was called so before. */
    undo: { readonly previous: string | null };
    result: { readonly image: string; readonly built: boolean };
  };
  /** Sees that images are there, made for the machine that this is. No effect. */
  'image.check@1': {
    args: { readonly chute: ChuteName; readonly images: readonly string[] };
    undo: null;
    /** The id of each. */
    result: { readonly images: Readonly<Record<string, string>> };
  };
  /** Drops images that no definition names any more: behind the commit. */
  'image.drop@1': {
    args: {
      readonly chute: ChuteName;
      /** By name, what stays for the chute of those that were built or pulled for it. */
      readonly keep: readonly string[];
      /** What other chutes name: it stays for them, when it was brought for them, too. */
      readonly shared: readonly string[];
      /** What was built of these stays although its name is another's by now: the version before. */
      readonly recipes: readonly (ImageRecipe & { readonly service: ServiceName })[];
    };
    undo: null;
    result: { readonly dropped: readonly string[] };
  };
  /** Makes the bridge on which the services of a chute find each other. */
  'network.create@1': {
    args: { readonly chute: ChuteName; readonly network: string };
    undo: { readonly existed: boolean };
    result: null;
  };
  /** Removes the bridge of a chute: behind the commit, as what was put aside is still tied to it. */
  'network.remove@1': {
    args: { readonly chute: ChuteName; readonly network: string };
    undo: null;
    result: null;
  };
  /** Stops a service's container and puts it aside, under another name, until the update is through. */
  'container.stop@1': {
    args: {
      readonly chute: ChuteName;
      readonly service: ServiceName;
      /** What to make again when it is not there any more when this is undone. */
      readonly spec: ContainerSpec;
      /** What tells that it is back, so that undoing is over only when it serves again. */
      readonly ready: Health | null;
    };
    undo: {
      readonly instance: ContainerInstance | null;
      /** Id of the image it was made of: its name may mean another by now. */
      readonly image: string | null;
    };
    result: { readonly exit: string; readonly log: readonly string[] };
  };
  /** Makes a service's container and starts it. The engine of containers leaves it dead if it dies. */
  'container.start@1': {
    args: {
      readonly chute: ChuteName;
      readonly service: ServiceName;
      readonly spec: ContainerSpec;
    };
    undo: null;
    result: { readonly instance: ContainerInstance };
  };
  /** Has the engine of containers start what dies, also with the device: behind the commit. */
  'container.keep@1': {
    args: { readonly chute: ChuteName; readonly services: readonly ServiceName[] };
    undo: null;
    result: { readonly kept: readonly ServiceName[] };
  };
  /** Removes what was put aside of a chute: behind the commit. */
  'container.remove@1': {
    args: { readonly chute: ChuteName; readonly services: readonly ServiceName[] };
    undo: null;
    /** Names. */
    result: { readonly removed: readonly string[] };
  };
}
