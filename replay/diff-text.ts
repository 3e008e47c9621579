import { HOST } from '../src/core/host-config/document.ts';
import type { Json, JsonObject } from '../src/core/json.ts';
import type { Diff, Difference } from './diff.ts';

/** One line a difference: `hello.services.main.command  a → b`. Secrets print as `(secret)`. Pure. */
export function diffLines(
  { differences }: Pick<Diff, 'differences'>,
  options: { readonly ascii?: boolean } = {},
): readonly string[] {
  const arrow = options.ascii === true ? '->' : '→';
  const width = Math.min(
    PATH_WIDTH_MAX,
    Math.max(0, ...differences.map(({ path }) => path.length)),
  );
  return differences.map((each) => `${each.path.padEnd(width)}  ${sidesOf(each, arrow)}`);
}

/** `1 path in 1 chute, 2 updates (u41 u42)`. Pure. */
export function statLine({ stat }: Pick<Diff, 'stat'>): string {
  const { paths, chutes, updates } = stat;
  if (paths === 0) return 'no difference';
  const others = chutes.filter((chute) => chute !== HOST);
  const places = [
    ...(others.length < chutes.length ? ['the host configuration'] : []),
    ...(others.length > 0 || chutes.length === 0 ? [count(others.length, 'chute')] : []),
  ];
  const where = `${count(paths, 'path')} in ${places.join(' and ')}`;
  if (updates.length === 0) return where;
  return `${where}, ${count(updates.length, 'update')} (${updates.join(' ')})`;
}

/** A value in one line, with secrets hidden. Pure. */
export function valueText(value: Json): string {
  const hidden = withoutSecrets(value);
  const text = typeof hidden === 'string' ? hidden || '""' : JSON.stringify(hidden);
  return text.length > VALUE_WIDTH_MAX ? `${text.slice(0, VALUE_WIDTH_MAX - 1)}…` : text;
}

/** The same value with each secret's mark replaced by a word. Pure. */
export function withoutSecrets(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutSecrets);
  const object = value as JsonObject;
  if (Object.hasOwn(object, '$secret')) return SECRET;
  const members = Object.entries(object).map(([key, member]) => [key, withoutSecrets(member)]);
  return Object.fromEntries(members) as JsonObject;
}

function sidesOf({ kind, before, after }: Difference, arrow: string): string {
  if (kind === 'added') return `+ ${valueText(after)}`;
  if (kind === 'removed') return `- ${valueText(before)}`;
  const sides = [valueText(before), valueText(after)];
  // Two secrets look alike: only that they differ may be said.
  if (sides[0] === SECRET && sides[1] === SECRET) return '(secret, changed)';
  return sides.join(` ${arrow} `);
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

const SECRET = '(secret)';
const PATH_WIDTH_MAX = 48;
const VALUE_WIDTH_MAX = 100;
