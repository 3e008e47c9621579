import type { Json, JsonObject } from '../../json.ts';
import { isObject, present } from '../json-object.ts';
import { CHUTE_NAME, INNER_NAME, nearestName } from '../nearest.ts';
import type { Commented, Note } from './commented.ts';
import { serviceOf } from './compose-service.ts';
import { resolved, type Tell } from './compose-values.ts';

/** Fields of a service that no definition of a chute has. */
const ONLY_THERE = [
  'ports',
  'depends_on',
  'container_name',
  'restart',
  'env_file',
  'networks',
  'healthcheck',
  'network_mode',
  'mem_limit',
  'deploy',
  'entrypoint',
  'expose',
  'labels',
  'privileged',
];

/** Whether a document is a docker compose file rather than the definition of a chute. Pure. */
export function isCompose(document: JsonObject, file: string): boolean {
  const { services } = document;
  if (services === undefined && servicesAtTop(document)) return true;
  const isCalledSo = /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/.test(file);
  if (!isObject(services)) return isCalledSo && services === undefined;
  if (isCalledSo) return true;
  return Object.values(services).some(
    (service) =>
      isObject(service) &&
      (ONLY_THERE.some((key) => key in service) ||
        typeof service['build'] === 'string' ||
        Array.isArray(service['volumes']) ||
        Array.isArray(service['environment'])),
  );
}

const isService = (each: Json): boolean =>
  isObject(each) && (typeof each['image'] === 'string' || Object.hasOwn(each, 'build'));

/** Whether a document is a compose file of the first version: maps that have an image or are built. Pure. */
export function servicesAtTop(document: JsonObject): boolean {
  const all = Object.values(document);
  return all.every(isObject) && all.some(isService);
}

/** A docker compose file as the definition of a chute, with notes on what is not the same. Pure. */
export function fromCompose(document: JsonObject, fallbackName: string | null): Commented {
  const notes: Note[] = [];
  const tell: Tell = (path, text) => void notes.push({ path, text });
  const given = isObject(document['services']) ? document['services'] : {};
  const names = namesOf(Object.keys(given));
  const services: Record<string, Json> = {};
  for (const [before, service] of Object.entries(given)) {
    const name = names.get(before) ?? before;
    const path = ['services', name];
    if (name !== before) tell(path, `Was ${before}, which is not a name here.`);
    const whole = resolved(service, path, tell);
    services[name] = serviceOf(isObject(whole) ? whole : {}, path, names, tell);
  }
  for (const what of ['networks', 'secrets', 'configs', 'include'])
    if (document[what] !== undefined) tell([], `Not carried over: ${what}.`);
  const web = webOf(services);
  if (web !== undefined)
    tell(['web'], 'The port that answers for the chute: the only one it publishes.');
  const value = present({
    name: chuteName(document['name'], fallbackName),
    version: 1,
    services,
    web,
  });
  return { value, notes };
}

/** Each service's name here by its name there. Pure. */
export function namesOf(before: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(before.filter((name) => INNER_NAME.test(name)));
  const names = new Map<string, string>();
  for (const [at, name] of before.entries()) {
    if (INNER_NAME.test(name)) {
      names.set(name, name);
      continue;
    }
    const near = nearestName(name, INNER_NAME);
    const free = near !== null && !taken.has(near) ? near : `service-${at + 1}`;
    taken.add(free);
    names.set(name, free);
  }
  return names;
}

/** A name as good as that of the file or its directory. Pure. */
export function chuteName(given: Json | undefined, fallback: string | null): string {
  const wanted = typeof given === 'string' ? given : (fallback ?? '');
  return CHUTE_NAME.test(wanted) ? wanted : (nearestName(wanted) ?? 'my-chute');
}

function webOf(services: Readonly<Record<string, Json>>): JsonObject | undefined {
  const ports = Object.entries(services).flatMap(([service, written]) => {
    const requests = isObject(written) ? written['requests'] : undefined;
    const bindings = isObject(requests) ? requests['port-bindings'] : undefined;
    return (Array.isArray(bindings) ? (bindings as readonly Json[]) : [])
      .filter(isObject)
      .filter(({ protocol }) => protocol !== 'udp')
      .map(({ internal }) => ({ service, port: internal ?? null }));
  });
  return ports.length === 1 ? ports[0] : undefined;
}
