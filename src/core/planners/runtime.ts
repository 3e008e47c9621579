import type { AppliedChute } from '../applied.ts';
import type { ChuteName, Service } from '../chute.ts';
import { ORDER } from '../phases.ts';
import type { Change, PlanContext, Planner } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { networkSteps } from './containers.ts';
import { withPorts } from './dynamic-ports.ts';
import { imageSteps } from './images.ts';
import { directoryIdsOf } from './name.ts';
import { publishedPorts } from './published-ports.ts';
import { fateOf } from './service-fate.ts';
import { unfitForContainers } from './unfit-containers.ts';
import { unsupportedFields } from './unsupported.ts';

/**
 * What services need around them: volumes, ports that nobody else has, and for containers their images
 * and a network. Whatever the runtime of
 * this device cannot give is refused here, in words, before anything is touched.
 */
export const runtime: Planner = {
  name: 'runtime',
  version: 3,
  plan(change, context) {
    const { desired } = change;
    if (desired?.run !== 'running') return { steps: [] };
    const inContainers = context.facts.runtime === 'docker';
    const refusals = [
      ...(inContainers
        ? unfitForContainers(desired.definition, context)
        : unsupportedFields(desired.definition)),
      ...(context.ports.refusals[change.chute] ?? []),
    ];
    if (refusals.length > 0) return { refusals };
    const checks = [...portCheck(change, context), ...secretCheck(change, context)];
    const containers = inContainers
      ? [...imageSteps(change, context), ...networkSteps(change, context)]
      : [];
    return { steps: [...checks, ...containers, ...volumes(change)] };
  },
};

/** The ports that are new for this chute and so have to be free. */
function portCheck(change: Change, context: PlanContext): readonly StepDraft[] {
  const { chute } = change;
  const held = context.applied.reservations.ports;
  // What another chute of this plan gives up is free by the time it is needed: it stops first.
  const ports = [...wantedPorts(change, context).keys()].filter((key) => !held[key]);
  if (ports.length === 0) return [];
  return [
    {
      id: `${chute}/port.check`,
      phase: ORDER['port.check@1'],
      kind: 'port.check@1',
      args: { chute, ports },
      title: `see that ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')} ${ports.length === 1 ? 'is' : 'are'} free`,
    },
  ];
}

/** The secrets of what will be started: what runs already has its own. */
function secretCheck(change: Change, context: PlanContext): readonly StepDraft[] {
  const { chute } = change;
  const values = [...fateOf(change, context).starting.values()].flatMap(({ environment }) =>
    Object.values(environment),
  );
  const marks = new Set(
    values.flatMap((value) =>
      typeof value === 'object' && '$secret' in value ? [value.$secret] : [],
    ),
  );
  if (marks.size === 0) return [];
  return [
    {
      id: `${chute}/secret.check`,
      phase: ORDER['secret.check@1'],
      kind: 'secret.check@1',
      args: { chute, secrets: [...marks].toSorted(textOrder).map(($secret) => ({ $secret })) },
      title: `see that the secrets of ${chute} can be read`,
    },
  ];
}

/** The ports a chute will hold once its change is through. Pure. */
export function wantedPorts(
  { chute, desired }: Pick<Change, 'chute' | 'desired'>,
  { ports, facts }: Pick<PlanContext, 'ports' | 'facts'>,
): ReadonlyMap<string, string> {
  if (desired?.run !== 'running') return new Map();
  const definition = withPorts(desired.definition, facts.runtime, ports.given[chute]);
  return new Map(publishedPorts(definition).map(({ key, service }) => [key, service]));
}

function volumes(change: Change): readonly StepDraft[] {
  const { chute, before, desired } = change;
  const services = Object.values(desired?.definition.services ?? {});
  const missing = new Set(services.flatMap((service) => missingVolumes(before, service)));
  return [...missing].toSorted(textOrder).map((volume) => ({
    id: volumeId(chute, volume),
    phase: ORDER['volume.create@1'],
    kind: 'volume.create@1',
    args: { chute, volume },
    needs: directoryIdsOf(change),
    title: `make volume ${volume} of ${chute}`,
    undo: 'remove it if it was not there',
  }));
}

const volumeId = (chute: ChuteName, volume: string): StepId => `${chute}/volume.create:${volume}`;

/** The steps that make a service's volumes, if the plan of this change has them. Pure. */
export function volumeIdsOf(
  chute: ChuteName,
  before: AppliedChute | null,
  service: Service | undefined,
): readonly StepId[] {
  return service ? missingVolumes(before, service).map((volume) => volumeId(chute, volume)) : [];
}

function missingVolumes(before: AppliedChute | null, service: Service): readonly string[] {
  const named = Object.values(service.volumes).map((volume) => volume.name);
  return [...new Set(named)].filter((each) => !before?.volumes[each]);
}
