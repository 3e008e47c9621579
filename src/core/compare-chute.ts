import type { AppliedChute, AppliedService } from './applied.ts';
import type { Definition, ServiceName } from './chute.ts';
import { canonical, type Json, type JsonObject } from './json.ts';
import { compare, type Operation, type Patch } from './patch.ts';
import type { Change, Desired } from './plan.ts';
import { runtimeOf } from './planners/dynamic-ports.ts';
import { serviceSpec } from './planners/service-spec.ts';
import { textOrder } from './text-order.ts';

/**
 * A chute as it is compared: what it is defined as, what its owner wants, and how each service is.
 * `{}` for a chute that is not there.
 *
 * A service found dead differs from the `running` that is desired, so its patch has `/services/S`.
 */
export type ChuteView =
  | { readonly [key: string]: never }
  | {
      readonly definition: Json;
      readonly run: 'running' | 'stopped';
      readonly services: Readonly<Record<ServiceName, string>>;
    };

/** How a chute is, as far as it is compared. Pure. */
export function viewOfApplied(chute: AppliedChute | null): ChuteView {
  if (!chute) return {};
  const services = Object.keys(chute.services).map((name) => [name, stateOf(chute, name)]);
  return {
    definition: chute.definition && bySource(chute.definition),
    run: chute.run,
    services: Object.fromEntries(services),
  };
}

/** `other`: it runs, but not as it is defined, because somebody accepted what an update left behind. */
function stateOf(chute: AppliedChute, name: ServiceName): string {
  const { definition, services, releases, dynamicPorts: given } = chute;
  const { state, spec } = services[name] ?? UNKNOWN;
  const service = definition?.services[name];
  if (state !== 'running' || !spec || !definition || !service) return state;
  const defined = canonical(
    serviceSpec(runtimeOf({ services: { [name]: services[name] ?? UNKNOWN } }), {
      definition,
      name,
      service,
      given,
    }),
  );
  const runs = canonical(spec) === defined && releases[name] === service.source?.digest;
  return runs ? state : 'other';
}

const UNKNOWN: AppliedService = { state: 'stopped', spec: null, instance: null };

/** How a chute shall be, as far as it is compared. Pure. */
export function viewOfDesired(desired: Desired): ChuteView {
  if (!desired) return {};
  const { definition, run } = desired;
  const services = Object.keys(definition.services).map((name) => [name, run]);
  return { definition: bySource(definition), run, services: Object.fromEntries(services) };
}

/** The operations from what a chute is to what it shall be, in one order for equal input. Pure. */
export function compareChute(before: AppliedChute | null, desired: Desired): Patch {
  const patch = compare(sorted(viewOfApplied(before)), sorted(viewOfDesired(desired)));
  return patch.toSorted((left, right) => textOrder(canonical(left), canonical(right)));
}

/** Whether a change is about this place of the view, or something above or below it. Pure. */
export function touches(change: Pick<Change, 'patch'>, path: string): boolean {
  return change.patch.some(({ path: at }) => under(at, path) || under(path, at));
}

/** The same patch for a document that holds this one at `prefix`. Pure. */
export function below(prefix: string, patch: Patch): Patch {
  return patch.map((operation): Operation => ({ ...operation, path: prefix + operation.path }));
}

const under = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}/`);

/** The definition with its sources by content alone: another way to the same files is no change. */
function bySource(definition: Definition): Json {
  const services = Object.entries(definition.services).map(([name, service]) => [
    name,
    service.source ? { ...service, source: { digest: service.source.digest } } : service,
  ]);
  return { ...definition, services: Object.fromEntries(services) };
}

/** A copy with its keys in order and without `undefined`: the order of keys means nothing. */
function sorted(value: Json): Json {
  return JSON.parse(canonical(value)) as JsonObject;
}
