import { HOST } from '../src/core/host-config/document.ts';
import { canonical, type Json, type JsonObject } from '../src/core/json.ts';
import { compare, type Patch } from '../src/core/patch.ts';
import { desiredHostOf, desiredOf } from './desired.ts';
import type { Replay } from './replay.ts';
import { type Now, resolveRef } from './resolve-ref.ts';
import type { UpdateSummary } from './update-summary.ts';
import { type DeviceView, partAt, readableView, viewOfPlanned, viewOfState } from './view.ts';

/** One difference, as people read it: `hello.services.main.command`. */
export type Difference = {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Null where there is nothing on that side. */
  readonly before: Json;
  readonly after: Json;
};

/** What differs between two points in time, or between what is applied and what is desired. */
export type Diff = {
  readonly from: { readonly ref: string; readonly seq: number };
  readonly to: { readonly ref: string; readonly seq: number };
  /** RFC 6902, on `{chutes, ports, host}` as `viewOfState` gives it. */
  readonly patch: Patch;
  readonly differences: readonly Difference[];
  readonly stat: {
    readonly paths: number;
    readonly chutes: readonly string[];
    /** The updates that lie between the two. */
    readonly updates: readonly string[];
  };
};

/**
 * What turns the state at `from` into the state at `to`. Without refs: what turns what is applied into
 * what is desired; with one, what has changed since. `path` keeps to a part, as in `partAt`.
 *
 * Throws RIPCORD_REF_UNKNOWN.
 */
export async function diff(
  replay: Replay,
  points: { readonly from?: string; readonly to?: string; readonly path?: string } & Now = {},
): Promise<Diff> {
  const { from, to = 'HEAD', path = '' } = points;
  if (from === undefined) return diffDesired(replay, path);
  const before = await resolveRef(replay, from, points);
  const after = await resolveRef(replay, to, points);
  const { updates } = await replay.chronicle();
  const [low, high] = [Math.min(before.seq, after.seq), Math.max(before.seq, after.seq)];
  const between = updates.filter((each) => each.lastSeq > low && each.requestedSeq <= high);
  return makeDiff({
    from: { ref: from, seq: before.seq, view: viewOfState(await replay.stateAt(before.seq)) },
    to: { ref: to, seq: after.seq, view: viewOfState(await replay.stateAt(after.seq)) },
    path,
    updates: between,
  });
}

function diffDesired(replay: Replay, path: string): Diff {
  const { state, head } = replay;
  const desired = viewOfPlanned(state, desiredOf(state), desiredHostOf(state));
  const unfinished = Object.values(state.updates);
  return makeDiff({
    from: { ref: 'applied', seq: head.seq, view: viewOfPlanned(state) },
    to: { ref: 'desired', seq: head.seq, view: desired },
    path,
    updates: unfinished,
  });
}

/** Whether a JSON pointer into a device view is about this part, or about something it is in. */
function isPart(pointer: string, path: string): boolean {
  if (path === '') return true;
  const [, kind, ...keys] = pointer.split('/').map((key) => key.replaceAll('~1', '/'));
  const [chute = '', field, ...rest] = keys;
  const below =
    field === 'definition' ? rest : field === 'services' ? ['state', ...rest] : keys.slice(1);
  const at =
    kind === 'ports' ? ['(ports)', ...keys] : kind === 'host' ? [HOST, ...keys] : [chute, ...below];
  const readable = `${at.join('.')}.`;
  return readable.startsWith(`${path}.`) || `${path}.`.startsWith(readable);
}

type Side = { readonly ref: string; readonly seq: number; readonly view: DeviceView };

function makeDiff(input: {
  readonly from: Side;
  readonly to: Side;
  readonly path: string;
  readonly updates: readonly Pick<UpdateSummary, 'id'>[];
}): Diff {
  const { from, to, path, updates } = input;
  const [before, after] = [readableView(from.view), readableView(to.view)];
  const differences =
    path === ''
      ? differencesOf(before, after)
      : differencesAt(path, partAt(before, path), partAt(after, path));
  const chutes = new Set(
    (path === '' ? differences.map((each) => each.path) : [path]).flatMap((each) => {
      const names = [HOST, ...Object.keys(from.view.chutes), ...Object.keys(to.view.chutes)];
      return names.filter((name) => each === name || each.startsWith(`${name}.`));
    }),
  );
  return {
    from: { ref: from.ref, seq: from.seq },
    to: { ref: to.ref, seq: to.seq },
    patch: compare(from.view, to.view).filter((operation) => isPart(operation.path, path)),
    differences,
    stat: {
      paths: differences.length,
      chutes: differences.length === 0 ? [] : [...chutes],
      updates: differences.length === 0 ? [] : updates.map(({ id }) => id),
    },
  };
}

/** The differences of two documents, leaf by leaf; lists are leaves. Pure. */
export function differencesOf(before: Json, after: Json, path = ''): readonly Difference[] {
  if (canonical(before) === canonical(after)) return [];
  if (!isObject(before) || !isObject(after)) return differencesAt(path, before, after);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const at = path === '' ? key : `${path}.${key}`;
    return differencesAt(at, before[key], after[key]);
  });
}

function differencesAt(
  path: string,
  before: Json | undefined,
  after: Json | undefined,
): readonly Difference[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ path, kind: 'added', before: null, after: after ?? null }];
  if (after === undefined) return [{ path, kind: 'removed', before, after: null }];
  if (isObject(before) && isObject(after)) return differencesOf(before, after, path);
  if (canonical(before) === canonical(after)) return [];
  return [{ path, kind: 'changed', before, after }];
}

/** A document of keys; a secret is a leaf. */
const isObject = (value: Json): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !isSecret(value);

function isSecret(value: Json): boolean {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, '$secret');
}
