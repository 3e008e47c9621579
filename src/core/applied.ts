import type { ChuteName, Definition, SecretRef, ServiceName } from './chute.ts';
import type { ServiceInstance, ServiceSpec } from './container.ts';
import type { HostDocument } from './host-config/document.ts';
import type { HostFile } from './host-file.ts';
import { canonical, type Sha256 } from './json.ts';
import type { InterfaceAllocation, Redirect } from './network.ts';
import type { RootPath } from './step.ts';

/** Whether a service's process or container runs, as the last step or probe left it. */
export type ServiceState = 'running' | 'stopped' | 'exited';

export type AppliedService = {
  readonly state: ServiceState;
  /** How it was started: what stopping and starting again need. */
  readonly spec: ServiceSpec | null;
  /** Who it is in the world; not part of the state hash. */
  readonly instance: ServiceInstance | null;
};

export type AppliedChute = {
  /** The last definition whose update got through; null before the first. */
  readonly definition: Definition | null;
  /** What its owner wants: a stopped chute keeps its data and definition. */
  readonly run: 'running' | 'stopped';
  readonly services: Readonly<Record<ServiceName, AppliedService>>;
  /** Digest of the release each service's `current` points at. */
  readonly releases: Readonly<Record<ServiceName, string>>;
  /** Named volumes that were made for it. */
  readonly volumes: Readonly<Record<string, true>>;
  /** What its interfaces were given, by their names inside; nothing while it is stopped. */
  readonly interfaces: Readonly<Record<string, InterfaceAllocation>>;
  readonly redirects: readonly Redirect[];
  /** Of its services for the local API: new with the chute, kept for as long as it is there. */
  readonly token?: SecretRef;
  /** Absent when it was given none; nothing while it is stopped. */
  readonly dynamicPorts?: DynamicPorts;
};

/** Ports that may be any free one, by service and by how it asks for it, `auto:5000/tcp`. */
export type DynamicPorts = Readonly<Record<ServiceName, Readonly<Record<string, number>>>>;

/** What a service may take of the host; null: as much as there is. */
export type ServiceLimits = {
  /** Of the cpus, relative to those of all other services. */
  readonly shares: number | null;
  /** In bytes. */
  readonly memory: number | null;
};

/** What the device now runs, step by step: the document that the patches of steps apply to. */
export type Applied = {
  readonly chutes: Readonly<Record<ChuteName, AppliedChute>>;
  /** Ports by external port, `18080/tcp`, and who holds them. */
  readonly reservations: {
    readonly ports: Readonly<
      Record<string, { readonly chute: ChuteName; readonly service: ServiceName }>
    >;
  };
  /** Of running services that have any, by chute and service. */
  readonly limits: Readonly<Record<ChuteName, Readonly<Record<ServiceName, ServiceLimits>>>>;
  readonly host: {
    /** Configuration files of the host by path: what was written of ours, without secrets. */
    readonly files: Readonly<Record<RootPath, HostFile>>;
    /** How the device itself is configured; absent: all by default, said or not. */
    readonly config?: HostDocument;
  };
};

export const NOTHING_APPLIED: Applied = {
  chutes: {},
  reservations: { ports: {} },
  limits: {},
  host: { files: {} },
};

/** A chute before its first step: what `/chutes/NAME` holds while it is being installed. */
export const NEW_CHUTE: AppliedChute = {
  definition: null,
  run: 'stopped',
  services: {},
  releases: {},
  volumes: {},
  interfaces: {},
  redirects: [],
};

/**
 * SHA-256 of what is applied, without identities (pid, boot, marks, tokens): they say who, not what. Pure.
 *
 * Two roots given the same definitions have the same hash; a rollback is checked by it.
 */
export function stateHash(applied: Applied, sha256: Sha256): string {
  const chutes = mapValues(applied.chutes, ({ token: _token, ...chute }) => ({
    ...chute,
    services: mapValues(chute.services, ({ instance: _who, ...what }) => what),
  }));
  return sha256(canonical({ ...applied, chutes }));
}

/**
 * The state hash of these chutes and what they hold, without their limits: those are divided anew when
 * others come. Pure. What one update undid is as before by this, whatever others did meanwhile.
 */
export function partHash(applied: Applied, chutes: ReadonlySet<ChuteName>, sha256: Sha256): string {
  return stateHash(
    {
      chutes: own(applied.chutes, chutes),
      reservations: {
        ports: own(applied.reservations.ports, chutes, (_port, { chute }) => chute),
      },
      limits: NOTHING_APPLIED.limits,
      host: NOTHING_APPLIED.host,
    },
    sha256,
  );
}

/** What an update changes that is not its chutes' alone. */
export type SharedPart = {
  /** Whether it changes the host itself. */
  readonly host: boolean;
  /** The chutes whose limits it changes. */
  readonly limits: ReadonlySet<ChuteName>;
};

/** The hash of what is shared with others. Pure. */
export function sharedHash({ host, limits }: Applied, part: SharedPart, sha256: Sha256): string {
  return sha256(canonical([part.host ? host : null, own(limits, part.limits)]));
}

/** The members of a map that are about these chutes. */
function own<T>(
  map: Readonly<Record<string, T>>,
  chutes: ReadonlySet<ChuteName>,
  chuteOf: (key: string, value: T) => string = String,
): Readonly<Record<string, T>> {
  return Object.fromEntries(
    Object.entries(map).filter(([key, value]) => chutes.has(chuteOf(key, value))),
  );
}

function mapValues<T, R>(
  map: Readonly<Record<string, T>>,
  make: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, make(value)]));
}
