import { nearest } from '../src/core/definition/nearest.ts';
import { DEFAULT_DOCUMENT, HOST } from '../src/core/host-config/document.ts';
import type { Json, JsonObject } from '../src/core/json.ts';
import { pointer } from '../src/core/patch.ts';
import { valueAt } from './path-changes.ts';
import { readablePath } from './why-answer.ts';

/** A place of what is applied, and what it is called. */
export type Place = {
  readonly pointer: string;
  /** What a person most likely meant, when nothing is there now. */
  readonly nearest: string | null;
  /** What is there beside it, when it is not. */
  readonly known?: readonly string[];
};

/** Fields of a chute beside its definition, by the names that people see. */
const FIELDS: Readonly<Record<string, string>> = {
  definition: 'definition',
  interfaces: 'interfaces',
  redirects: 'redirects',
  releases: 'releases',
  run: 'run',
  state: 'services',
  volumes: 'volumes',
};

/**
 * The place that a path names: `hello.services.main.ports`, `host.system.x`, a file of the host, or a
 * JSON pointer. Null when its beginning is no chute of `chutes` and nothing of the host. Pure.
 */
export function placeOf(applied: Json, chutes: readonly string[], text: string): Place | null {
  if (text.startsWith('/')) return literalPlace(applied, text);
  const file = pointer('host', 'files', text);
  if (valueAt(applied, file) !== undefined) return { pointer: file, nearest: null };
  const chute = chutes.find((each) => each !== HOST && text.startsWith(`${each}.`));
  if (chute !== undefined) return chutePlace(applied, chute, text.slice(chute.length + 1));
  const [, field] = /^@?host\.(.+)$/.exec(text) ?? [];
  if (field !== undefined) return below(withHostDefaults(applied), '/host/config', field);
  return text.startsWith('host/') ? { pointer: file, nearest: nearFile(applied, text) } : null;
}

/** What is applied, with the host's configuration as it is by default where nobody configured it. Pure. */
export function withHostDefaults(applied: Json): Json {
  if (valueAt(applied, '/host/config') !== undefined) return applied;
  const { host, ...rest } = applied as JsonObject;
  return { ...rest, host: { ...(host as JsonObject), config: DEFAULT_DOCUMENT } };
}

/** `/chutes/hello/services/main/…` may mean what is applied or, where that has none, the definition. */
function literalPlace(applied: Json, text: string): Place | null {
  if (!/^\/(?:chutes|host|reservations)\//.test(text)) return null;
  if (valueAt(applied, text) !== undefined) return { pointer: text, nearest: null };
  const [, chute, rest] = /^(\/chutes\/[^/]+)(\/.+)$/.exec(text) ?? [];
  const field = rest?.split('/')[1] ?? '';
  if (chute === undefined || rest === undefined) return { pointer: text, nearest: null };
  const inside = `${chute}/definition${rest}`;
  const isField = Object.values(FIELDS).includes(field) && field !== 'services';
  const found = valueAt(applied, inside) !== undefined || !isField;
  return { pointer: found ? inside : text, nearest: null };
}

function chutePlace(applied: Json, chute: string, path: string): Place {
  const field = Object.keys(FIELDS).find((each) => path === each || path.startsWith(`${each}.`));
  const at = pointer('chutes', chute);
  if (field === undefined) return below(applied, `${at}/definition`, path);
  const base = `${at}/${FIELDS[field] ?? field}`;
  return path === field
    ? { pointer: base, nearest: null }
    : below(applied, base, path.slice(field.length + 1));
}

/** Keys may hold dots themselves, so each key that begins the path is tried, the longest first. */
function below(applied: Json, base: string, path: string): Place {
  const here = valueAt(applied, base);
  const keys = keysIn(here);
  const key = keys
    .filter((each) => path === each || path.startsWith(`${each}.`))
    .toSorted((one, other) => other.length - one.length)[0];
  if (key === path) return { pointer: base + pointer(key), nearest: null };
  if (key !== undefined) return below(applied, base + pointer(key), path.slice(key.length + 1));
  const [first = path, ...rest] = path.split('.');
  const near = nearest(first, keys);
  return {
    pointer: base + pointer(first, ...rest),
    nearest: near === null ? null : readablePath(base + pointer(near, ...rest)),
    known: keys,
  };
}

function keysIn(value: Json | undefined): readonly string[] {
  return value !== null && typeof value === 'object' ? Object.keys(value) : [];
}

function nearFile(applied: Json, text: string): string | null {
  return nearest(text, Object.keys((valueAt(applied, '/host/files') ?? {}) as JsonObject));
}
