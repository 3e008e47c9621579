import type { ChuteName, Service } from '../chute.ts';
import { isContainer } from '../container.ts';
import { ORDER } from '../phases.ts';
import type { Change, Desired, PlanContext } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { networkName } from './container-spec.ts';
import { listensOutside } from './dynamic-ports.ts';
import { type Fate, fateOf } from './service-fate.ts';

/**
 * The bridge on which the containers of a chute find each other. It is asked for each time something
 * starts on it: somebody may have cleaned up while nothing ran. Pure.
 */
export function networkSteps(change: Change, context: PlanContext): readonly StepDraft[] {
  return networkIdsOf(change, context).map((id) => ({
    id,
    phase: ORDER['network.create@1'],
    kind: 'network.create@1',
    args: { chute: change.chute, network: networkName(change.chute) },
    title: `have the network of ${change.chute}`,
    undo: 'remove it if it was not there',
  }));
}

/** The step that makes a chute's bridge, if the plan of this change has one. Pure. */
export function networkIdsOf(change: Change, context: PlanContext): readonly StepId[] {
  const starting = [...fateOf(change, context).starting.values()];
  const isNeeded = starting.some((spec) => isContainer(spec) && spec.network !== null);
  return isNeeded ? [`${change.chute}/network.create`] : [];
}

/** What is left to do with containers once nobody goes back any more. Pure. */
export function containersAfterCommit(change: Change, fate: Fate): readonly StepDraft[] {
  const { chute, before, desired } = change;
  const started = [...fate.starting].filter(([, spec]) => isContainer(spec));
  // Of a chute that goes nothing stays, also not what could not be removed when it was stopped.
  const dead = Object.entries(before?.services ?? {}).filter(
    ([, { state, spec }]) => (state === 'exited' || !desired) && spec !== null && isContainer(spec),
  );
  const stopped = [...fate.stopping].filter(([, spec]) => isContainer(spec));
  const aside = namesOf([...stopped, ...dead]);
  const network = desired ? hadNetwork(before) && !hasNetwork(desired) : isOnNetwork(before);
  return [
    ...(started.length === 0 ? [] : [keep(chute, namesOf(started))]),
    ...(aside.length === 0 ? [] : [remove(chute, aside)]),
    ...(network ? [removeNetwork(chute)] : []),
  ];
}

const keep = (chute: ChuteName, services: readonly string[]): StepDraft => ({
  id: `${chute}/container.keep`,
  phase: ORDER['container.keep@1'],
  kind: 'container.keep@1',
  args: { chute, services },
  title: `have ${services.join(', ')} of ${chute} started again if ${services.length === 1 ? 'it dies' : 'they die'}`,
  afterCommit: true,
});

const remove = (chute: ChuteName, services: readonly string[]): StepDraft => ({
  id: `${chute}/container.remove`,
  phase: ORDER['container.remove@1'],
  kind: 'container.remove@1',
  args: { chute, services },
  title: `remove the ${services.length === 1 ? 'container' : 'containers'} that ${services.join(', ')} of ${chute} had`,
  afterCommit: true,
});

const removeNetwork = (chute: ChuteName): StepDraft => ({
  id: `${chute}/network.remove`,
  phase: ORDER['network.remove@1'],
  kind: 'network.remove@1',
  args: { chute, network: networkName(chute) },
  title: `remove the network of ${chute}`,
  afterCommit: true,
});

const namesOf = (services: readonly (readonly [string, unknown])[]): readonly string[] =>
  [...new Set(services.map(([name]) => name))].toSorted(textOrder);

/** Whether a chute will have containers of a network of their own. */
function hasNetwork(desired: Desired): boolean {
  if (desired?.run !== 'running') return false;
  const services: readonly Service[] = Object.values(desired.definition.services);
  return services.some((service) => !listensOutside(service, 'docker'));
}

const hadNetwork = (before: Change['before']): boolean =>
  before?.run === 'running' && isOnNetwork(before);

/** Whether any service of a chute has last run on a network of its own. */
const isOnNetwork = (before: Change['before']): boolean =>
  Object.values(before?.services ?? {}).some(
    ({ spec }) => spec !== null && isContainer(spec) && spec.network !== null,
  );
