import type { ChuteName, ServiceName } from '../../core/chute.ts';
import type { ContainerSpec } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import { containerName } from '../../core/planners/container-spec.ts';
import type { EngineApi } from './engine-api.ts';
import type { Container, ContainerSummary } from './engine-types.ts';
import { markOf, ownerLabels } from './ours.ts';

/** A service of a chute, and how its container is made. */
export type ServiceArgs = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly spec: ContainerSpec;
};

/**
 * Every container of this root that was made for a service, running or not, put aside or not. An image
 * that somebody makes of one of them has its labels, and so have their containers: they are called
 * otherwise.
 */
export async function containersOf(
  engine: EngineApi,
  { root }: Pick<StepContext, 'root'>,
  { chute, service }: Pick<ServiceArgs, 'chute' | 'service'>,
): Promise<readonly ContainerSummary[]> {
  const name = containerName(chute, service);
  const all = await engine.containers(ownerLabels({ root, chute, service }));
  return all.filter(({ Names }) => Names.some((each) => isNameOf(name, each.replace(/^\//, ''))));
}

/** The container of a service that a step made; null when there is none. */
export async function findMarked(
  engine: EngineApi,
  context: Pick<StepContext, 'root' | 'mark'>,
  args: Pick<ServiceArgs, 'chute' | 'service'>,
): Promise<Container | null> {
  const { chute, service } = args;
  const all = await engine.containers(ownerLabels({ root: context.root, chute, service }));
  const found = all.find(({ Labels }) => markOf(Labels, context) === context.mark);
  return found === undefined ? null : engine.container(found.Id);
}

/** What a container is called that this update puts aside: each update stops a service once. Pure. */
export function asideName(name: string, { update }: Pick<StepContext, 'update'>): string {
  return `${name}.${update}`;
}

const isNameOf = (name: string, called: string): boolean =>
  called === name ||
  (called.startsWith(`${name}.`) && /^u\d+$/.test(called.slice(name.length + 1)));

/** A container's name, without the slash that the engine puts before it. Pure. */
export function nameOf({ Name }: Pick<Container, 'Name'>): string {
  return Name.replace(/^\//, '');
}

/** How a container ended, in words. Pure. */
export function exitOf({ State }: Container): string {
  if (State.Running) return 'is running';
  if (State.Status === 'created') return State.Error === '' ? 'was not started' : State.Error;
  const why = State.OOMKilled ? ', it had used up its memory' : '';
  return `exit ${State.ExitCode}${why}`;
}
