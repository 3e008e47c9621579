import fjp from 'fast-json-patch';

import type { Json, JsonObject } from './json.ts';

/** One RFC 6902 operation as `compare` makes them; the others never enter the journal. */
export type Operation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string };

export type Patch = readonly Operation[];

/** The operations that turn `before` into `after`. Pure. Neither may hold `undefined`. */
export function compare(before: Json, after: Json): Patch {
  return fjp.compare({ root: before }, { root: after }).map((operation) => ({
    ...operation,
    path: operation.path.slice('/root'.length),
  })) as unknown as Patch;
}

/**
 * Applies a patch to a document that may be changed: an immer draft or a private copy.
 *
 * Values are copied, because the library would share them with the document and a later change of the
 * document would edit a journaled event. Throws when a path is missing: a patch that does nothing
 * silently would make the fold lie.
 */
export function applyPatch(document: unknown, patch: Patch): void {
  for (const operation of patch) {
    const value =
      operation.op === 'remove' ? operation : { ...operation, value: copy(operation.value) };
    fjp.applyOperation(document, value as fjp.Operation, true, true);
  }
}

/** The patch that takes `patch` back, given the document as it is before `patch`. Pure. */
export function invert(document: Json, patch: Patch): Patch {
  const copied = copyAbove(document, patch, new Set());
  const inverse: Operation[] = [];
  for (const operation of patch) {
    const before = valueAt(copied, operation.path);
    if (operation.op === 'remove') {
      if (before !== undefined)
        inverse.push({ op: 'add', path: operation.path, value: copy(before) });
    } else if (before === undefined) inverse.push({ op: 'remove', path: operation.path });
    else inverse.push({ op: 'replace', path: operation.path, value: copy(before) });
    applyPatch(copied, [operation]);
  }
  return inverse.toReversed();
}

/**
 * The same as `applyPatch`, for a document that stays as it is: what a patch leaves alone is shared.
 * `own` are the objects that are the caller's already; grows by those that were copied. Pure otherwise.
 */
export function patched(document: Json, patch: Patch, own: Set<unknown>): Json {
  let after = document;
  // One by one: where one is about depends on those before it.
  for (const operation of patch) {
    after = copyAbove(after, [operation], own);
    applyPatch(after, [operation]);
  }
  return after;
}

/**
 * The document with copies of its own of all that stands above these places, and the rest shared: a
 * step changes a little of what a device with many chutes has applied. Pure but for `own`.
 */
function copyAbove(document: Json, patch: Patch, own: Set<unknown>): Json {
  const whole = { document };
  for (const { path } of patch) {
    let above: Record<string, Json> = whole;
    for (const key of ['document', ...keysOf(path).slice(0, -1)]) {
      const value = above[key];
      if (value === undefined || value === null || typeof value !== 'object') break;
      const mine = own.has(value) ? value : shallow(value);
      own.add(mine);
      above[key] = mine;
      above = mine as Record<string, Json>;
    }
  }
  return whole.document;
}

const shallow = (value: Json): Json =>
  Array.isArray(value) ? [...(value as readonly Json[])] : { ...(value as JsonObject) };

/** The value under a JSON pointer, or undefined. Pure. */
function valueAt(document: Json, path: string): Json | undefined {
  let value: Json | undefined = document;
  for (const key of keysOf(path)) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Readonly<Record<string, Json>>)[key];
  }
  return value;
}

const keysOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

/** One key as a part of a JSON pointer. Pure. */
export function pointer(...keys: readonly string[]): string {
  return keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const copy = (value: Json): Json =>
  value === null || typeof value !== 'object' ? value : (JSON.parse(JSON.stringify(value)) as Json);
