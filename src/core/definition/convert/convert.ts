import type { Json, JsonObject } from '../../json.ts';
import type { Complaint } from '../complaint.ts';
import { isObject } from '../json-object.ts';
import { parseDefinition, parseRequest } from '../parse.ts';
import { readYaml } from '../read-yaml.ts';
import { isUpdateObject, readUpdateObject } from '../update-object.ts';
import { type Commented, commentedYaml, type Note } from './commented.ts';
import { refuseCompose, thereInCompose } from './compose-complaints.ts';
import { chuteName, fromCompose, isCompose } from './compose.ts';
import { fromOlder } from './older.ts';

export type ConvertOptions = {
  /** How the file is called in comments and complaints. */
  readonly file: string;
  /** The name of a chute where none is given. */
  readonly fallbackName: string | null;
  /** What relative sources are relative to, where that is not the place of the new definition. */
  readonly sourceBase: string | null;
};

/** A new definition, or why there can be none. */
export type Converted =
  | {
      readonly ok: true;
      readonly text: string;
      readonly name: string;
      readonly hasSecrets: boolean;
    }
  | { readonly ok: false; readonly complaints: readonly Complaint[] }
  | { readonly ok: false; readonly reason: string };

/**
 * An older definition, an update object or a docker compose file as a commented definition in today's
 * format, which is valid; its comments say what was changed and what could not be carried over. Pure.
 */
export function convertDefinition(text: string, options: ConvertOptions): Converted {
  const { file, sourceBase } = options;
  const { located, report } = readYaml(text, file, { hasMergeKeys: true });
  if (report.complaints.length > 0) return { ok: false, complaints: report.complaints };
  const document = located.value;
  const composed = isObject(document) && isCompose(document, file) ? document : null;
  if (composed !== null) refuseCompose(composed, report);
  if (report.complaints.length > 0) return { ok: false, complaints: report.complaints };
  const commented = composed === null ? older(text, document, options) : compose(composed, options);
  if ('ok' in commented) return commented;
  const value = sourceBase === null ? commented.value : withBase(commented.value, sourceBase);
  const notes = [...commented.notes, ...onlyHere(value, sourceBase)];
  const written = checked(commentedYaml({ value, notes }), options);
  if (composed === null || !('complaints' in written)) return written;
  return { ok: false, complaints: thereInCompose(written.complaints, composed, { file, located }) };
}

function compose(document: JsonObject, { file, fallbackName }: ConvertOptions): Commented {
  const { value, notes } = fromCompose(document, fallbackName);
  const head = `Written by ripcord init from the compose file ${lastOf(file)}.`;
  return { value, notes: [{ path: [], text: head }, ...notes] };
}

/** Where the file lies on somebody's machine is nothing to keep. */
function lastOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

type Refused = Extract<Converted, { readonly ok: false }>;

function older(text: string, document: Json, options: ConvertOptions): Commented | Refused {
  const { file } = options;
  const secrets: string[] = [];
  const parsed = parseRequest(text, {
    file,
    fallbackName: chuteName(undefined, options.fallbackName),
    secret: (value) => ({ $secret: String(secrets.push(value) - 1) }),
  });
  if (!parsed.ok) return { ok: false, complaints: parsed.complaints };
  if ('host' in parsed) return { ok: false, reason: 'it is about the device, not about a chute' };
  if ('elsewhere' in parsed)
    return { ok: false, reason: 'it names a source, and what is to run stands in there' };
  if (Object.keys(parsed.definition.services).length === 0)
    return { ok: false, reason: `it asks for ${parsed.operation} and defines nothing` };
  const whole = isObject(document) ? document : {};
  const update = isUpdateObject(whole)
    ? readUpdateObject(whole, readYaml(text, file).report)
    : null;
  const inner = update !== null && 'document' in update ? update : null;
  const { value, notes } = fromOlder({
    parsed,
    document: inner?.document ?? whole,
    origin: inner?.origin ?? ((path) => path),
    secrets,
  });
  const what = inner === null ? 'the definition' : `the update object (${inner.operation})`;
  const head: Note = { path: [], text: `Written by ripcord init from ${what} ${lastOf(file)}.` };
  return { value, notes: [head, ...notes] };
}

/** Relative places are meant from where the other file is. */
function withBase(value: JsonObject, base: string): JsonObject {
  const services = isObject(value['services']) ? value['services'] : {};
  return {
    ...value,
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => {
        if (!isObject(service)) return [name, service];
        const { source } = service;
        if (typeof source === 'string') return [name, { ...service, source: from(base, source) }];
        const path = isObject(source) ? source['path'] : undefined;
        if (!isObject(source) || typeof path !== 'string') return [name, service];
        return [name, { ...service, source: { ...source, path: from(base, path) } }];
      }),
    ),
  };
}

/** What names a place of this machine, for whoever takes the definition to another one. */
function onlyHere(value: JsonObject, base: string | null): readonly Note[] {
  if (base === null || !base.startsWith('/')) return [];
  const services = isObject(value['services']) ? value['services'] : {};
  const text =
    'On this machine only: with the files beside this definition, write the path from here.';
  return Object.entries(services).flatMap(([name, service]) => {
    const given = isObject(service) ? service['source'] : undefined;
    const source = isObject(given) ? given['path'] : given;
    const isHere = typeof source === 'string' && (source === base || source.startsWith(`${base}/`));
    return isHere ? [{ path: ['services', name, 'source'], text }] : [];
  });
}

function from(base: string, path: string): string {
  if (path.startsWith('/') || /^[a-z][a-z0-9+.-]*:|^[\w.-]+@/i.test(path)) return path;
  return path === '.' ? base : `${base}/${path}`;
}

function checked(text: string, { file, fallbackName }: ConvertOptions): Converted {
  let hasSecrets = false;
  const parsed = parseDefinition(text, {
    file: `the definition made from ${file}`,
    fallbackName,
    strict: true,
    secret: () => {
      hasSecrets = true;
      return { $secret: '' };
    },
  });
  if (!parsed.ok) return { ok: false, complaints: parsed.complaints };
  return { ok: true, text, name: parsed.definition.name, hasSecrets };
}
