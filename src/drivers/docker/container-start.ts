import { type ContainerInstance, type ContainerSpec, isContainer } from '../../core/container.ts';
import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { bodyOf, contentOf, giveMounts } from './container-body.ts';
import { lastLinesOf } from './container-log.ts';
import {
  asideName,
  containersOf,
  exitOf,
  findMarked,
  nameOf,
  type ServiceArgs,
} from './containers.ts';
import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import type { Container, ContainerSummary } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { findNetwork } from './network.ts';
import { contentHashOf, foreign, isEarlier, isOf, markOf, shortId } from './ours.ts';

type Args = ArgsOf<'container.start@1'>;

/** Makes a service's container and starts it. Repeating finds the running one by its mark. */
export const containerStart: DriverOf<'container.start@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    return started(context, args, await startOnce(context, args));
  },

  async probe(context, args) {
    return asking(`look at ${args.spec.name}`, async () => {
      const found = await findMarked(engineForProbe(context), context, args);
      if (!found) return { state: 'not-done', evidence: null };
      const evidence = { container: found.Id, state: found.State.Status, name: nameOf(found) };
      if (!isMade(found, args.spec)) {
        return { state: 'partial', evidence };
      }
      const instance = { container: found.Id, mark: context.mark };
      return { state: 'done', evidence, done: started(context, args, instance) };
    });
  },

  async undo(context, args) {
    const { service, spec } = args;
    await asking(`remove container ${spec.name}`, async () => {
      const engine = engineOf(context);
      const found = await findMarked(engine, context, args);
      if (!found) return;
      await engine.stopContainer(found.Id, spec.stop.graceMs);
      const ended = (await engine.container(found.Id)) ?? found;
      const log = await lastLinesOf(engine, context, { id: found.Id, spec });
      await engine.removeContainer(found.Id);
      // What a version that is taken back printed tells why, and goes with its container.
      await context.note({ service, exit: exitOf(ended), log });
    });
  },
};

/**
 * The one container that carries the step's mark: the running one, else a new one. What else there is
 * of this service under its name, or runs without being known, is removed first and noted.
 *
 * Throws RIPCORD_RESOURCE_TAKEN when the name belongs to somebody else.
 */
export async function startOnce(
  context: StepContext,
  args: ServiceArgs,
  image: string = args.spec.image,
): Promise<ContainerInstance> {
  const { service, chute, spec } = args;
  const what = `start service ${service} of ${chute}`;
  return asking(what, async () => {
    const engine = engineOf(context);
    const living = await findMarked(engine, context, args);
    if (living && isMade(living, spec, image)) {
      return { container: living.Id, mark: context.mark };
    }
    await clear(engine, context, args, what);
    const network = await networkIdOf(engine, context, args, what);
    await giveMounts(context, args);
    const body = await bodyOf(context, args, { image, network });
    const container = await engine.createContainer(spec.name, body);
    try {
      await engine.startContainer(container);
    } catch (error) {
      // It said no: what it had made for it is of no use.
      if (error instanceof EngineError && error.outcome === 'refused') {
        await engine.removeContainer(container);
      }
      throw error;
    }
    return { container, mark: context.mark };
  });
}

/** Whether a container runs, under its name, and is made of what it should be. */
function isMade(found: Container, spec: ContainerSpec, image: string = spec.image): boolean {
  const isCurrent = contentHashOf(found.Config.Labels) === contentOf(spec, image);
  return isCurrent && found.State.Running && nameOf(found) === spec.name;
}

/** Makes room: what is left of this service goes, what is somebody else's is refused. */
async function clear(
  engine: EngineApi,
  context: StepContext,
  args: ServiceArgs,
  what: string,
): Promise<void> {
  const { chute, service, spec } = args;
  const known = context.applied.chutes[chute]?.services[service];
  const spared = known?.state === 'running' ? known.instance : null;
  for (const each of await containersOf(engine, context, args)) {
    const isNamed = each.Names.includes(`/${spec.name}`);
    const isMarked = markOf(each.Labels, context) === context.mark;
    const isAside = each.Names.includes(`/${asideName(spec.name, context)}`);
    if (!isMarked && isAside && !isEarlier(each.Labels, context.root)) {
      // Undoing starts it again, so that it stays, also when somebody has started it meanwhile.
      const isDown = each.State === 'exited' || each.State === 'created';
      if (!isDown) await engine.stopContainer(each.Id, spec.stop.graceMs);
      continue;
    }
    const isSpared = spared !== null && 'container' in spared && spared.container === each.Id;
    const isInTheWay = isNamed || isAside || isMarked;
    if (!isInTheWay && (each.State !== 'running' || isSpared)) continue;
    if (!isMarked) {
      const unknown = markOf(each.Labels, context);
      const last = await lastOf(engine, context, args, each);
      const container = shortId(each.Id);
      await context.note({ service, unknown, container, fate: 'removed', ...last });
    }
    if (each.State === 'running') await engine.stopContainer(each.Id, spec.stop.graceMs);
    await engine.removeContainer(each.Id);
  }
  const other = await engine.container(spec.name);
  if (other === null) return;
  if (nameOf(other) !== spec.name) return;
  if (!isOf(other.Config.Labels, { root: context.root, chute, service })) {
    throw foreign(what, { kind: 'container', name: spec.name, id: other.Id });
  }
}

/** How a container ended that is found dead, and what it printed: its log goes with it. */
async function lastOf(
  engine: EngineApi,
  context: StepContext,
  { chute, service }: ServiceArgs,
  { Id, Labels }: ContainerSummary,
): Promise<{ readonly exit?: string; readonly log?: readonly string[] }> {
  const found = await engine.container(Id);
  if (found === null || found.State.Running) return {};
  const exit = exitOf(found);
  const { spec = null } = context.applied.chutes[chute]?.services[service] ?? {};
  // Of another make nobody knows which secrets it may have printed.
  const isKnown = spec !== null && isContainer(spec);
  if (!isKnown || contentHashOf(Labels) !== contentOf(spec, spec.image)) return { exit };
  return { exit, log: await lastLinesOf(engine, context, { id: Id, spec }) };
}

async function networkIdOf(
  engine: EngineApi,
  context: StepContext,
  { chute, spec }: ServiceArgs,
  what: string,
): Promise<string | null> {
  if (spec.network === null) return null;
  const { name } = spec.network;
  const found = await findNetwork(engine, context, { chute, network: name });
  if (found) return found.Id;
  throw new RipcordError(
    'RIPCORD_RESOURCE_MISSING',
    `cannot ${what}: network ${name} is not there`,
  );
}

function started(
  context: StepContext,
  args: Args,
  instance: ContainerInstance,
): Done<ResultOf<'container.start@1'>> {
  const service = { state: 'running', spec: args.spec, instance } as const;
  return { result: { instance }, patch: servicePatch(context.applied, args, service) };
}
