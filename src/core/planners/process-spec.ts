import type { DynamicPorts } from '../applied.ts';
import type { Definition, Service, ServiceName } from '../chute.ts';
import {
  dataDirectory,
  releaseDirectory,
  serviceLog,
  systemDirectory,
  volumeDirectory,
} from '../layout.ts';
import type { ProcessSpec, ToldValue } from '../step.ts';
import { splitWords } from '../words.ts';
import { withPorts } from './dynamic-ports.ts';
import { publishedPorts } from './published-ports.ts';

/** Where a service's data is mounted unless its definition names other places. */
const DATA_PATH = '/data';

/**
 * How a service is started as a process. Pure.
 *
 * It names the release itself, not the link to the current one: a process that an undo starts again
 * is the one that ran, whatever the link points at by then.
 */
export function processSpec(
  definition: Definition,
  name: ServiceName,
  service: Service,
  given: DynamicPorts = {},
): ProcessSpec {
  const chute = definition.name;
  return {
    command: commandOf(service) ?? [],
    directory: service.source
      ? releaseDirectory(chute, service.source.digest)
      : dataDirectory(chute),
    environment: {
      ...definition.environment,
      ...service.environment,
      ...systemEnvironment(definition, placesOf(definition, service)),
      ...portEnvironment(withPorts(definition, 'process', given), name, given[name] ?? {}),
    },
    log: serviceLog(chute, name),
    stop: service.stop,
  };
}

/** The words of a service's command; null when it has none or a quote of it is open. Pure. */
export function commandOf({ command }: Service): readonly string[] | null {
  const words = typeof command === 'string' ? splitWords(command) : command;
  return words && words.length > 0 && words[0] !== '' ? words : null;
}

/** Where a service finds what is kept for it. */
type Places = {
  readonly data: string | ToldValue;
  readonly system: string | ToldValue;
  readonly volumes: Readonly<Record<string, string | ToldValue>>;
};

/** Nothing is mounted for a process: it is told where each of its volumes is. */
function placesOf({ name: chute, dataDir = DATA_PATH }: Definition, service: Service): Places {
  const data = service.volumes[dataDir];
  const volumes = Object.values(service.volumes).map(({ name }) => [
    name,
    { $path: volumeDirectory(chute, name) },
  ]);
  return {
    data: { $path: data ? volumeDirectory(chute, data.name) : dataDirectory(chute) },
    system: { $path: systemDirectory(chute) },
    volumes: Object.fromEntries(volumes) as Places['volumes'],
  };
}

/** What the system tells every service, and a definition cannot override. Pure. */
export function systemEnvironment(
  definition: Definition,
  places: Places,
): ProcessSpec['environment'] {
  const chute = definition.name;
  const told: Record<string, string | ToldValue> = {
    CHUTE_NAME: chute,
    CHUTE_VERSION: String(definition.version ?? ''),
    DATA_DIR: places.data,
    SYSTEM_DIR: places.system,
    ROUTER_ID: { $host: 'name' },
    // Programs for ParaDrop read these; this device has no such feature, and no API over WebSockets.
    FEATURES: '',
    WS_API_URL: '',
    API_URL: { $api: '/v1' },
    BASE_URL: { $api: `/v1/chutes/${chute}` },
    API_TOKEN: { $token: chute },
  };
  const twins = Object.entries(told).flatMap(([key, value]) => [
    [`PARADROP_${key}`, value],
    [`RIPCORD_${key}`, value],
  ]);
  const volumes = Object.entries(places.volumes).map(([volume, path]) => [
    `RIPCORD_VOLUME_${volume.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`,
    path,
  ]);
  return Object.fromEntries([...volumes, ...twins]) as ProcessSpec['environment'];
}

/** Where a service shall listen, and which port of the host each that may be any has become. Pure. */
export function portEnvironment(
  definition: Definition,
  name: ServiceName,
  given: DynamicPorts[string],
): ProcessSpec['environment'] {
  const port = portOf(definition, name);
  const ports = Object.entries(given).map(([key, external]) => [
    `RIPCORD_PORT_${key.slice('auto:'.length).replace('/tcp', '').replace('/', '_').toUpperCase()}`,
    String(external),
  ]);
  return {
    ...(Object.fromEntries(ports) as Readonly<Record<string, string>>),
    ...(port !== null && { PORT: String(port) }),
  };
}

/** The web port for the service behind it, for the others their first binding. */
function portOf(definition: Definition, name: ServiceName): number | null {
  if (definition.web?.service === name) return definition.web.port;
  return publishedPorts(definition).find(({ service }) => service === name)?.internal ?? null;
}
