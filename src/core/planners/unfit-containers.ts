import type { Applied } from '../applied.ts';
import type { ChuteName, Definition, Service, ServiceName } from '../chute.ts';
import { buildRecipe } from '../definition/build-recipe.ts';
import { pointer } from '../patch.ts';
import type { Change, PlainRefusal, PlanContext } from '../plan.ts';
import { containerName } from './container-spec.ts';
import { listensOutside } from './dynamic-ports.ts';

/** What of a definition no container can be made of, or not on this host. Pure. */
export function unfitForContainers(
  definition: Definition,
  { facts, applied, changes }: PlanContext,
): readonly PlainRefusal[] {
  const { name: chute } = definition;
  if (!facts.capabilities.includes('docker')) return [noEngine(chute)];
  const systemDir = definition.systemDir ?? '/paradrop';
  return Object.entries(definition.services).flatMap(([name, service]) => [
    ...unnamable(chute, name, service),
    ...unbuildable(chute, name, service),
    ...wrongNetwork(chute, name, service),
    ...wrongPorts(chute, name, service),
    ...hiddenVolume(chute, name, service, systemDir),
    ...nameTaken(chute, name, { applied, changes }),
  ]);
}

const noEngine = (chute: ChuteName): PlainRefusal => ({
  code: 'RIPCORD_RUNTIME_UNSUPPORTED',
  message: `cannot plan ${chute}: this root runs containers, and there is no Docker Engine here that this user may use`,
  path: '',
  hint: 'start Docker and look with ripcord doctor, or make another root with --runtime process',
});

/** Images are called after chutes and services, and end with a letter or a digit. */
function unnamable(chute: ChuteName, name: ServiceName, { type }: Service): PlainRefusal[] {
  const called = type === 'image' ? chute : name;
  if (!called.endsWith('-')) return [];
  return [
    {
      code: 'RIPCORD_DEFINITION_INVALID',
      message: `cannot name an image after service ${name} of ${chute}: ${called} ends with -`,
      path: pointer('services', name),
      hint: `call it ${called.replace(/-+$/, '')}`,
    },
  ];
}

function unbuildable(chute: ChuteName, name: ServiceName, service: Service): PlainRefusal[] {
  const recipe = buildRecipe(service);
  const refuse = (field: string, reason: string, hint: string): PlainRefusal => ({
    code: 'RIPCORD_DEFINITION_INVALID',
    message: `cannot make an image for service ${name} of ${chute}: ${reason}`,
    path: pointer('services', name, field),
    hint,
  });
  if ('lacks' in recipe)
    return [refuse(recipe.lacks.field, recipe.lacks.reason, recipe.lacks.hint)];
  if (recipe.from === 'file' && !service.source)
    return [refuse('source', 'it has no files to build it of', 'for example source: .')];
  return [];
}

function wrongNetwork(chute: ChuteName, name: ServiceName, { requests }: Service): PlainRefusal[] {
  const { networkMode } = requests;
  if (networkMode === undefined || networkMode === 'host' || networkMode === 'bridge') return [];
  return [
    {
      code: 'RIPCORD_RUNTIME_UNSUPPORTED',
      message: `cannot plan ${chute}: service ${name} asks for network mode ${networkMode}, which there is not`,
      path: pointer('services', name, 'requests', 'networkMode'),
      hint: 'leave it out for a network of its own, or write network-mode: host',
    },
  ];
}

function wrongPorts(chute: ChuteName, name: ServiceName, service: Service): PlainRefusal[] {
  if (!listensOutside(service, 'docker')) return [];
  return Object.entries(service.ports).flatMap(([key, { internal }]) => {
    const external = key.split('/')[0] ?? '';
    if (external.startsWith('auto:') || Number(external) === internal) return [];
    return [
      {
        code: 'RIPCORD_RUNTIME_UNSUPPORTED',
        message: `cannot plan ${chute}: service ${name} is on the network of the host, so its port ${internal} cannot be ${external} outside`,
        path: pointer('services', name, 'ports', key),
        hint: `publish it as ${internal}, or leave out network-mode: host`,
      },
    ];
  });
}

function hiddenVolume(
  chute: ChuteName,
  name: ServiceName,
  { volumes }: Service,
  systemDir: string,
): PlainRefusal[] {
  const volume = volumes[systemDir];
  if (!volume) return [];
  return [
    {
      code: 'RIPCORD_DEFINITION_INVALID',
      message: `cannot mount volume ${volume.name} of ${chute} at ${systemDir} of service ${name}: what the system tells the chute is there`,
      path: pointer('services', name, 'volumes', systemDir),
      hint: 'mount it elsewhere, or name another systemDir',
    },
  ];
}

/** `a-b` of `c` and `b-c` of `a` would be one container. */
function nameTaken(
  chute: ChuteName,
  name: ServiceName,
  { applied, changes }: { readonly applied: Applied; readonly changes: readonly Change[] },
): PlainRefusal[] {
  const wanted = containerName(chute, name);
  const changing = new Map(changes.map((each) => [each.chute, each.desired?.definition ?? null]));
  const definitions = [
    ...Object.entries(applied.chutes).flatMap(([other, { definition }]) =>
      changing.has(other) || !definition ? [] : [definition],
    ),
    ...[...changing.values()].flatMap((definition) => definition ?? []),
  ];
  const holder = definitions.find(
    ({ name: other, services }) =>
      other !== chute &&
      Object.keys(services).some((service) => containerName(other, service) === wanted),
  );
  if (!holder) return [];
  return [
    {
      code: 'RIPCORD_RESOURCE_TAKEN',
      message: `cannot call the container of service ${name} of ${chute} ${wanted}: one of chute ${holder.name} is called that`,
      path: pointer('services', name),
      hint: 'give the service or the chute another name',
    },
  ];
}
