import type { DynamicPorts } from '../applied.ts';
import type { ChuteName, Definition, Service, ServiceName } from '../chute.ts';
import type { ContainerSpec } from '../container.ts';
import { dataDirectory, systemDirectory, volumeDirectory } from '../layout.ts';
import type { RootPath } from '../step.ts';
import { withPorts } from './dynamic-ports.ts';
import { portEnvironment, systemEnvironment } from './process-spec.ts';
import { publishedPorts } from './published-ports.ts';

/** Where a chute finds its data and what the system tells it, unless it says otherwise. */
const DATA_PATH = '/data';
const SYSTEM_PATH = '/paradrop';

/** Whose the processes of a service are that does not ask to be root. */
const UNPRIVILEGED_UID = 999;

/** Longer ones no engine takes. */
const TAG_LENGTH_MAX = 128;

/** How a service is made as a container. Pure. */
export function containerSpec(
  definition: Definition,
  name: ServiceName,
  service: Service,
  given: DynamicPorts = {},
): ContainerSpec {
  const chute = definition.name;
  const { requests, dns, stop } = service;
  const ownNetwork = requests.networkMode !== 'host';
  const reached = withPorts(definition, 'docker', given);
  const command = commandIn(service);
  return {
    name: containerName(chute, name),
    image: imageName(definition, name, service),
    ...(command && { command }),
    environment: {
      ...definition.environment,
      ...service.environment,
      ...systemEnvironment(definition, {
        data: definition.dataDir ?? DATA_PATH,
        system: definition.systemDir ?? SYSTEM_PATH,
        volumes: Object.fromEntries(
          Object.entries(service.volumes).map(([path, volume]) => [volume.name, path]),
        ),
      }),
      ...portEnvironment(reached, name, given[name] ?? {}),
    },
    network: ownNetwork ? { name: networkName(chute), aliases: [name] } : null,
    ports: ownNetwork
      ? Object.fromEntries(
          publishedPorts(reached)
            .filter((port) => port.service === name)
            .map(({ key, internal }) => [key, internal]),
        )
      : {},
    mounts: mountsOf(definition, service),
    uid: requests.asRoot === true ? 0 : UNPRIVILEGED_UID,
    privileged: requests.privileged === true,
    dns,
    stop,
  };
}

/** What the container of a service is called. Pure. */
export function containerName(chute: ChuteName, service: ServiceName): string {
  return `${chute}-${service}`;
}

/** What the bridge of a chute is called. Pure. */
export function networkName(chute: ChuteName): string {
  return `ripcord-${chute}`;
}

/** What the image of a service is called: what it names, else its own by version. Pure. */
export function imageName(
  { name: chute, version }: Definition,
  name: ServiceName,
  { type, image }: Service,
): string {
  if (type === 'image' && image !== undefined) return image;
  const tag = String(version ?? 'latest').replaceAll(/[^\w.-]/g, '-');
  const whole = /^[.-]/.test(tag) ? `v${tag}` : tag;
  return `${containerName(chute, name)}:${whole.slice(0, TAG_LENGTH_MAX)}`;
}

/** A text is for the shell inside, as in a Dockerfile; a list is what it is. */
function commandIn({ command }: Service): readonly string[] | null {
  if (command === undefined) return null;
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
}

function mountsOf(
  { name: chute, dataDir = DATA_PATH, systemDir = SYSTEM_PATH }: Definition,
  { volumes }: Service,
): ContainerSpec['mounts'] {
  const own = Object.entries(volumes).map(([path, volume]) => [
    path,
    volumeDirectory(chute, volume.name),
  ]);
  const written: Readonly<Record<string, RootPath>> = {
    [dataDir]: dataDirectory(chute),
    ...(Object.fromEntries(own) as Record<string, RootPath>),
  };
  const mounts = Object.entries(written).map(([path, source]) => [
    path,
    { source, readOnly: false },
  ]);
  return {
    ...(Object.fromEntries(mounts) as ContainerSpec['mounts']),
    [systemDir]: { source: systemDirectory(chute), readOnly: true },
  };
}
