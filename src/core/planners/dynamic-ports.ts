import type { AppliedChute, DynamicPorts } from '../applied.ts';
import type { Definition, Health, PortBinding, Service } from '../chute.ts';
import { isContainer } from '../container.ts';
import type { HostFacts } from '../facts.ts';

export type Runtime = HostFacts['runtime'];

/** By which runtime a chute runs, as far as anything of it ever ran. Pure. */
export function runtimeOf({ services }: Pick<AppliedChute, 'services'>): Runtime {
  const hasContainer = Object.values(services).some(({ spec }) => spec && isContainer(spec));
  return hasContainer ? 'docker' : 'process';
}

/** Whether what a service listens on inside is what others find outside. Pure. */
export function listensOutside({ requests }: Service, runtime: Runtime): boolean {
  return runtime === 'process' || requests.networkMode === 'host';
}

/**
 * A definition in which every port that may be any free one is the one that was given. Pure.
 *
 * A process listens on the port of the host itself, so its web port and its health are asked for there
 * too; a container of its own network listens where it is written, and is published elsewhere. What has
 * none yet stays as it is written.
 */
export function withPorts(
  definition: Definition,
  runtime: Runtime,
  given: DynamicPorts = {},
): Definition {
  if (Object.keys(given).length === 0) return definition;
  const services = Object.entries(definition.services).map(([name, service]) => {
    const own = given[name] ?? {};
    return [name, listensOutside(service, runtime) ? moved(service, own) : published(service, own)];
  });
  const { web } = definition;
  const behind = web && definition.services[web.service];
  const port =
    web && behind && listensOutside(behind, runtime) && outside(given[web.service] ?? {}, web.port);
  return {
    ...definition,
    services: Object.fromEntries(services) as Definition['services'],
    ...(web && typeof port === 'number' && { web: { ...web, port } }),
  };
}

/** With the ports inside that it has outside. */
function moved(service: Service, given: DynamicPorts[string]): Service {
  const ports = Object.entries(service.ports).map(([key, binding]) => {
    const external = given[key];
    if (external === undefined) return [key, binding] as const;
    return [`${external}/${protocolOf(key)}`, { internal: external }] as const;
  });
  const health = service.health && healthWith(service.health, given);
  return { ...service, ports: Object.fromEntries(ports), ...(health && { health }) };
}

/** With a port outside for each inside, the web port included that nobody bound. */
function published(service: Service, given: DynamicPorts[string]): Service {
  const named = Object.entries(service.ports).filter(([key]) => !Object.hasOwn(given, key));
  const any = Object.entries(given).map(([key, external]): readonly [string, PortBinding] => [
    `${external}/${protocolOf(key)}`,
    { internal: Number.parseInt(key.slice('auto:'.length), 10) },
  ]);
  return { ...service, ports: Object.fromEntries([...named, ...any]) };
}

const protocolOf = (key: string): string => key.split('/')[1] ?? 'tcp';

function healthWith(health: Health, given: DynamicPorts[string]): Health {
  const { check } = health;
  if (check.type !== 'http' && check.type !== 'tcp') return health;
  const port = outside(given, check.port) ?? check.port;
  return { ...health, check: { ...check, port } };
}

/** The port of the host that a tcp port was given; null when it has none of its own. */
const outside = (given: DynamicPorts[string], internal: number): number | null =>
  given[`auto:${internal}/tcp`] ?? null;
