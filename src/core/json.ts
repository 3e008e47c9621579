/** A value that survives a round trip through JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

/** JSON text with sorted keys and no white space: equal values have equal text. Pure. */
export function canonical(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(',')}]`;
  const object = value as JsonObject;
  let members = '';
  for (const key of ordered(Object.keys(object))) {
    const member = object[key];
    if (member === undefined) continue;
    members += `${members === '' ? '' : ','}${quoted(key)}:${canonical(member)}`;
  }
  return `{${members}}`;
}

/** Text without anything that JSON would escape: nearly all there is. */
const PLAIN = /^[ !#-[\]-~]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Most objects have few keys, often in order already: these are not worth the general sort. */
const FEW_KEYS = 16;

/** The keys by their UTF-16 code units, as `toSorted` has it; few are moved in place. */
function ordered(keys: string[]): readonly string[] {
  if (keys.length > FEW_KEYS) return keys.toSorted();
  for (let at = 1; at < keys.length; at += 1) {
    const key = keys[at] ?? '';
    let place = at;
    for (let left = keys[place - 1]; left !== undefined && left > key; left = keys[place - 1]) {
      keys[place] = left;
      place -= 1;
    }
    keys[place] = key;
  }
  return keys;
}

/** SHA-256 of a text, in hex. Injected, because the core also runs where `node:crypto` does not. */
export type Sha256 = (text: string) => string;
