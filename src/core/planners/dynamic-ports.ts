import type { DynamicPorts } from '../applied.ts';
import type { Definition, Health, Service } from '../chute.ts';

/**
 * A definition in which every port that may be any free one is the one that was given. Pure.
 *
 * A process listens on the port of the host itself, so its web port and its health are asked for there
 * too. What has none yet stays as it is written.
 */
export function withPorts(definition: Definition, given: DynamicPorts = {}): Definition {
  if (Object.keys(given).length === 0) return definition;
  const services = Object.entries(definition.services).map(([name, service]) => [
    name,
    serviceWith(service, given[name] ?? {}),
  ]);
  const { web } = definition;
  const port = web && outside(given[web.service] ?? {}, web.port);
  return {
    ...definition,
    services: Object.fromEntries(services) as Definition['services'],
    ...(web && port !== null && port !== undefined && { web: { ...web, port } }),
  };
}

function serviceWith(service: Service, given: DynamicPorts[string]): Service {
  const ports = Object.entries(service.ports).map(([key, binding]) => {
    const external = given[key];
    if (external === undefined) return [key, binding] as const;
    return [`${external}/${key.split('/')[1] ?? 'tcp'}`, { internal: external }] as const;
  });
  const health = service.health && healthWith(service.health, given);
  return { ...service, ports: Object.fromEntries(ports), ...(health && { health }) };
}

function healthWith(health: Health, given: DynamicPorts[string]): Health {
  const { check } = health;
  if (check.type !== 'http' && check.type !== 'tcp') return health;
  const port = outside(given, check.port) ?? check.port;
  return { ...health, check: { ...check, port } };
}

/** The port of the host that a tcp port was given; null when it has none of its own. */
const outside = (given: DynamicPorts[string], internal: number): number | null =>
  given[`auto:${internal}/tcp`] ?? null;
