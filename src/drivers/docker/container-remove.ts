import { isContainerInstance } from '../../core/container.ts';
import type { DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf } from '../../core/step.ts';
import { containersOf } from './containers.ts';
import type { EngineApi } from './engine-api.ts';
import type { ContainerSummary } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';

type Args = ArgsOf<'container.remove@1'>;

/** Removes the containers of services that are not the ones that now run. */
export const containerRemove: DriverOf<'container.remove@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    return asking(`remove what ran of ${args.chute}`, async () => {
      const engine = engineOf(context);
      const old = await putAside(engine, context, args);
      for (const { Id } of old) await engine.removeContainer(Id);
      return { result: { removed: namesOf(old) } };
    });
  },

  async probe(context, args) {
    return asking(`look at ${args.chute}`, async () => {
      const old = await putAside(engineForProbe(context), context, args);
      const evidence = { left: namesOf(old) };
      if (old.length > 0) return { state: 'not-done', evidence };
      return { state: 'done', evidence, done: { result: { removed: [] } } };
    });
  },
};

async function putAside(
  engine: EngineApi,
  context: StepContext,
  { chute, services }: Args,
): Promise<readonly ContainerSummary[]> {
  const old: ContainerSummary[] = [];
  for (const service of services) {
    const known = context.applied.chutes[chute]?.services[service]?.instance;
    const current = known && isContainerInstance(known) ? known.container : null;
    const all = await containersOf(engine, context, { chute, service });
    old.push(...all.filter(({ Id }) => Id !== current));
  }
  return old;
}

const namesOf = (containers: readonly ContainerSummary[]): readonly string[] =>
  containers.map(({ Id, Names }) => Names[0]?.replace(/^\//, '') ?? Id).toSorted();
