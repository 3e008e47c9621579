import { stateHash } from '../src/core/applied.ts';
import type { ChuteName } from '../src/core/chute.ts';
import { viewOfApplied, viewOfDesired } from '../src/core/compare-chute.ts';
import { documentOf, HOST, type HostDocument } from '../src/core/host-config/document.ts';
import type { Json, JsonObject, Sha256 } from '../src/core/json.ts';
import type { Desired } from '../src/core/plan.ts';
import type { State } from '../src/core/state.ts';

/** What is compared between two points in time: what is there, not who or when. */
export type DeviceView = {
  readonly chutes: Readonly<Record<ChuteName, Json>>;
  readonly ports: Json;
  /** How the device itself is configured, every default said. */
  readonly host: HostDocument;
};

/** `ripcord at REF -o json`: the whole state, with the hash of what is applied. */
export type StateView = State & { readonly stateHash: string };

/** A state with its hash, for showing. Pure. */
export function stateView(state: State, sha256: Sha256): StateView {
  return { ...state, stateHash: stateHash(state.applied, sha256) };
}

/** What is applied, as it is compared: with the releases and volumes of each chute. Pure. */
export function viewOfState({ applied }: Pick<State, 'applied'>): DeviceView {
  const chutes = Object.entries(applied.chutes).map(([chute, record]) => {
    const { releases, volumes } = record;
    return [chute, { ...viewOfApplied(record), releases, volumes }] as const;
  });
  const host = documentOf(applied.host.config);
  return { chutes: Object.fromEntries(chutes), ports: applied.reservations.ports, host };
}

/** What is applied or desired, as planning compares the two. Pure. */
export function viewOfPlanned(
  { applied }: Pick<State, 'applied'>,
  desired?: Readonly<Record<ChuteName, Desired>>,
  host: HostDocument = documentOf(applied.host.config),
): DeviceView {
  const chutes = desired
    ? Object.entries(desired).flatMap(([chute, each]) =>
        each ? [[chute, viewOfDesired(each)] as const] : [],
      )
    : Object.entries(applied.chutes).map(([chute, each]) => [chute, viewOfApplied(each)] as const);
  return { chutes: Object.fromEntries(chutes), ports: {}, host };
}

/**
 * A part of what is applied, or of what is desired, by a path as people write it:
 * `hello.services.main.ports`. What a definition holds stands right below its chute, beside `run`,
 * `state` (of each service), `releases` and `volumes`. Undefined when there is nothing. Pure.
 */
export function partAt(document: Json, path: string): Json | undefined {
  if (path === '') return document;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    const index = Array.isArray(document) ? /^(\d+)(?:\.|$)/.exec(path) : null;
    if (!index || !Array.isArray(document)) return undefined;
    const element = (document as readonly Json[])[Number(index[1])];
    return element === undefined ? undefined : partAt(element, path.slice(index[0].length));
  }
  // Keys may hold dots themselves (`/data.d`), so each key that begins the path is tried.
  for (const [key, value] of Object.entries(document as JsonObject)) {
    if (path === key) return value;
    if (!path.startsWith(`${key}.`)) continue;
    const found = partAt(value, path.slice(key.length + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The document that paths are about: see `partAt`. Pure. */
export function readableView({ chutes, ports, host }: DeviceView): JsonObject {
  const readable = Object.entries(chutes).map(([chute, view]) => {
    const { definition, services, ...rest } = view as JsonObject;
    const fields = definition === null || definition === undefined ? {} : definition;
    return [chute, { ...(fields as JsonObject), ...rest, state: services ?? {} }] as const;
  });
  return {
    ...Object.fromEntries(readable),
    ...(Object.keys(ports as JsonObject).length > 0 && { '(ports)': ports }),
    [HOST]: host,
  };
}
