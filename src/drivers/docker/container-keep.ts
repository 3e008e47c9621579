import { isContainerInstance } from '../../core/container.ts';
import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import type { EngineApi } from './engine-api.ts';
import type { Container, HostConfig } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';

type Args = ArgsOf<'container.keep@1'>;
type Kept = { readonly service: string; readonly found: Container };

const POLICY = 'unless-stopped';

/** The change that has the engine start a container again when it dies. */
export const KEPT: Pick<HostConfig, 'RestartPolicy'> = { RestartPolicy: { Name: POLICY } };

/** Has the engine of containers keep those of a chute running, now that they are here to stay. */
export const containerKeep: DriverOf<'container.keep@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    return asking(`keep ${args.chute} running`, async () => {
      const engine = engineOf(context);
      const kept = await current(engine, context, args);
      for (const { found } of kept) {
        if (!hasPolicy(found)) {
          await engine.updateContainer(found.Id, KEPT);
        }
        // It died with the engine since the gate: the policy is for what dies from now on.
        if (!found.State.Running) await engine.startContainer(found.Id);
      }
      return done(kept);
    });
  },

  async probe(context, args) {
    return asking(`look at ${args.chute}`, async () => {
      const all = await current(engineForProbe(context), context, args);
      const kept = all.filter(({ found }) => isKept(found));
      const evidence = { kept: kept.map(({ service }) => service) };
      if (kept.length === all.length) return { state: 'done', evidence, done: done(kept) };
      return { state: kept.length === 0 ? 'not-done' : 'partial', evidence };
    });
  },
};

/** What is gone by now is found dead by the next look at the chute, and not the concern of this step. */
async function current(
  engine: EngineApi,
  { applied }: StepContext,
  { chute, services }: Args,
): Promise<readonly Kept[]> {
  const all: Kept[] = [];
  for (const service of services) {
    const instance = applied.chutes[chute]?.services[service]?.instance;
    if (!instance || !isContainerInstance(instance)) continue;
    const found = await engine.container(instance.container);
    if (found !== null) all.push({ service, found });
  }
  return all;
}

const hasPolicy = ({ HostConfig }: Container): boolean => HostConfig.RestartPolicy.Name === POLICY;
const isKept = (found: Container): boolean => hasPolicy(found) && found.State.Running;

const done = (kept: readonly Kept[]): Done<ResultOf<'container.keep@1'>> => ({
  result: { kept: kept.map(({ service }) => service) },
});
