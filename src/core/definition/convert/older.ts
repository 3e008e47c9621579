import type { Json, JsonObject } from '../../json.ts';
import { dotted, pointer } from '../complaint.ts';
import { isObject } from '../json-object.ts';
import { lowerSingleService } from '../lower-single-service.ts';
import type { ParsedForChute } from '../parse.ts';
import { writtenForm } from '../write.ts';
import type { Commented, Note } from './commented.ts';

/** What a definition that was read was written like, for its notes. */
export type Older = {
  readonly parsed: ParsedForChute;
  /** The definition itself, out of its update object. */
  readonly document: JsonObject;
  /** From a pointer into `document` to one into the file. */
  readonly origin: (path: string) => string;
  /** The secrets in it, by the number that stands for each. */
  readonly secrets: readonly string[];
};

/** Places whose older names are worth telling. */
const MOVED: readonly (readonly string[])[] = [
  ['services', 'main', 'image'],
  ['services', 'main', 'build', 'image_source'],
  ['services', 'main', 'build', 'image_version'],
  ['services', 'main', 'build', 'packages'],
  ['services', 'main', 'dockerfile'],
  ['services', 'main', 'environment'],
  ['services', 'main', 'requests', 'as-root'],
  ['services', 'main', 'requests', 'cpu-fraction'],
  ['services', 'main', 'requests', 'priority'],
  ['services', 'main', 'requests', 'port-bindings'],
  ['services', 'main', 'source'],
  ['web'],
  ['name'],
  ['dataDir'],
  ['systemDir'],
];

/** A definition that was read, in today's format, with notes on what was where. Pure. */
export function fromOlder({ parsed, document, origin, secrets }: Older): Commented {
  const notes: Note[] = [];
  const written = withSecrets(writtenForm(parsed), secrets);
  const value = isObject(written) ? tidied(written) : {};
  for (const { path, message } of parsed.warnings)
    notes.push({ path: [], text: `Not carried over: ${dotted(path)}, which ${message}.` });
  if (Object.hasOwn(document, 'services')) return { value, notes };
  const lowered = lowerSingleService(document);
  const service = isObject(value['services']) ? value['services']['main'] : undefined;
  const interfaces = isObject(service) ? service['interfaces'] : undefined;
  const nets = Object.keys(isObject(interfaces) ? interfaces : {}).map((name) => [
    'services',
    'main',
    'interfaces',
    name,
  ]);
  notes.push({ path: ['services', 'main'], text: 'The one service that the older format has.' });
  for (const path of [...MOVED, ...nets]) {
    const from = lowered.origin(pointer(...path));
    // What stood on top under the same name was not moved for anybody who reads it.
    if (from === '' || from === `/${path.at(-1)}`) continue;
    if (!has(document, from) || !has(value, pointer(...path))) continue;
    notes.push({ path, text: `Was ${dotted(origin(from))}.` });
  }
  for (const path of nets) {
    const wireless = [...path, 'wireless'];
    if (has(value, pointer(...wireless)))
      notes.push({ path: wireless, text: 'Was beside the type, or in options.' });
  }
  const unset = Object.entries(variablesOf(lowered.value)).filter(([, each]) => each === null);
  if (unset.length > 0) {
    const text = `Unset, as they were null: ${unset.map(([name]) => name).join(', ')}.`;
    notes.push({ path: ['services', 'main', 'environment'], text });
  }
  return { value, notes };
}

function variablesOf(value: JsonObject): JsonObject {
  const services = isObject(value['services']) ? value['services'] : {};
  const main = isObject(services['main']) ? services['main'] : {};
  return isObject(main['environment']) ? main['environment'] : {};
}

function has(document: Json, path: string): boolean {
  let at: Json | undefined = document;
  for (const part of path.split('/').slice(1)) {
    if (!isObject(at)) return false;
    at = at[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return at !== undefined;
}

/** With the values that the marks stand for: the file is to say all that the other one did. */
function withSecrets(value: Json, secrets: readonly string[]): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value))
    return (value as readonly Json[]).map((each) => withSecrets(each, secrets));
  const { $secret: mark } = value as JsonObject;
  if (typeof mark === 'string') return { secret: secrets[Number(mark)] ?? '' };
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, each]) => [key, withSecrets(each, secrets)]),
  );
}

/** Without what goes without saying. */
function tidied(value: JsonObject): JsonObject {
  const services = isObject(value['services']) ? value['services'] : {};
  return {
    ...value,
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        isObject(service) ? tidiedService(service) : service,
      ]),
    ),
  };
}

function tidiedService({ stop, source, ...rest }: JsonObject): JsonObject {
  const usual = isObject(stop) && stop['signal'] === 'SIGTERM' && stop['graceMs'] === 10_000;
  const bare = isObject(source) && source['type'] === 'local' ? source['path'] : source;
  const { type, image, ...others } = rest;
  const first = Object.entries({ type, image, source: bare }).filter(
    ([, each]) => each !== undefined,
  );
  return Object.fromEntries([
    ...first,
    ...Object.entries(others),
    ...(usual || stop === undefined ? [] : [['stop', stop] as const]),
  ]) as JsonObject;
}
