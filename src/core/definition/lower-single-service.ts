import { SECTIONS } from '../host-config/document.ts';
import type { Json, JsonObject } from '../json.ts';
import { COMPLAINTS_MAX } from './complaint.ts';
import { withoutCredentials } from './elsewhere.ts';
import { isObject, present } from './json-object.ts';
import { nearest } from './nearest.ts';
import { isForbiddenKey } from './read-guard.ts';

/** An old definition in the form of a new one, and where each part of it came from. */
export type Lowered = {
  readonly value: JsonObject;
  /** From a pointer into `value` to one into what was written. */
  readonly origin: (path: string) => string;
  readonly unknown: readonly { path: string; message: string; hint: string | null }[];
  /** Whether there is nothing in it that a definition has. */
  readonly nothingKnown: boolean;
  /** Pointers to what should be a map and is none. */
  readonly wrong: readonly string[];
};

const TOP = [
  'name',
  'version',
  'description',
  'owner',
  'environment',
  'type',
  'use',
  'command',
  'config',
  'image_source',
  'image_version',
  'packages',
  'dockerfile',
  'external_image',
  'dataDir',
  'systemDir',
  'resources',
  'source',
  'download',
  'as_root',
  'web',
  'firewall',
  'onInterrupt',
];
const CONFIG = [
  'name',
  'web',
  'net',
  'host_config',
  'environment',
  'image_source',
  'image_version',
  'packages',
  'dockerfile',
  'external_image',
  'dataDir',
  'systemDir',
];
const MAIN = '/services/main';

/**
 * An older, single-service definition as one with the service `main`. Only moves what is there: what
 * it says is checked afterwards, like any other. Pure.
 */
export function lowerSingleService(document: JsonObject): Lowered {
  const moves = new Map<string, string>();
  const config = objectAt(document, 'config');
  const take = (name: string, to: string): Json | undefined => {
    const inConfig = document[name] === undefined && config[name] !== undefined;
    const value = inConfig ? config[name] : document[name];
    if (value !== undefined) moves.set(to, inConfig ? `/config/${name}` : `/${name}`);
    return value;
  };
  const image = take('external_image', `${MAIN}/image`);
  const dockerfile = take('dockerfile', `${MAIN}/dockerfile`);
  const type = typeFor(document, image, dockerfile);
  moves.set(`${MAIN}/type`, '/type');
  const language = document['use'];
  if (image === undefined) moves.set(`${MAIN}/image`, '/use');
  const build = present({
    image_source: take('image_source', `${MAIN}/build/image_source`),
    image_version: take('image_version', `${MAIN}/build/image_version`),
    packages: take('packages', `${MAIN}/build/packages`),
  });
  const service = present({
    type,
    image: image ?? (type === 'light' ? language : undefined),
    command: take('command', `${MAIN}/command`),
    dockerfile,
    source: sourceFor(document, moves),
    build: Object.keys(build).length === 0 ? undefined : build,
    environment: moved(config, 'environment', `${MAIN}/environment`, moves),
    interfaces: interfacesFor(config, moves),
    requests: requestsFor(document, config, moves),
  });
  const value = present({
    name: take('name', '/name'),
    version: document['version'],
    description: document['description'],
    owner: document['owner'],
    dataDir: take('dataDir', '/dataDir'),
    systemDir: take('systemDir', '/systemDir'),
    environment: document['environment'],
    services: { main: service },
    web: take('web', '/web'),
    firewall: document['firewall'],
    onInterrupt: document['onInterrupt'],
  });
  return {
    value,
    origin: originOf(moves),
    unknown: [
      ...unknownOf(document, TOP, ''),
      ...unknownOf(config, CONFIG, '/config'),
      ...unknownOf(objectAt(config, 'host_config'), ['port_bindings'], '/config/host_config'),
      ...unknownOf(
        objectAt(document, 'resources'),
        ['cpu_fraction', 'prioritize_traffic'],
        '/resources',
      ),
    ],
    nothingKnown: !Object.keys(document).some((key) => TOP.includes(key)),
    wrong: [
      ...wrongOf(document, ['config', 'resources'], ''),
      ...wrongOf(config, ['host_config'], '/config'),
    ],
  };
}

