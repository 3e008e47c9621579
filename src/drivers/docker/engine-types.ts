/* What of the Engine API's answers and bodies is used here, under its own names. */

export type Labels = Readonly<Record<string, string>>;

export type EngineVersion = {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion?: string;
  readonly Arch: string;
  readonly Os: string;
  readonly Components?: readonly { readonly Name: string }[];
};

export type EngineInfo = {
  readonly ID?: string;
  readonly DockerRootDir?: string;
  readonly LiveRestoreEnabled?: boolean;
  readonly Driver?: string;
  readonly CgroupVersion?: string;
  readonly ServerVersion?: string;
};

export type RestartPolicy = { readonly Name: 'no' | 'unless-stopped' };

export type Mount = {
  readonly Type: 'bind';
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
};

export type HostConfig = {
  readonly Init?: boolean;
  readonly NetworkMode?: string;
  readonly RestartPolicy?: RestartPolicy;
  readonly Mounts?: readonly Mount[];
  readonly PortBindings?: Readonly<
    Record<string, readonly { readonly HostIp?: string; readonly HostPort: string }[]>
  >;
  readonly Privileged?: boolean;
  readonly Dns?: readonly string[];
  readonly CpuShares?: number;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly LogConfig?: { readonly Type: string; readonly Config: Labels };
};

/** The body of a create call. */
export type ContainerBody = {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels: Labels;
  readonly StopSignal?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly HostConfig: HostConfig;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<Record<string, { readonly Aliases?: readonly string[] }>>;
  };
};

export type ContainerSummary = {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Labels: Labels;
  readonly State: ContainerState;
  readonly Ports: readonly { readonly PublicPort?: number; readonly Type: string }[] | null;
};

export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead';

export type Container = {
  readonly Id: string;
  /** With a slash before it. */
  readonly Name: string;
  readonly Image: string;
  readonly State: {
    readonly Status: ContainerState;
    readonly Running: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
  readonly RestartCount: number;
  readonly Config: { readonly Labels: Labels | null };
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly RestartPolicy: { readonly Name: string };
    readonly CpuShares: number;
    readonly Memory: number;
  };
};

export type ExecState = {
  readonly Running: boolean;
  /** As the engine's host numbers it; 0 before it runs. */
  readonly Pid: number;
  readonly ExitCode: number | null;
};

export type Image = {
  readonly Id: string;
  /** Id of the one it was built on here; empty for one that came from elsewhere. */
  readonly Parent?: string;
  readonly Architecture: string;
  readonly Os: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Config: { readonly Labels: Labels | null } | null;
};

export type ImageSummary = {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly Labels: Labels | null;
};

export type Network = {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Labels | null;
  readonly Containers?: Readonly<Record<string, { readonly Name: string }>> | null;
};

/** The body of a network's create call. */
export type NetworkSpec = {
  readonly Name: string;
  readonly Driver: 'bridge';
  readonly CheckDuplicate: true;
  readonly Labels: Labels;
  readonly Options?: Labels;
  readonly IPAM?: {
    readonly Config: readonly { readonly Subnet: string; readonly Gateway?: string }[];
  };
};
