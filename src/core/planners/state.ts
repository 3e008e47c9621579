import type { ChuteName, ServiceName } from '../chute.ts';
import { isContainer, type ServiceSpec } from '../container.ts';
import { healthOf } from '../definition/health.ts';
import { findCycle } from '../definition/needs.ts';
import { pointer, type Patch } from '../patch.ts';
import { ORDER } from '../phases.ts';
import type { Change, Desired, PlanContext, Planner } from '../plan.ts';
import type { GateCheck, StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { containersAfterCommit, networkIdsOf } from './containers.ts';
import { withPorts } from './dynamic-ports.ts';
import { fetchIdsOf } from './files.ts';
import { imageDrops, imageIdsOf } from './images.ts';
import { directoryIdsOf } from './name.ts';
import { limitIdsOf } from './resource.ts';
import { volumeIdsOf, wantedPorts } from './runtime.ts';
import { savePatch } from './save-patch.ts';
import { fateOf, type Fate } from './service-fate.ts';
import { serviceSpec } from './service-spec.ts';
import type { PlainRefusal } from './unsupported.ts';

/**
 * Stops what must change and starts what shall run, each in the order of `needs`, sees that it is
 * well, and records what the chute now is. Services that stay as they are keep running.
 */
export const state: Planner = {
  name: 'state',
  version: 4,
  plan(change, context) {
    const refusals = wrongNeeds(change);
    if (refusals.length > 0) return { refusals };
    const fate = fateOf(change, context);
    return {
      steps: [
        ...stops(change, fate, context),
        ...starts(change, fate, context),
        ...gate(change, fate, context),
        ...save(change, savePatch(change, context, fate)),
        ...containersAfterCommit(change, fate),
        ...(context.facts.runtime === 'docker' ? imageDrops(change, context) : []),
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

function stops(
  { chute, before }: Change,
  { stopping }: Fate,
  { facts }: PlanContext,
): readonly StepDraft[] {
  const definition = before?.definition
    ? withPorts(before.definition, facts.runtime, before.dynamicPorts)
    : null;
  const needs = definition?.services ?? {};
  return [...stopping].map(([service, spec]) => {
    // Who needs this one goes first.
    const users = [...stopping].filter(([each]) => needs[each]?.needs.includes(service));
    const common = {
      id: stopId(chute, service, spec),
      needs: users.map(([each, its]) => stopId(chute, each, its)),
      title: `stop ${service} of ${chute}`,
      undo: `start ${service} again as it ran before`,
      timeoutMs: spec.stop.graceMs + STOP_MS,
    };
    const args = { chute, service, ready: definition && healthOf(definition, service) };
    return isContainer(spec)
      ? {
          ...common,
          phase: ORDER['container.stop@1'],
          kind: 'container.stop@1',
          args: { ...args, spec },
        }
      : {
          ...common,
          phase: ORDER['process.stop@1'],
          kind: 'process.stop@1',
          args: { ...args, spec },
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
  return [...starting].map(([service, spec]) => {
    const stopped = stopping.get(service);
    const common = {
      id: startId(chute, service, spec),
      needs: [
        ...(services[service]?.needs ?? []).flatMap((each) => {
          const needed = starting.get(each);
          return needed ? [startId(chute, each, needed)] : [];
        }),
        ...(stopped ? [stopId(chute, service, stopped)] : []),
        ...holdersOf(change, service, context),
        ...directoryIdsOf(change),
        ...fetchIdsOf(chute, before, services[service]?.source?.digest),
        ...volumeIdsOf(chute, before, services[service]),
        ...limitIdsOf(change, context),
      ],
      title: `start ${service} of ${chute}`,
      undo: `stop ${service}`,
    };
    return isContainer(spec)
      ? {
          ...common,
          needs: [
            ...common.needs,
            ...imageIdsOf(change, context),
            ...networkIdsOf(change, context),
          ],
          phase: ORDER['container.start@1'],
          kind: 'container.start@1',
          // Undoing it stops it.
          timeoutMs: spec.stop.graceMs + STOP_MS,
          args: { chute, service, spec },
        }
      : {
          ...common,
          phase: ORDER['process.start@1'],
          kind: 'process.start@1',
          args: { chute, service, spec },
        };
  });
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
    if (!holder || !holding || holding.chute === chute) return [];
    const spec = fateOf(holding, context).stopping.get(holder.service);
    return spec ? [stopId(holder.chute, holder.service, spec)] : [];
  });
  return [...new Set(found)];
}

const hasSteps = ({ patch, operation }: Change): boolean =>
  patch.length > 0 || operation === 'restart';

const stopId = (chute: ChuteName, service: ServiceName, spec: ServiceSpec): StepId =>
  `${chute}/${service}/${isContainer(spec) ? 'container' : 'process'}.stop`;

const startId = (chute: ChuteName, service: ServiceName, spec: ServiceSpec): StepId =>
  `${chute}/${service}/${isContainer(spec) ? 'container' : 'process'}.start`;

/** One gate for all that changed; services that only keep running are the baseline's concern. */
function gate(
  { chute, desired }: Change,
  { starting, checking }: Fate,
  { ports, facts }: PlanContext,
): readonly StepDraft[] {
  if (!desired || checking.size === 0) return [];
  const given = ports.given[chute];
  const definition = withPorts(desired.definition, facts.runtime, given);
  const checks = [...checking].toSorted(textOrder).flatMap((service): readonly GateCheck[] => {
    const made = definition.services[service];
    if (!made) return [];
    const wanted = { definition: desired.definition, name: service, service: made, given };
    const spec = starting.get(service) ?? serviceSpec(facts.runtime, wanted);
    const check = { chute, service, health: healthOf(definition, service) };
    return isContainer(spec)
      ? [{ ...check, container: spec.name }]
      : [{ ...check, directory: spec.directory }];
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
