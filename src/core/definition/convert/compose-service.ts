import type { Json, JsonObject } from '../../json.ts';
import { isSecretName } from '../environment.ts';
import { isObject, present } from '../json-object.ts';
import { INNER_NAME, nearestName } from '../nearest.ts';
import {
  durationMs,
  mountOf,
  portsOf,
  type Tell,
  text,
  textsOf,
  variablesOf,
} from './compose-values.ts';

/** What the fields of a service are turned into; anything else is told of and left out. */
const TAKEN = new Set([
  'image',
  'build',
  'command',
  'environment',
  'ports',
  'volumes',
  'depends_on',
  'healthcheck',
  'network_mode',
  'privileged',
  'user',
  'mem_limit',
  'deploy',
  'dns',
  'stop_signal',
  'stop_grace_period',
  'restart',
  'expose',
  'tmpfs',
]);

/** A service of a compose file as one of a chute. `names` are the services by their names there. */
export function serviceOf(
  given: JsonObject,
  path: readonly string[],
  names: ReadonlyMap<string, string>,
  tell: Tell,
): JsonObject {
  const left = Object.keys(given).filter((key) => !TAKEN.has(key) && !key.startsWith('x-'));
  if (left.length > 0) tell(path, `Not carried over: ${left.join(', ')}.`);
  if (/^(?:no$|on-failure)/.test(text(given['restart'] ?? '')))
    tell(
      path,
      `restart: ${text(given['restart'] ?? null)} is not carried over: services are kept running.`,
    );
  return present({
    ...contentOf(given, path, tell),
    command: commandOf(given['command']),
    environment: environmentOf(given['environment'], [...path, 'environment'], tell),
    requests: requestsOf(given, path, tell),
    volumes: volumesOf(given, path, tell),
    dns: given['dns'],
    needs: needsOf(given['depends_on'], names),
    health: healthOf(given['healthcheck'], path, tell),
    stop: stopOf(given),
  });
}

function contentOf(given: JsonObject, path: readonly string[], tell: Tell): JsonObject {
  const { build, image } = given;
  if (build === undefined || build === null) return present({ type: 'image', image });
  const how = isObject(build) ? build : { context: build };
  const { context = '.', dockerfile, dockerfile_inline: inline, ...rest } = how;
  const left = Object.keys(rest);
  if (left.length > 0) tell([...path, 'type'], `Not carried over from build: ${left.join(', ')}.`);
  if (image !== undefined)
    tell(
      [...path, 'type'],
      `The image it builds was called ${text(image)}; here it has the name of the chute.`,
    );
  const source = /^(?:https?:|git|ssh:)/.test(text(context)) ? context : placeOf(text(context));
  if (inline !== undefined) return { type: 'inline', dockerfile: inline, source };
  if (dockerfile !== undefined && !/^(?:\.\/)?Dockerfile$/.test(text(dockerfile)))
    tell(
      [...path, 'source'],
      `It was built with ${text(dockerfile)}: here the file has to be called Dockerfile.`,
    );
  return { type: 'normal', source };
}

function placeOf(path: string): string {
  return path.replace(/^\.\/(?=.)/, '').replace(/(?<=.)\/$/, '');
}

function commandOf(given: Json | undefined): Json | undefined {
  return given === null || (Array.isArray(given) && given.length === 0) ? undefined : given;
}

function environmentOf(
  given: Json | undefined,
  path: readonly string[],
  tell: Tell,
): Json | undefined {
  const variables: Record<string, Json> = {};
  for (const [name, value] of variablesOf(given)) {
    if (value === null)
      tell(path, `${name} came from the shell: write its value, or leave it unset.`);
    const secret = value !== null && value !== '' && isSecretName(name);
    variables[name] = secret ? { secret: text(value) } : value;
    if (secret) tell([...path, name], 'Kept out of the journal and of all output.');
  }
  return Object.keys(variables).length === 0 ? undefined : variables;
}

function requestsOf(given: JsonObject, path: readonly string[], tell: Tell): Json | undefined {
  const at = [...path, 'requests'];
  const { network_mode: mode, user, privileged } = given;
  if (mode !== undefined && mode !== 'host' && mode !== 'bridge')
    tell(
      path,
      `network_mode: ${text(mode)} is not carried over: the services of a chute share a network.`,
    );
  const isRoot = user !== undefined && /^(?:0|root)(?::|$)/.test(text(user));
  if (user !== undefined && !isRoot)
    tell(path, `user: ${text(user)} is not carried over: a service runs as uid 999, or as root.`);
  const requests = present({
    'as-root': isRoot ? true : undefined,
    privileged: privileged === true ? true : undefined,
    'network-mode': mode === 'host' ? 'host' : undefined,
    memory: memoryOf(given, path, tell),
    'port-bindings': bindingsOf(given['ports'], at, tell),
  });
  return Object.keys(requests).length === 0 ? undefined : requests;
}

