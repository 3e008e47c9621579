import type { Definition, Environment, Health, Service } from '../chute.ts';
import type { Json, JsonObject } from '../json.ts';
import { isObject, present } from './json-object.ts';
import type { RawDefinition } from './raw.ts';

/**
 * A definition as one would write it: parsed again, it means the same. Secrets stay the marks they
 * are, and have to be given anew. Pure.
 */
export function writtenForm(raw: RawDefinition): JsonObject {
  const { definition, sources } = raw;
  return present({
    name: definition.name,
    version: definition.version,
    description: definition.description,
    owner: definition.owner,
    dataDir: definition.dataDir,
    systemDir: definition.systemDir,
    environment: unlessEmpty(definition.environment),
    services: Object.fromEntries(
      Object.entries(definition.services).map(([name, service]) => [
        name,
        writtenService(service, sources[name]),
      ]),
    ),
    web: definition.web,
    firewall: unlessEmpty(definition.firewall),
    onInterrupt: definition.onInterrupt,
  });
}

function writtenService(
  service: Service,
  source: RawDefinition['sources'][string] | undefined,
): Json {
  const { type, image, command, requests, build, health } = service;
  // Whoever writes the type of a light service says what it runs as well.
  const isUnsaid = type === 'light' && image === undefined && command === undefined;
  return present({
    type: isUnsaid ? undefined : type,
    image,
    source,
    command,
    dockerfile: service.dockerfile,
    build: unlessEmpty(
      present({
        image_source: build?.imageSource,
        image_version: build?.imageVersion,
        packages: build?.packages,
      }),
    ),
    environment: unlessEmpty(service.environment),
    interfaces: unlessEmpty(service.interfaces),
    requests: unlessEmpty(
      present({
        'as-root': requests.asRoot,
        privileged: requests.privileged,
        'network-mode': requests.networkMode,
        'cpu-fraction': requests.cpuFraction,
        memory: requests.memory,
        priority: requests.priority,
        'port-bindings': writtenPorts(service.ports),
      }),
    ),
    volumes: unlessEmpty(service.volumes),
    dns: service.dns.length === 0 ? undefined : service.dns,
    needs: service.needs.length === 0 ? undefined : service.needs,
    health: health === undefined ? undefined : writtenHealth(health),
    stop: service.stop,
  });
}

function writtenHealth({ check, ...times }: Health): JsonObject {
  const { type, ...rest } = check;
  if (type === 'alive') return times;
  return { ...times, [type]: 'command' in check ? check.command : rest };
}

/** As a list: a map could bind each inside port only once. */
function writtenPorts(ports: Service['ports']): Json | undefined {
  const bindings = Object.entries(ports).map(([key, { internal }]) => {
    const [place = '', protocol = 'tcp'] = key.split('/');
    return { external: place.startsWith('auto:') ? null : Number(place), internal, protocol };
  });
  return bindings.length === 0 ? undefined : bindings;
}

function unlessEmpty(members: Environment | Definition['firewall'] | JsonObject): Json | undefined {
  return isObject(members) && Object.keys(members).length > 0 ? members : undefined;
}
