import { type ContainerInstance, isContainerInstance } from '../../core/container.ts';
import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf, ResultOf, UndoOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { NOT_RUNNING } from '../not-running.ts';
import { KEPT } from './container-keep.ts';
import { lastLinesOf } from './container-log.ts';
import { startOnce } from './container-start.ts';
import { asideName, exitOf, findMarked, nameOf } from './containers.ts';
import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import type { Container } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { makeNetwork } from './network.ts';
import { foreign, isOf } from './ours.ts';
import { untilServes } from './serves.ts';

type Args = ArgsOf<'container.stop@1'>;
type Undo = UndoOf<'container.stop@1'>;

const NETWORK_GONE = /network .* not found/;

/**
 * Stops a service's container and puts it aside under another name, so that undoing starts the very
 * same one again. Its restart policy stays: an engine remembers that it was told to stop one, also when
 * it is itself started again.
 */
export const containerStop: DriverOf<'container.stop@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const service = context.applied.chutes[args.chute]?.services[args.service];
    const { instance } = service ?? {};
    if (service?.state !== 'running' || !instance || !isContainerInstance(instance)) {
      return { instance: null, image: null };
    }
    const found = await asking(`look at ${args.spec.name}`, () =>
      engineOf(context).container(instance.container),
    );
    return { instance, image: found?.Image ?? null };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    const { name } = args.spec;
    return asking(`stop ${name}`, async () => {
      const engine = engineOf(context);
      const found = await target(engine, context, args, undo);
      if (found === null) return stopped(context, args, { exit: NOT_RUNNING, log: [] });
      if (found.State.Running) await engine.stopContainer(found.Id, args.spec.stop.graceMs);
      await putAside(engine, context, args, found);
      const ended = (await engine.container(found.Id)) ?? found;
      const log = await lastLinesOf(engine, context, { id: found.Id, spec: args.spec });
      return stopped(context, args, { exit: exitOf(ended), log });
    });
  },

  async probe(context, args, undo) {
    return asking(`look at ${args.spec.name}`, async () => {
      const engine = engineForProbe(context);
      const found = await target(engine, context, args, undo);
      const evidence =
        found === null
          ? null
          : { container: found.Id, name: nameOf(found), state: found.State.Status };
      if (found === null || (!found.State.Running && nameOf(found) !== args.spec.name)) {
        const exit = found === null ? 'gone while nobody looked' : exitOf(found);
        const log = found
          ? await lastLinesOf(engine, context, { id: found.Id, spec: args.spec })
          : [];
        return { state: 'done', evidence, done: stopped(context, args, { exit, log }) };
      }
      const isUntouched = found.State.Running && nameOf(found) === args.spec.name;
      return { state: isUntouched ? 'not-done' : 'partial', evidence };
    });
  },

  async undo(context, args, undo) {
    if (undo.instance === null) return;
    const { name } = args.spec;
    const instance = await asking(`start ${name} again`, async () => {
      const engine = engineOf(context);
      const found = await target(engine, context, args, undo);
      const isRecorded = found?.Id === undo.instance?.container;
      if (found === null || !isRecorded) return makeAgain(engine, context, args, undo);
      if (found.State.Running && nameOf(found) === name) return null;
      if (nameOf(found) !== name) await takeBack(engine, context, args, found);
      if (!found.State.Running && !(await startAgain(engine, found))) {
        await context.note({ container: found.Id, fate: 'removed', reason: 'its network is gone' });
        await engine.removeContainer(found.Id);
        return makeAgain(engine, context, args, { ...undo, image: found.Image });
      }
      await untilServes(context, args, found.Id);
      return undo.instance;
    });
    if (instance === null) return;
    const service = { state: 'running', spec: args.spec, instance } as const;
    return { patch: servicePatch(context.applied, args, service) };
  },
};

/** Starts what was put aside; false when the network it is tied to is gone, and with it its way to start. */
async function startAgain(engine: EngineApi, { Id }: Container): Promise<boolean> {
  try {
    await engine.startContainer(Id);
    return true;
  } catch (error) {
    if (error instanceof EngineError && NETWORK_GONE.test(error.message)) return false;
    throw error;
  }
}

/** What was recorded is gone: another like it, which the engine of containers keeps as it kept that one. */
async function makeAgain(
  engine: EngineApi,
  context: StepContext,
  args: Args,
  { image }: Undo,
): Promise<ContainerInstance> {
  const { chute, spec } = args;
  // Whoever tidies up takes the network, too, while nothing runs on it.
  if (spec.network) await makeNetwork(engine, context, { chute, network: spec.network.name });
  const instance = await startOnce(context, args, image ?? undefined);
  await engine.updateContainer(instance.container, KEPT);
  await untilServes(context, args, instance.container);
  return instance;
}

/** The container that is meant: the one that was recorded, or the one that an undo made instead. */
async function target(
  engine: EngineApi,
  context: StepContext,
  args: Args,
  { instance }: Undo,
): Promise<Container | null> {
  if (instance === null) return null;
  const recorded = await engine.container(instance.container);
  if (recorded?.Id === instance.container) return recorded;
  return findMarked(engine, context, args);
}

async function putAside(
  engine: EngineApi,
  context: StepContext,
  { chute, service, spec }: Args,
  found: Container,
): Promise<void> {
  const name = asideName(spec.name, context);
  if (nameOf(found) === name) return;
  const other = await engine.container(name);
  if (other !== null && nameOf(other) === name && other.Id !== found.Id) {
    if (!isOf(other.Config.Labels, { root: context.root, chute, service })) {
      throw foreign(`put ${nameOf(found)} aside`, { kind: 'container', name, id: other.Id });
    }
    // An update puts one aside: this one is of an earlier life of the same root.
    await engine.removeContainer(other.Id);
  }
  await engine.renameContainer(found.Id, name);
}

/** Whoever has the name meanwhile is not of this root: ours went before. */
async function takeBack(
  engine: EngineApi,
  context: StepContext,
  args: Args,
  found: Container,
): Promise<void> {
  const { chute, service, spec } = args;
  const other = await engine.container(spec.name);
  if (other !== null && nameOf(other) === spec.name) {
    const what = `start ${spec.name} again`;
    const owner = { root: context.root, chute, service };
    if (!isOf(other.Config.Labels, owner)) {
      throw foreign(what, { kind: 'container', name: spec.name, id: other.Id });
    }
    if (other.State.Running) {
      throw new RipcordError('RIPCORD_RESOURCE_TAKEN', `cannot ${what}: another of it runs`, {
        details: { container: other.Id },
      });
    }
    await engine.removeContainer(other.Id);
  }
  await engine.renameContainer(found.Id, spec.name);
}

function stopped(
  context: StepContext,
  { chute, service, spec }: Args,
  result: ResultOf<'container.stop@1'>,
): Done<ResultOf<'container.stop@1'>> {
  const value = { state: 'stopped', spec, instance: null } as const;
  return { result, patch: servicePatch(context.applied, { chute, service }, value) };
}
