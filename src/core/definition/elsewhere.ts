import type { Json, JsonObject } from '../json.ts';
import { LIGHT_LANGUAGES } from './build-recipe.ts';
import type { Report } from './complaint.ts';
import { isObject } from './json-object.ts';
import { type SourceReference, sourceReference } from './source-reference.ts';

/** A definition that is kept with the files it is about: where they are, and what stands beside that. */
export type Elsewhere = {
  readonly source: SourceReference;
  /** Fields that win over those of the definition that is found there. */
  readonly document: JsonObject;
};

/** What makes a definition one by itself, wherever its files come from. */
const TELLING = ['services', 'type', 'use', 'command', 'external_image', 'dockerfile'];

const TYPES = ['local', 'archive', 'http', 'git'] as const;

/** Whether a definition names a source and nothing to run: what is to run stands in there. Pure. */
export function isElsewhere(document: JsonObject): boolean {
  const config = isObject(document['config']) ? document['config'] : {};
  const sourced = document['source'] !== undefined || document['download'] !== undefined;
  return sourced && !TELLING.some((key) => document[key] !== undefined || key in config);
}

/** Such a definition in its parts; null when complaints were made. Pure. */
export function readElsewhere(document: JsonObject, report: Report): Elsewhere | null {
  const { source: first, download, ...rest } = document;
  const given = first ?? download;
  const path = first === undefined ? '/download' : '/source';
  const { name } = rest;
  if (name !== undefined && typeof name !== 'string')
    report.complain('type-invalid', '/name', 'must be a text');
  const written = writtenSource(given, path, report);
  const source = written === null ? null : sourceReference(written, path, report);
  return source === null || report.complaints.length > 0 ? null : { source, document: rest };
}

function writtenSource(
  given: Json | undefined,
  path: string,
  report: Report,
): Parameters<typeof sourceReference>[0] | null {
  if (typeof given === 'string') return given;
  if (!isObject(given)) {
    report.complain('type-invalid', path, 'must be a text or a map');
    return null;
  }
  const { type, url, path: place, sha256, checkout } = withoutCredentials(given, path, report);
  for (const [key, value] of Object.entries({ type, url, path: place, sha256, checkout })) {
    if (value === undefined || typeof value === 'string') continue;
    if (key === 'checkout' && typeof value === 'number') continue;
    report.complain('type-invalid', `${path}/${key}`, 'must be a text');
  }
  const known = TYPES.find((name) => name === type);
  if (type !== undefined && known === undefined)
    report.complain('value-invalid', `${path}/type`, `must be one of ${TYPES.join(', ')}`);
  if (report.complaints.length > 0) return null;
  return {
    type: known,
    url: text(url),
    path: text(place),
    sha256: text(sha256),
    checkout: text(checkout),
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/**
 * A source as older definitions write it: `file` is what paths are anyway, and who fetches is no part
 * of what is journaled. Pure.
 */
export function withoutCredentials(
  given: JsonObject,
  path: string,
  report: Report | null,
): JsonObject {
  const { user, secret, ...rest } = given;
  for (const [key, value] of Object.entries({ user, secret }))
    if (value !== undefined)
      report?.warn('field-ignored', `${path}/${key}`, 'has no effect', {
        spot: 'key',
        hint: 'credentials are asked of git and of the system, a definition is journaled',
      });
  const { type, ...untyped } = rest;
  return type === 'file' ? untyped : rest;
}

/**
 * The definition that was found with the files, under the fields beside the source; files without a
 * definition are built as their Dockerfile says. Pure.
 */
export function foundDocument(found: JsonObject | null, outer: JsonObject): JsonObject {
  const { source: _source, download: _download, ...inner } = found ?? { type: 'normal' };
  const configs = [inner['config'], outer['config']].filter(isObject);
  const config = Object.assign({}, ...configs) as JsonObject;
  return { ...inner, ...outer, ...(configs.length > 0 && { config }) };
}

/**
 * What a source beside a definition that was found means: `.` is the source that the definition came
 * from. Null for a place inside of what is no directory. Pure.
 */
export function sourceInside(
  reference: SourceReference,
  found: SourceReference,
): SourceReference | null {
  if (reference.type !== 'local' && reference.type !== 'archive') return reference;
  if (reference.path.startsWith('/')) return reference;
  if (reference.path === '.') return found;
  if (found.type !== 'local') return null;
  return { ...reference, path: `${found.path}/${reference.path}` };
}

/**
 * A definition of several services with one source for all: each that builds or runs files, and names
 * no others, has it. Pure.
 */
export function withSharedSource(document: JsonObject): JsonObject {
  const { source, download, ...rest } = document;
  const shared = source ?? download;
  const { services } = rest;
  if (shared === undefined || !isObject(services)) return document;
  const given = isObject(shared) ? withoutCredentials(shared, '', null) : shared;
  const shares = Object.entries(services).map(([name, service]) => [
    name,
    isObject(service) && takesShared(service) ? { ...service, source: given } : service,
  ]);
  return { ...rest, services: Object.fromEntries(shares) as JsonObject };
}

function takesShared({ type, image, source }: JsonObject): boolean {
  if (source !== undefined && source !== '.' && source !== './') return false;
  if (type !== undefined) return type !== 'image';
  return image === undefined || LIGHT_LANGUAGES.some((name) => name === image);
}
