import type { Recorded, Seq } from '../journal/record.ts';
import type { ChuteEvent, UpdateId } from '../src/core/events.ts';
import { DEFAULT_DOCUMENT } from '../src/core/host-config/document.ts';
import { canonical, type Json } from '../src/core/json.ts';
import { applyPatch, type Operation, type Patch } from '../src/core/patch.ts';
import type { StepId } from '../src/core/step.ts';
import type { Replay } from './replay.ts';

/** One change of what is applied at one place; undefined is nothing there. */
export type PathChange = {
  readonly seq: Seq;
  readonly how: 'done' | 'undone' | 'settled' | 'found';
  /** Null for what was found in the world. */
  readonly update: UpdateId | null;
  readonly n: number;
  readonly step: StepId | null;
  /** What was found, in words. */
  readonly message: string | null;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
};

/**
 * Every change of what is applied at a JSON pointer, newest first: one pass over the records from
 * `from` on, and from what is there now back by their inverse patches. Nothing else is folded.
 */
export async function pathChanges(
  replay: Replay,
  pointer: string,
  from: Seq = 1,
): Promise<readonly PathChange[]> {
  const touching: (Recorded<ChuteEvent> & Changing)[] = [];
  for await (const record of replay.journal.read(from, replay.head.seq))
    if (isChanging(record) && isAbout(record.patch, pointer)) touching.push(record);
  let value = valueAt(replay.state.applied, pointer);
  const changes: PathChange[] = [];
  for (const record of touching.toReversed()) {
    const after = shown(value, pointer);
    value = valueBefore(value, record.inverse, pointer);
    const before = shown(value, pointer);
    if (!sameValue(before, after)) changes.push({ ...aboutOf(record), before, after });
  }
  return changes;
}

/**
 * The change that made the value what it is, given all changes newest first: what was done and undone
 * again does not count. Undefined when the journal does not reach back to it. Pure.
 */
export function standingChange(changes: readonly PathChange[]): PathChange | undefined {
  for (let at = 0; at < changes.length; at += 1) {
    const change = changes[at];
    if (change?.how !== 'undone' && change?.how !== 'settled') return change;
    const done = changes.findIndex(
      (each, other) =>
        other > at && each.how === 'done' && each.update === change.update && each.n === change.n,
    );
    // An undo may leave something new, as a process that is started again: then it is what counts.
    if (done < 0 || !sameValue(changes[done]?.before, change.after)) return change;
    at = done;
  }
  return undefined;
}

/** Where nothing is stored of how the host is configured, it is by default. */
function shown(value: Json | undefined, pointer: string): Json | undefined {
  if (value !== undefined || !isUnder(pointer, CONFIG)) return value;
  return valueAt(DEFAULT_DOCUMENT, pointer.slice(CONFIG.length));
}

const CONFIG = '/host/config';

type Changing = Extract<ChuteEvent, { readonly inverse: Patch }>;

function isChanging(record: Recorded<ChuteEvent>): record is Recorded<ChuteEvent> & Changing {
  return 'inverse' in record && record.patch.length > 0;
}

function aboutOf(record: Recorded<ChuteEvent> & Changing): Omit<PathChange, 'after' | 'before'> {
  const { seq } = record;
  if (record.type === 'drift.found')
    return { seq, how: 'found', update: null, n: 0, step: null, message: record.message };
  const { update, n, step } = record;
  const how =
    record.type === 'step.succeeded'
      ? 'done'
      : record.type === 'compensation.succeeded'
        ? 'undone'
        : 'settled';
  const message = record.type === 'compensation.resolved' ? record.message : null;
  return { seq, how, update, n, step, message };
}

/** Whether a patch is about a place, something it is in or something in it. Pure. */
export function isAbout(patch: Patch, pointer: string): boolean {
  return patch.some(({ path }) => isUnder(path, pointer) || isUnder(pointer, path));
}

/** Whether a place is another one or lies below it. Pure. */
export function isUnder(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}

function valueBefore(value: Json | undefined, inverse: Patch, pointer: string): Json | undefined {
  return inverse.reduce((held, operation) => valueAfter(held, operation, pointer), value);
}

/** What is at a place after an operation, given what was there. Pure. */
export function valueAfter(
  value: Json | undefined,
  operation: Operation,
  pointer: string,
): Json | undefined {
  const { path } = operation;
  if (isUnder(pointer, path))
    return operation.op === 'remove'
      ? undefined
      : valueAt(operation.value, pointer.slice(path.length));
  if (!isUnder(path, pointer) || value === undefined) return value;
  const held = { root: structuredClone(value) };
  applyPatch(held, [{ ...operation, path: `/root${path.slice(pointer.length)}` }]);
  return held.root;
}

/** What is at a JSON pointer, or undefined. Pure. */
export function valueAt(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document;
  for (const key of pointer.split('/').slice(1)) {
    if (value === null || typeof value !== 'object') return undefined;
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, Json>>)[name];
  }
  return value;
}

export function sameValue(one: Json | undefined, other: Json | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonical(one) === canonical(other);
}
