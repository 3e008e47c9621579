import type { ChuteName, ServiceName } from '../chute.ts';
import { healthOf } from '../definition/health.ts';
import { findCycle } from '../definition/needs.ts';
import { pointer, type Patch } from '../patch.ts';
import { ORDER } from '../phases.ts';
import type { Change, Desired, PlanContext, Planner } from '../plan.ts';
import type { GateCheck, StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { withPorts } from './dynamic-ports.ts';
import { fetchIdsOf } from './files.ts';
import { directoryIdsOf } from './name.ts';
import { processSpec } from './process-spec.ts';
import { limitIdsOf } from './resource.ts';
import { volumeIdsOf, wantedPorts } from './runtime.ts';
import { savePatch } from './save-patch.ts';
import { fateOf, type Fate } from './service-fate.ts';
import type { PlainRefusal } from './unsupported.ts';

/**
 * Stops what must change and starts what shall run, each in the order of `needs`, sees that it is
 * well, and records what the chute now is. Services that stay as they are keep running.
 */
export const state: Planner = {
  name: 'state',
  version: 3,
  plan(change, context) {
    const refusals = wrongNeeds(change);
    if (refusals.length > 0) return { refusals };
    const fate = fateOf(change, context);
    return {
      steps: [
        ...stops(change, fate),
        ...starts(change, fate, context),
        ...gate(change, fate, context),
        ...save(change, savePatch(change, context, fate)),
      ],
    };
  },
};

function wrongNeeds({ chute, desired }: Change): readonly PlainRefusal[] {
  const services = desired?.definition.services ?? {};
  const needs = Object.fromEntries(
    Object.entries(services).map(([service, each]) => [service, each.needs]),
  );
  const refuse = (service: ServiceName, reason: string): PlainRefusal => ({
    code: 'RIPCORD_DEFINITION_INVALID',
    message: `cannot order the services of ${chute}: ${reason}`,
    path: pointer('services', service, 'needs'),
    hint: 'a service needs others of its chute, never itself in the end',
  });
  const unknown = Object.entries(needs).flatMap(([service, names]) =>
    names
      .filter((each) => !Object.hasOwn(services, each))
      .map((each) => refuse(service, `${service} needs ${each}, which is no service`)),
  );
  const cycle = findCycle(needs);
  return cycle ? [...unknown, refuse(cycle[0] ?? '', cycle.join(' needs '))] : unknown;
}

function stops({ chute, before }: Change, { stopping }: Fate): readonly StepDraft[] {
  const definition = before?.definition ? withPorts(before.definition, before.dynamicPorts) : null;
  const needs = definition?.services ?? {};
  const idOf = (service: ServiceName): string => stopId(chute, service);
  return [...stopping].map(([service, spec]) => {
    // Who needs this one goes first.
    const users = [...stopping.keys()].filter((each) => needs[each]?.needs.includes(service));
    return {
      id: idOf(service),
      phase: ORDER['process.stop@1'],
      kind: 'process.stop@1',
      args: { chute, service, spec, ready: definition && healthOf(definition, service) },
      needs: users.map(idOf),
      title: `stop ${service} of ${chute}`,
      undo: `start ${service} again as it ran before`,
      timeoutMs: spec.stop.graceMs + STOP_MS,
    };
  });
}

/**
 * A start stands on the stop of what ran before, of what has its ports until now, and on the files, directories and volumes it runs
 * with: as long as it is not undone, none of these may be.
 */
function starts(
  change: Change,
  { starting, stopping }: Fate,
  context: PlanContext,
): readonly StepDraft[] {
  const { chute, desired, before } = change;
  const services = desired?.definition.services ?? {};
  const idOf = (service: ServiceName): string => `${chute}/${service}/process.start`;
  return [...starting].map(([service, spec]) => ({
    id: idOf(service),
    phase: ORDER['process.start@1'],
    kind: 'process.start@1',
    args: { chute, service, spec },
    needs: [
      ...(services[service]?.needs ?? []).filter((each) => starting.has(each)).map(idOf),
      ...(stopping.has(service) ? [stopId(chute, service)] : []),
      ...holdersOf(change, service, context),
      ...directoryIdsOf(change),
      ...fetchIdsOf(chute, before, services[service]?.source?.digest),
      ...volumeIdsOf(chute, before, services[service]),
      ...limitIdsOf(change, context),
    ],
    title: `start ${service} of ${chute}`,
    undo: `stop ${service}`,
  }));
}

/** The stops of other chutes' services that have until now what this one will listen on. */
function holdersOf(
  { chute, desired }: Change,
  service: ServiceName,
  context: PlanContext,
): readonly StepId[] {
  const { applied, changes } = context;
  const wanted = [...wantedPorts({ chute, desired }, context)].filter(([, of]) => of === service);
  const found = wanted.flatMap(([key]) => {
    const holder = applied.reservations.ports[key];
    const holding = changes.find((each) => each.chute === holder?.chute && hasSteps(each));
    if (
      !holder ||
      !holding ||
      holding.chute === chute ||
      !fateOf(holding, context).stopping.has(holder.service)
    )
      return [];
    return [stopId(holder.chute, holder.service)];
  });
  return [...new Set(found)];
}

const hasSteps = ({ patch, operation }: Change): boolean =>
  patch.length > 0 || operation === 'restart';

const stopId = (chute: ChuteName, service: ServiceName): string =>
  `${chute}/${service}/process.stop`;

/** One gate for all that changed; services that only keep running are the baseline's concern. */
function gate(
  { chute, desired }: Change,
  { starting, checking }: Fate,
  { ports }: PlanContext,
): readonly StepDraft[] {
  if (!desired || checking.size === 0) return [];
  const given = ports.given[chute];
  const definition = withPorts(desired.definition, given);
  const checks = [...checking].toSorted(textOrder).flatMap((service): readonly GateCheck[] => {
    const made = definition.services[service];
    if (!made) return [];
    const { directory } =
      starting.get(service) ?? processSpec(desired.definition, service, made, given);
    return [{ chute, service, health: healthOf(definition, service), directory }];
  });
  const withinMs = Math.max(...checks.map(({ health }) => health.withinMs));
  return [
    {
      id: `${chute}/gate.check`,
      phase: ORDER['gate.check@1'],
      kind: 'gate.check@1',
      args: { checks, withinMs },
      title: `see that ${checks.map(({ service }) => service).join(', ')} of ${chute} ${checks.length === 1 ? 'is' : 'are'} well`,
      timeoutMs: withinMs + GATE_MARGIN_MS,
      // It asks again by itself for as long as it may.
      retries: 0,
    },
  ];
}

/** Nothing is left to record when services only had to be started again. */
function save({ chute, desired }: Change, patch: Patch): readonly StepDraft[] {
  if (patch.length === 0) return [];
  return [
    {
      id: `${chute}/chute.save`,
      phase: ORDER['chute.save@1'],
      kind: 'chute.save@1',
      args: { chute, patch },
      title: desired ? `record ${chute} as ${inWords(desired)}` : `record that ${chute} is gone`,
    },
  ];
}

const inWords = ({ definition, run }: NonNullable<Desired>): string =>
  definition.version === undefined ? run : `${run}, version ${definition.version}`;

/** How long stopping may take beyond the grace a service is given. */
const STOP_MS = 60_000;
const GATE_MARGIN_MS = 10_000;
