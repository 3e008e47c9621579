import { RipcordError } from '../errors.ts';
import { unrenderable } from './rendered.ts';

/**
 * Where a secret stands in a file decides how its value is written: `line` as it is, where nothing
 * but the end of the line ends it, `uci` inside a single-quoted word.
 */
export type Dialect = 'line' | 'uci';

/** Stands for the root directory, which rendered text never holds. */
export const ROOT_TOKEN = '{{root}}';

/** Finds the tokens that stand for secrets: `{{secret:<dialect>:<name>}}`. */
const SECRET_TOKEN = /\{\{secret:(line|uci):([A-Za-z0-9_.+/=:-]+)\}\}/g;

const BARE_TOKEN = /^\{\{secret:([A-Za-z0-9_.+/=:-]+)\}\}$/;

/**
 * The token for a value that is kept apart: `{$secret}` or, where only texts fit,
 * `{{secret:<name>}}`. Null for none. Pure.
 * Throws RIPCORD_PLAN_INVALID for a value that is there to be read: it would end up in the journal.
 */
export function secretToken(value: unknown, dialect: Dialect, what: string): string | null {
  if (value === undefined || value === null) return null;
  const name = typeof value === 'string' ? BARE_TOKEN.exec(value)?.[1] : nameOf(value);
  if (name === undefined) throw unrenderable(what, 'its key is not kept as a secret');
  return `{{secret:${dialect}:${name}}}`;
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('$secret' in value)) return undefined;
  const name = value.$secret;
  return typeof name === 'string' && BARE_TOKEN.test(`{{secret:${name}}}`) ? name : undefined;
}

/** The names of the secrets that a rendered text needs, sorted, each once. Pure. */
export function secretsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(SECRET_TOKEN)].map(([, , name = '']) => name))].toSorted();
}

/**
 * The text as it goes to disk. Pure; the result holds secrets and must not be journaled.
 * Throws RIPCORD_SECRET_MISSING for a secret that is not given, and RIPCORD_PLAN_INVALID for a
 * value that its place in the file cannot hold.
 */
export function fillTokens(
  text: string,
  given: { readonly root: string; readonly secrets: Readonly<Record<string, string>> },
): string {
  if (text.includes(ROOT_TOKEN) && !/^[^\p{Cc}"'\\]+$/u.test(given.root)) {
    throw unrenderable('a path below the root', 'the root has characters that no file can quote');
  }
  const token = /\{\{(?:root|secret:(line|uci):([A-Za-z0-9_.+/=:-]+))\}\}/g;
  return text.replaceAll(token, (_, dialect: Dialect | undefined, name = '') => {
    if (dialect === undefined) return given.root;
    const value = Object.hasOwn(given.secrets, name) ? given.secrets[name] : undefined;
    if (value === undefined) {
      throw new RipcordError('RIPCORD_SECRET_MISSING', `cannot write a file: no secret ${name}`);
    }
    return written(value, dialect);
  });
}

/** A secret's value, as its place in a file wants it. */
function written(value: string, dialect: Dialect): string {
  // The value must not be told, so neither is which character it was.
  if (/\p{Cc}/u.test(value)) throw unrenderable('a secret', 'it holds a control character');
  switch (dialect) {
    case 'line':
      return value;
    case 'uci':
      return value.replaceAll("'", String.raw`'\''`);
  }
}