function memoryOf(given: JsonObject, path: readonly string[], tell: Tell): Json | undefined {
  const deploy = isObject(given['deploy']) ? given['deploy'] : {};
  const resources = isObject(deploy['resources']) ? deploy['resources'] : {};
  const limits = isObject(resources['limits']) ? resources['limits'] : {};
  const left = Object.keys(deploy).filter((key) => key !== 'resources');
  if (left.length > 0) tell(path, `Not carried over from deploy: ${left.join(', ')}.`);
  const cpus = limits['cpus'];
  if (cpus !== undefined)
    tell(
      path,
      `A limit of ${text(cpus)} cpus is not carried over: requests.cpu-fraction is a least share of the whole device.`,
    );
  if (resources['reservations'] !== undefined)
    tell(path, 'Not carried over from deploy.resources: reservations.');
  const memory = given['mem_limit'] ?? limits['memory'];
  return memory === undefined || memory === null ? undefined : text(memory);
}

function bindingsOf(
  given: Json | undefined,
  path: readonly string[],
  tell: Tell,
): Json | undefined {
  const bindings: JsonObject[] = [];
  for (const each of Array.isArray(given) ? (given as readonly Json[]) : []) {
    const ports = portsOf(each);
    if (ports === null) tell(path, `Not carried over: the port ${text(each)}.`);
    for (const { internal, external, protocol, address } of ports ?? []) {
      if (address !== null)
        tell(
          path,
          `Port ${external ?? internal} was bound to ${address} only: here it is open on every address.`,
        );
      bindings.push({ external, internal, ...(protocol === 'udp' && { protocol }) });
    }
  }
  return bindings.length === 0 ? undefined : bindings;
}

function volumesOf(given: JsonObject, path: readonly string[], tell: Tell): Json | undefined {
  const at = [...path, 'volumes'];
  const volumes: Record<string, Json> = {};
  const entries = Array.isArray(given['volumes']) ? (given['volumes'] as readonly Json[]) : [];
  for (const target of textsOf(given['tmpfs']))
    tell(at, `${target} was in memory only: that cannot be asked for here.`);
  for (const each of entries) {
    const mount = mountOf(each);
    if (mount === null || mount.type === 'other' || mount.type === 'tmpfs') {
      tell(at, `Not carried over: the mount ${text(each)}.`);
      continue;
    }
    const { type, source, target, isReadOnly } = mount;
    if (type === 'bind') {
      tell(
        at,
        `${source} of the host was mounted at ${target}: a chute has no files of the host; put them into its source, or use a volume.`,
      );
      continue;
    }
    const wanted = source === '' ? target : source;
    const name = INNER_NAME.test(wanted) ? wanted : (nearestName(wanted, INNER_NAME) ?? 'data');
    volumes[target] = { name };
    if (name !== source) tell([...at, target], `Was ${source === '' ? 'without a name' : source}.`);
    if (isReadOnly) tell([...at, target], 'Was mounted read-only: here it can be written.');
  }
  return Object.keys(volumes).length === 0 ? undefined : volumes;
}

function needsOf(given: Json | undefined, names: ReadonlyMap<string, string>): Json | undefined {
  const listed = isObject(given) ? Object.keys(given) : textsOf(given);
  const needs = listed.map((each) => names.get(each) ?? each);
  return needs.length === 0 ? undefined : needs;
}

/** Between the first question and the last answer, with some room. */
const WITHIN_MIN_MS = 20_000;

function healthOf(
  given: Json | undefined,
  path: readonly string[],
  tell: Tell,
): JsonObject | undefined {
  if (!isObject(given)) return undefined;
  const { test, retries } = given;
  const [kind, ...words] = Array.isArray(test) ? textsOf(test) : ['CMD-SHELL', ...textsOf(test)];
  if (given['disable'] === true || kind === 'NONE' || words.length === 0) {
    tell(path, 'Its health check was switched off: without one it has to stay alive.');
    return undefined;
  }
  const intervalMs = within(durationMs(given['interval']), 3_600_000);
  const timeoutMs = within(durationMs(given['timeout']), 3_600_000);
  const tries = typeof retries === 'number' && retries >= 1 ? Math.floor(retries) : undefined;
  const startMs = durationMs(given['start_period']) ?? 0;
  const longestMs = startMs + (tries ?? 3) * ((intervalMs ?? 500) + (timeoutMs ?? 2000));
  return present({
    exec: kind === 'CMD' ? words : ['/bin/sh', '-c', words.join(' ')],
    intervalMs,
    timeoutMs,
    retries: tries,
    withinMs: longestMs > WITHIN_MIN_MS ? within(longestMs, 86_400_000) : undefined,
  });
}

function within(ms: number | null, mostMs: number): number | undefined {
  return ms === null ? undefined : Math.min(mostMs, Math.max(10, Math.round(ms)));
}

function stopOf(given: JsonObject): JsonObject | undefined {
  const graceMs = durationMs(given['stop_grace_period']);
  const signal = given['stop_signal'];
  const stop = present({
    signal,
    graceMs: graceMs === null ? undefined : Math.min(graceMs, 3_600_000),
  });
  return Object.keys(stop).length === 0 ? undefined : stop;
}
