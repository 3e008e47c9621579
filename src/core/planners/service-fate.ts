import { assert } from '../assert.ts';
import type { Definition, ServiceName } from '../chute.ts';
import { canonical, type Json } from '../json.ts';
import type { Change, PlanContext } from '../plan.ts';
import type { ProcessSpec } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { processSpec } from './process-spec.ts';

/** What becomes of a chute's services, by name; those in none of these stay as they are. */
export type Fate = {
  /** With what undoing the stop starts again. */
  readonly stopping: ReadonlyMap<ServiceName, ProcessSpec>;
  readonly starting: ReadonlyMap<ServiceName, ProcessSpec>;
  /** Whose health decides: those that start, and those whose definition changed. */
  readonly checking: ReadonlySet<ServiceName>;
};

/** Which services of a change stop, start and are looked at. Pure. */
export function fateOf(change: Change, { ports }: Pick<PlanContext, 'ports'>): Fate {
  const { before, desired, operation } = change;
  const runs = desired?.run === 'running' ? desired.definition : null;
  const names = new Set([
    ...Object.keys(before?.services ?? {}),
    ...Object.keys(runs?.services ?? {}),
  ]);
  const stopping = new Map<ServiceName, ProcessSpec>();
  const starting = new Map<ServiceName, ProcessSpec>();
  const checking = new Set<ServiceName>();
  for (const name of [...names].toSorted(textOrder)) {
    const was = before?.services[name];
    const service = runs?.services[name];
    const spec =
      runs && service ? processSpec(runs, name, service, ports.given[change.chute]) : null;
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
