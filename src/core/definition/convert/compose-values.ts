import type { Json, JsonObject } from '../../json.ts';
import { isObject } from '../json-object.ts';

/** What a value of a compose file cannot say here; told once for each place. */
export type Tell = (path: readonly string[], text: string) => void;

/**
 * A compose file's value with its variables and merge keys resolved: `${NAME:-default}` is the default,
 * other variables are empty, and each is told. Pure but for `tell`.
 */
export function resolved(value: Json, path: readonly string[], tell: Tell): Json {
  if (typeof value === 'string') return interpolated(value, path, tell);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value))
    return (value as readonly Json[]).map((each, at) =>
      resolved(each, [...path, String(at)], tell),
    );
  const { '<<': merge, ...own } = value as JsonObject;
  const layers = (Array.isArray(merge) ? (merge as readonly Json[]) : [merge]).filter(isObject);
  const whole: JsonObject = Object.assign({}, ...layers.toReversed(), own) as JsonObject;
  return Object.fromEntries(
    Object.entries(whole).map(([key, each]) => [key, resolved(each, [...path, key], tell)]),
  );
}

function interpolated(given: string, path: readonly string[], tell: Tell): string {
  return given.replaceAll(
    /\$(?:\$|\{(\w+)(?::?[-?+]([^}]*))?\}|(\w+))/g,
    (all, braced?: string, instead?: string, bare?: string) => {
      if (all === '$$') return '$';
      const name = braced ?? bare ?? '';
      const isDefault = instead !== undefined && /^\$\{\w+:?-/.test(all);
      const value = isDefault ? instead : '';
      const what = value === '' ? 'it is empty here' : `here it is its default, ${value}`;
      tell(path, `The variable ${name} came from the shell: ${what}.`);
      return value;
    },
  );
}

/** `1m30s`, `500ms`, `2h`, a number of seconds; null for what is none. Pure. */
export function durationMs(given: Json | undefined): number | null {
  if (typeof given === 'number') return given * 1000;
  if (typeof given !== 'string' || !/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/.test(given)) return null;
  const units: Readonly<Record<string, number>> = {
    us: 0.001,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
  };
  const parts = given.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g);
  return Math.round(
    [...parts].reduce((sum, [, n = '0', unit = 's']) => sum + Number(n) * (units[unit] ?? 0), 0),
  );
}

/** A published port in one of the ways a compose file has for it. */
export type Port = {
  readonly internal: number;
  readonly external: number | null;
  readonly protocol: 'tcp' | 'udp';
  /** The one address it was bound to, which cannot be said here. */
  readonly address: string | null;
};

/** The ports that an entry publishes, a range as each of them; null for what is no port. Pure. */
export function portsOf(given: Json): readonly Port[] | null {
  if (isObject(given)) {
    const { target, published, protocol = 'tcp', host_ip: address = null } = given;
    const outside = published === undefined ? '' : `${text(published)}:`;
    return between(`${outside}${text(target ?? null)}`, protocol, address);
  }
  const [ports = '', protocol = 'tcp'] = text(given).split('/');
  const found = /^(?:(\[[^\]]*\]|\d+(?:\.\d+){3}):)?((?:[\d-]*:)?[\d-]+)$/.exec(ports);
  return found === null ? null : between(found[2] ?? '', protocol, found[1] ?? null);
}

function between(ports: string, protocol: Json, address: Json): readonly Port[] | null {
  if (protocol !== 'tcp' && protocol !== 'udp') return null;
  const [inside = '', outside = ''] = ports.split(':').toReversed();
  const internals = range(inside);
  const externals = outside === '' ? internals?.map(() => null) : range(outside);
  if (internals === null || externals == null || internals.length !== externals.length) return null;
  return internals.map((internal, at) => ({
    internal,
    external: externals[at] ?? null,
    protocol,
    address:
      typeof address === 'string' && !/^(?:|0\.0\.0\.0|\[::\])$/.test(address) ? address : null,
  }));
}

function range(ports: string): readonly number[] | null {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  if (found === null) return null;
  const first = Number(found[1]);
  const last = Number(found[2] ?? first);
  const length = last - first + 1;
  return length < 1 || length > 1000 ? null : Array.from({ length }, (_, at) => first + at);
}

/** A mount in one of the ways a compose file has for it. */
export type Mount = {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'other';
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
};

/** What a `volumes` entry mounts; null for what is none. Pure. */
export function mountOf(given: Json): Mount | null {
  if (isObject(given)) {
    const { type = 'volume', source = '', target } = given;
    if (typeof target !== 'string') return null;
    const known = (['volume', 'bind', 'tmpfs'] as const).find((each) => each === type) ?? 'other';
    return { type: known, source: text(source), target, isReadOnly: given['read_only'] === true };
  }
  if (typeof given !== 'string') return null;
  const [source = '', target, mode = ''] = given.split(':');
  if (target === undefined)
    return { type: 'volume', source: '', target: source, isReadOnly: false };
  const type = /^[./~]/.test(source) ? 'bind' : 'volume';
  return { type, source, target, isReadOnly: mode.split(',').includes('ro') };
}

/** `A=1` lists and maps alike; null: the value came from the shell. Pure. */
export function variablesOf(given: Json | undefined): readonly (readonly [string, Json])[] {
  if (isObject(given)) return Object.entries(given);
  if (!Array.isArray(given)) return [];
  return (given as readonly Json[]).map((each) => {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text(each)) ?? [];
    return [name, value ?? null];
  });
}

/** One or several texts. Pure. */
export function textsOf(given: Json | undefined): readonly string[] {
  if (given === undefined || given === null) return [];
  return (Array.isArray(given) ? (given as readonly Json[]) : [given]).map(text);
}

/** A scalar as it would be written. Pure. */
export function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
