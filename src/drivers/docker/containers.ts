import type { ChuteName, ServiceName } from '../../core/chute.ts';
import type { ContainerSpec } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import type { EngineApi } from './engine-api.ts';
import type { Container, ContainerSummary } from './engine-types.ts';
import { markOf, ownerLabels } from './ours.ts';

/** A service of a chute, and how its container is made. */
export type ServiceArgs = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly spec: ContainerSpec;
};

/** Every container of this root that was made for a service, running or not, put aside or not. */
export async function containersOf(
  engine: EngineApi,
  { root }: Pick<StepContext, 'root'>,
  { chute, service }: Pick<ServiceArgs, 'chute' | 'service'>,
): Promise<readonly ContainerSummary[]> {
  return engine.containers(ownerLabels({ root, chute, service }));
}

/** The container of a service that a step made; null when there is none. */
export async function findMarked(
  engine: EngineApi,
  context: Pick<StepContext, 'root' | 'mark'>,
  args: Pick<ServiceArgs, 'chute' | 'service'>,
): Promise<Container | null> {
  const all = await containersOf(engine, context, args);
  const found = all.find(({ Labels }) => markOf(Labels) === context.mark);
  return found === undefined ? null : engine.container(found.Id);
}

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
