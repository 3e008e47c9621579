import { assert } from '../assert.ts';
import type { Definition, ServiceName } from '../chute.ts';
import type { ServiceSpec } from '../container.ts';
import { canonical, type Json } from '../json.ts';
import type { Change, PlanContext } from '../plan.ts';
import { textOrder } from '../text-order.ts';
import { serviceSpec } from './service-spec.ts';

/** What becomes of a chute's services, by name; those in none of these stay as they are. */
export type Fate = {
  /** With what undoing the stop starts again. */
  readonly stopping: ReadonlyMap<ServiceName, ServiceSpec>;
  readonly starting: ReadonlyMap<ServiceName, ServiceSpec>;
  /** Whose health decides: those that start, and those whose definition changed. */
  readonly checking: ReadonlySet<ServiceName>;
};

/** Of one plan, for the planners that ask one after another: what is planned is not changed meanwhile. */
const known = new WeakMap<Change, { readonly context: FateContext; readonly fate: Fate }>();

type FateContext = Pick<PlanContext, 'ports' | 'facts'>;

/** Which services of a change stop, start and are looked at. Pure. */
export function fateOf(change: Change, context: FateContext): Fate {
  const found = known.get(change);
  if (found?.context === context) return found.fate;
  const fate = makeFate(change, context);
  known.set(change, { context, fate });
  return fate;
}

function makeFate(change: Change, { ports, facts }: FateContext): Fate {
  const { before, desired, operation } = change;
  const runs = desired?.run === 'running' ? desired.definition : null;
  const names = new Set([
    ...Object.keys(before?.services ?? {}),
    ...Object.keys(runs?.services ?? {}),
  ]);
  const stopping = new Map<ServiceName, ServiceSpec>();
  const starting = new Map<ServiceName, ServiceSpec>();
  const checking = new Set<ServiceName>();
  for (const name of [...names].toSorted(textOrder)) {
    const was = before?.services[name];
    const service = runs?.services[name];
    const given = ports.given[change.chute];
    const spec =
      runs && service
        ? serviceSpec(facts.runtime, { definition: runs, name, service, given })
        : null;
    const alive = was?.state === 'running';
    const same =
      spec !== null &&
      canonical(spec) === canonical(was?.spec ?? null) &&
      content(runs, name, PASSIVE) === content(before?.definition, name, PASSIVE);
    if (alive && same && operation !== 'restart') {
      if (content(runs, name) !== content(before?.definition, name)) checking.add(name);
      continue;
    }
    if (alive) {
      assert(was.spec, `service ${name} of ${change.chute} runs, and nobody knows how it started`);
      stopping.set(name, was.spec);
    }
    if (spec) {
      starting.set(name, spec);
      checking.add(name);
    }
  }
  return { stopping, starting, checking };
}

/** Fields that a running process need not be told of. */
const PASSIVE = new Set(['health', 'needs', 'cpuFraction', 'memory', 'priority']);

function content(
  definition: Definition | null | undefined,
  name: ServiceName,
  without: ReadonlySet<string> = new Set(),
): string {
  const service = definition?.services[name];
  if (!service) return '';
  const fields = Object.entries(service).filter(([key]) => !without.has(key) && key !== 'source');
  const requests = Object.entries(service.requests).filter(([key]) => !without.has(key));
  const rest = { ...Object.fromEntries(fields), requests: Object.fromEntries(requests) };
  return canonical([rest, service.source?.digest ?? null] as Json);
}