function typeFor(
  document: JsonObject,
  image: Json | undefined,
  dockerfile: Json | undefined,
): Json {
  if (image !== undefined) return 'image';
  if (dockerfile !== undefined) return 'inline';
  return document['type'] ?? (document['use'] === undefined ? 'normal' : 'light');
}

function sourceFor(document: JsonObject, moves: Map<string, string>): Json | undefined {
  const name = document['source'] === undefined ? 'download' : 'source';
  const given = document[name];
  if (given !== undefined) moves.set(`${MAIN}/source`, `/${name}`);
  if (!isObject(given)) return given;
  return withoutCredentials(given, `/${name}`, null);
}

function interfacesFor(config: JsonObject, moves: Map<string, string>): Json | undefined {
  const { net } = config;
  if (net === undefined || net === null || typeof net !== 'object' || Array.isArray(net))
    return net;
  moves.set(`${MAIN}/interfaces`, '/config/net');
  const interfaces: Record<string, Json> = {};
  for (const [key, given] of Object.entries(net)) {
    const name = isObject(given) ? given['intfName'] : undefined;
    const wanted = typeof name === 'string' ? name : key;
    // No key: told as a name that is none, where it is written.
    const target = isForbiddenKey(wanted) ? `.${wanted}` : wanted;
    // Two under one name: the second keeps its own key, so that nothing is lost without a word.
    const free = Object.hasOwn(interfaces, target) ? key : target;
    moves.set(`${MAIN}/interfaces/${escape(free)}`, `/config/net/${escape(key)}`);
    interfaces[free] = given;
  }
  return interfaces;
}

function requestsFor(
  document: JsonObject,
  config: JsonObject,
  moves: Map<string, string>,
): Json | undefined {
  const requests = `${MAIN}/requests`;
  const resources = objectAt(document, 'resources');
  const priority = resources['prioritize_traffic'];
  moves.set(`${requests}/as-root`, '/as_root');
  moves.set(`${requests}/priority`, '/resources/prioritize_traffic');
  moves.set(`${requests}/cpu-fraction`, '/resources/cpu_fraction');
  moves.set(`${requests}/port-bindings`, '/config/host_config/port_bindings');
  return present({
    'as-root': document['as_root'],
    'cpu-fraction': resources['cpu_fraction'],
    priority: typeof priority === 'boolean' ? (priority ? 'high' : 'normal') : priority,
    'port-bindings': objectAt(config, 'host_config')['port_bindings'],
  });
}

function moved(
  object: JsonObject,
  name: string,
  to: string,
  moves: Map<string, string>,
): Json | undefined {
  moves.set(to, `/config/${name}`);
  return object[name];
}

function unknownOf(
  object: JsonObject,
  known: readonly string[],
  base: string,
): { path: string; message: string; hint: string | null }[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key, index) => {
      const path = `${base}/${escape(key)}`;
      const message = 'is not a known field';
      // More is not reported anyway, and looking for near names takes its time.
      if (index >= COMPLAINTS_MAX) return { path, message, hint: null };
      const meant = nearest(key, base === '' ? [...known, 'services'] : known);
      const host = base === '' && meant === null ? ofHost(key, object[key]) : null;
      return { path, message, hint: meant === null ? host : `did you mean ${meant}?` };
    });
}

/** What a host configuration has that is called nearly so; null where it has nothing like it. */
function ofHost(key: string, value: Json | undefined): string | null {
  const isKind = key === 'kind' && typeof value === 'string' && nearest(value, ['host']) !== null;
  const meant = isKind ? 'kind: host' : nearest(key, SECTIONS);
  return meant === null ? null : `did you mean ${meant}, of a host configuration?`;
}

function wrongOf(object: JsonObject, keys: readonly string[], base: string): string[] {
  return keys
    .filter((key) => object[key] !== undefined && !isObject(object[key]))
    .map((key) => `${base}/${key}`);
}

/** The longest moved prefix decides. */
function originOf(moves: ReadonlyMap<string, string>): (path: string) => string {
  return (path) => {
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const from = moves.get(at);
      if (from !== undefined) return from + path.slice(at.length);
      if (at === MAIN || at === '/services') return '';
    }
    return path;
  };
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
