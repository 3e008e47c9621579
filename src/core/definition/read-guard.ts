/** A definition of a whole gateway is a few kilobytes; more than this is a mistake or an attack. */
export const TEXT_BYTES_MAX: number = 1024 * 1024;

/** Far deeper than any definition, far less than what recursion can take. */
export const DEPTH_MAX = 32;

/** Values in one definition, each use of an alias counted anew. */
export const VALUES_MAX = 50_000;

/** Names that reach into JavaScript's own objects, and that no JSON Patch could carry. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

/** What cannot be the name of anything: names become keys, and these mean something in every object. */
export function isForbiddenName(name: string): boolean {
  return isForbiddenKey(name) || name in Object.prototype;
}
