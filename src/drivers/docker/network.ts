import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf } from '../../core/step.ts';
import type { EngineApi } from './engine-api.ts';
import type { Network } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { foreign, isOf, madeLabels, type Owner } from './ours.ts';

type Args = ArgsOf<'network.create@1'>;

const DONE: Done<null> = { result: null };

/** Makes a bridge for the services of a chute, or takes the one that was made for it before. */
export const networkCreate: DriverOf<'network.create@1'> = {
  idempotent: true,

  async prepare(context, args) {
    return asking(`make network ${args.network}`, async () => ({
      existed: (await findNetwork(engineOf(context), context, args)) !== null,
    }));
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    return asking(`make network ${args.network}`, async () => {
      await makeNetwork(engineOf(context), context, args);
      return DONE;
    });
  },

  async probe(context, args) {
    return asking(`look at network ${args.network}`, async () => {
      const found = await findNetwork(engineForProbe(context), context, args);
      if (!found) return { state: 'not-done', evidence: null };
      return { state: 'done', evidence: { network: found.Id }, done: DONE };
    });
  },

  async undo(context, args, { existed }) {
    if (!existed) await removeNetwork(context, args);
  },
};

/** Removes the bridge of a chute that is gone. */
export const networkRemove: DriverOf<'network.remove@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    await removeNetwork(context, args);
    return DONE;
  },

  async probe(context, args) {
    return asking(`look at network ${args.network}`, async () => {
      const found = await findNetwork(engineForProbe(context), context, args);
      if (found) return { state: 'not-done', evidence: { network: found.Id } };
      return { state: 'done', evidence: null, done: DONE };
    });
  },
};

/** Makes the bridge of a chute, unless it is there. Throws RIPCORD_RESOURCE_TAKEN. */
export async function makeNetwork(
  engine: EngineApi,
  context: Pick<StepContext, 'root' | 'mark'>,
  args: Args,
): Promise<void> {
  if (await findNetwork(engine, context, args)) return;
  const what = `make network ${args.network}`;
  const [other] = await namesakes(engine, args.network);
  if (other) throw foreign(what, { kind: 'network', name: args.network, id: other.Id });
  await engine.createNetwork({
    Name: args.network,
    Driver: 'bridge',
    // Without it an older engine makes a second one of that name.
    CheckDuplicate: true,
    Labels: madeLabels(ownerOf(context, args), { mark: context.mark }),
  });
}

/** The network of a chute by this name; null when there is none that was made for it. */
export async function findNetwork(
  engine: EngineApi,
  context: Pick<StepContext, 'root'>,
  args: Args,
): Promise<Network | null> {
  const named = await namesakes(engine, args.network);
  return named.find(({ Labels }) => isOf(Labels, ownerOf(context, args))) ?? null;
}

async function namesakes(engine: EngineApi, name: string): Promise<readonly Network[]> {
  return (await engine.networksNamed(name)).filter(({ Name }) => Name === name);
}

async function removeNetwork(context: StepContext, args: Args): Promise<void> {
  const what = `remove network ${args.network}`;
  await asking(what, async () => {
    const engine = engineOf(context);
    const found = await findNetwork(engine, context, args);
    if (!found) return;
    const users = Object.values((await engine.network(found.Id))?.Containers ?? {});
    if (users.length === 0) return await engine.removeNetwork(found.Id);
    const names = users.map(({ Name }) => Name);
    throw new RipcordError(
      'RIPCORD_DOCKER_REFUSED',
      `cannot ${what}: ${names.join(', ')} uses it`,
      {
        details: { network: args.network, users: names },
        hint: `docker network disconnect ${args.network} ${names[0]}`,
      },
    );
  });
}

const ownerOf = ({ root }: Pick<StepContext, 'root'>, { chute }: Args): Owner => ({ root, chute });
