import type { ContainerInstance } from '../../core/container.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import type { DoPart } from './device.ts';
import type { SimDriverOf } from './file-drivers.ts';
import { started, stopped } from './service-outcome.ts';
import { containerByMark, currentContainer, type SimContainer } from './sim-containers.ts';
import { type SimWorld, specHash } from './sim-world.ts';
import type { SimScene } from './simulated.ts';

type Start = ArgsOf<'container.start@1'>;
type Stop = ArgsOf<'container.stop@1'>;
type Acting = SimScene & { readonly part: DoPart };

export const networkCreate: SimDriverOf<'network.create@1'> = {
  prepare: ({ world }, { network }) => ({ existed: world.networks.includes(network) }),
  run({ world, part }, { network }) {
    if (!world.networks.includes(network))
      part(`make ${network}`, () => {
        world.networks = [...world.networks, network].toSorted();
      });
    return { result: null };
  },
  probe({ world }, { network }) {
    const isThere = world.networks.includes(network);
    const evidence = { network: isThere };
    return isThere
      ? { state: 'done', evidence, done: { result: null } }
      : { state: 'not-done', evidence };
  },
  undo({ world, part }, { network }, { existed }) {
    if (!existed) removeNetwork(world, network, part);
  },
};

export const networkRemove: SimDriverOf<'network.remove@1'> = {
  run({ world, part }, { network }) {
    removeNetwork(world, network, part);
    return { result: null };
  },
};

/** In two parts: made, then started. */
export const containerStart: SimDriverOf<'container.start@1'> = {
  run(scene, args) {
    return started(scene, args, launchOnce(scene, args));
  },
  probe(scene, args) {
    const found = containerByMark(scene.world, scene.context.mark);
    const evidence = { container: found?.id ?? null };
    if (!found) return { state: 'not-done', evidence };
    if (found.state !== 'running') return { state: 'partial', evidence };
    return { state: 'done', evidence, done: started(scene, args, instanceOf(found)) };
  },
  undo({ world, context, part }) {
    const found = containerByMark(world, context.mark);
    if (found) remove(world, found, part);
  },
};

/** In two parts: stopped, then put aside. */
export const containerStop: SimDriverOf<'container.stop@1'> = {
  prepare({ world, context }, { chute, service }) {
    const known = context.applied.chutes[chute]?.services[service];
    const instance = known?.state === 'running' ? known.instance : null;
    if (!instance || !('container' in instance)) return { instance: null, image: null };
    return { instance, image: byId(world, instance.container)?.image ?? null };
  },
  run(scene, args, { instance }) {
    if (instance === null) return stopped(scene, args, 'it was not running');
    const { world, part } = scene;
    const found = byId(world, instance.container);
    if (found?.state === 'running') stop(found, part);
    if (found && !found.isAside)
      part(`put ${args.chute}/${args.service} aside`, () => {
        found.isAside = true;
      });
    // One that an undo of this very step made: the step is run again.
    const again = containerByMark(world, scene.context.mark);
    if (again) remove(world, again, part);
    return stopped(scene, args, 'exit 0');
  },
  probe(scene, args, { instance }) {
    const { world, context } = scene;
    const again = containerByMark(world, context.mark);
    if (again) return { state: 'not-done', evidence: { undone: again.id } };
    const found = instance && byId(world, instance.container);
    const evidence = { left: found?.id ?? null };
    if (found?.state === 'running') return { state: 'not-done', evidence };
    if (found && !found.isAside) return { state: 'partial', evidence };
    return { state: 'done', evidence, done: stopped(scene, args, 'exit 0') };
  },
  undo(scene, args, { instance }) {
    if (instance === null) return undefined;
    const { world, part } = scene;
    const found = byId(world, instance.container);
    if (!found) {
      const value = {
        state: 'running',
        spec: args.spec,
        instance: launchOnce(scene, args),
      } as const;
      return { patch: servicePatch(scene.context.applied, args, value) };
    }
    if (found.isAside)
      part(`give ${args.chute}/${args.service} its name back`, () => {
        found.isAside = false;
      });
    if (found.state !== 'running') run(found, part);
    return undefined;
  },
};

export const containerKeep: SimDriverOf<'container.keep@1'> = {
  run({ world, part }, { chute, services }) {
    const kept = services.flatMap((service) => {
      const found = currentContainer(world, { chute, service });
      if (!found) return [];
      if (!found.isKept)
        part(`keep ${chute}/${service}`, () => {
          found.isKept = true;
        });
      return [service];
    });
    return { result: { kept } };
  },
};

export const containerRemove: SimDriverOf<'container.remove@1'> = {
  run({ world, context, part }, { chute, services }) {
    const old = world.containers.filter((each) => {
      const known = context.applied.chutes[chute]?.services[each.service];
      const isCurrent = known?.state === 'running' && known.instance?.mark === each.mark;
      return each.chute === chute && services.includes(each.service) && !isCurrent;
    });
    for (const each of old) remove(world, each, part);
    return { result: { removed: old.map(({ id }) => id) } };
  },
};

/** The one container that carries the step's mark: the one that is there, else a new one. */
function launchOnce(scene: Acting, { chute, service, spec }: Start | Stop): ContainerInstance {
  const { world, context, part, device } = scene;
  const { mark } = context;
  const there = containerByMark(world, mark) ?? null;
  if (there) {
    if (there.state !== 'running') run(there, part);
    return instanceOf(there);
  }
  const lacking = lackingFor(world, spec);
  if (lacking !== null)
    throw new RipcordError(
      'RIPCORD_PROCESS_FAILED',
      `cannot start ${service} of ${chute}: ${lacking} is not there`,
    );
  // What nobody knows of, and what died: it has the name.
  const stray = currentContainer(world, { chute, service });
  if (stray) remove(world, stray, part);

  const made: SimContainer = {
    id: `c${world.nextPid}`,
    chute,
    service,
    mark,
    spec: specHash(spec, device.sha256),
    image: world.images[spec.image]?.id ?? '',
    state: 'stopped',
    isAside: false,
    isKept: false,
  };
  part(`make ${chute}/${service}`, () => {
    world.nextPid += 1;
    world.containers.push(made);
  });
  run(made, part);
  return instanceOf(made);
}

function lackingFor(world: SimWorld, { image, network, mounts }: Start['spec']): string | null {
  if (!world.images[image]) return `image ${image}`;
  if (network && !world.networks.includes(network.name)) return `network ${network.name}`;
  const missing = Object.values(mounts).find(({ source }) => world.directories[source] !== true);
  return missing ? `directory ${missing.source}` : null;
}

function run(container: SimContainer, part: DoPart): void {
  part(`start ${container.chute}/${container.service}`, () => {
    container.state = 'running';
  });
}

function stop(container: SimContainer, part: DoPart): void {
  part(`stop ${container.chute}/${container.service}`, () => {
    container.state = 'stopped';
  });
}

function remove(world: SimWorld, container: SimContainer, part: DoPart): void {
  part(`remove ${container.chute}/${container.service}`, () => {
    world.containers = world.containers.filter(({ id }) => id !== container.id);
  });
}

function removeNetwork(world: SimWorld, network: string, part: DoPart): void {
  if (!world.networks.includes(network)) return;
  part(`remove ${network}`, () => {
    world.networks = world.networks.filter((each) => each !== network);
  });
}

const byId = ({ containers }: SimWorld, id: string): SimContainer | null =>
  containers.find((each) => each.id === id) ?? null;

const instanceOf = ({ id, mark }: SimContainer): ContainerInstance => ({ container: id, mark });
