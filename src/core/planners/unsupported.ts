import type { Definition, Service, ServiceName } from '../chute.ts';
import { pointer } from '../patch.ts';
import type { PlainRefusal } from '../plan.ts';
import { commandOf } from './process-spec.ts';

export type { PlainRefusal };

/** Languages of light services whose programs run as they are, without a build. */
const RUN_AS_THEY_ARE = new Set(['node', 'python2', 'python3']);

const DOCKER_HINT = 'run it on a root that was made with --runtime docker';

/**
 * What of a definition the process runtime cannot give. Pure.
 *
 * Nothing is left out silently: a chute that asked for it would run in a way it was not made for.
 */
export function unsupportedFields(definition: Definition): readonly PlainRefusal[] {
  return Object.entries(definition.services).flatMap(([name, service]) => [
    ...ofService(definition, name, service),
    ...ofPorts(definition, name, service),
    ...ofCommand(definition, name, service),
  ]);
}

function ofService(
  definition: Definition,
  name: ServiceName,
  { type, image, build, dockerfile, dns, requests }: Service,
): readonly PlainRefusal[] {
  const at = (...keys: readonly string[]): string => pointer('services', name, ...keys);
  const builds = build && Object.values(build).some((value) => value !== undefined);
  const hostNetwork = requests.networkMode === undefined || requests.networkMode === 'host';
  const checks: readonly (readonly [boolean, string, string, string])[] = [
    [type !== 'light', `type: ${type}`, at('type'), 'run images'],
    [
      type === 'light' && image !== undefined && !RUN_AS_THEY_ARE.has(image),
      `image: ${image}`,
      at('image'),
      'build programs',
    ],
    [type === 'light' && dockerfile !== undefined, 'dockerfile', at('dockerfile'), 'build images'],
    [builds === true, 'build', at('build'), 'build images'],
    [dns.length > 0, 'dns', at('dns'), 'give a process its own name servers'],
    [
      requests.privileged === true,
      'requests.privileged',
      at('requests', 'privileged'),
      'give a process more rights than its own',
    ],
    [
      requests.asRoot === true,
      'requests.as-root',
      at('requests', 'asRoot'),
      'run a process as another user',
    ],
    [
      !hostNetwork,
      `requests.network-mode: ${requests.networkMode}`,
      at('requests', 'networkMode'),
      'give a process a network of its own',
    ],
  ];
  return checks
    .filter(([asked]) => asked)
    .map(([, field, path, what]) => cannot(definition, `${field} of service ${name}`, path, what));
}

function ofPorts(definition: Definition, name: ServiceName, service: Service): PlainRefusal[] {
  return Object.entries(service.ports).flatMap(([key, { internal }]) => {
    const external = key.split('/')[0] ?? '';
    if (external.startsWith('auto:') || Number(external) === internal) return [];
    const field = `port ${key} of service ${name}, which is ${internal} inside`;
    const path = pointer('services', name, 'ports', key);
    return [
      {
        ...cannot(definition, field, path, 'publish a port under another number'),
        hint: `publish it as ${internal}, or ${DOCKER_HINT}`,
      },
    ];
  });
}

function ofCommand(definition: Definition, name: ServiceName, service: Service): PlainRefusal[] {
  if (service.type !== 'light' || commandOf(service)) return [];
  const { command } = service;
  const open = typeof command === 'string' && command.trim() !== '';
  const reason = open ? `a quote in its command is never closed: ${command}` : 'it has no command';
  return [
    {
      code: 'RIPCORD_DEFINITION_INVALID',
      message: `cannot run service ${name} of ${definition.name}: ${reason}`,
      path: pointer('services', name, 'command'),
      hint: `give it a command, e.g. command: node main.js`,
    },
  ];
}

const cannot = ({ name }: Definition, field: string, path: string, what: string): PlainRefusal => ({
  code: 'RIPCORD_RUNTIME_UNSUPPORTED',
  message: `cannot plan ${name}: it asks for ${field}; the process runtime cannot ${what}, the docker runtime can`,
  path,
  hint: `remove it, or ${DOCKER_HINT}`,
});
