import type { ChuteName, Service, ServiceName } from '../../core/chute.ts';
import type { ContainerInstance, ContainerSpec } from '../../core/container.ts';
import { buildRecipe } from '../../core/definition/build-recipe.ts';
import { canonical, type Sha256 } from '../../core/json.ts';
import type { ArgsOf } from '../../core/step.ts';
import type { SimWorld } from './sim-world.ts';

/** A container of a simulated device. */
export type SimContainer = {
  readonly id: string;
  readonly chute: ChuteName;
  readonly service: ServiceName;
  /** `uN/<step id>` of the step that made it. */
  readonly mark: string;
  /** The hash of how it was made. */
  readonly spec: string;
  /** Id of the image it was made of. */
  readonly image: string;
  state: 'running' | 'stopped';
  /** Put aside under another name. */
  isAside: boolean;
  /** Whether it is started again when it dies. */
  isKept: boolean;
};

/** An image of a simulated device, and for which chute it was built or pulled: null for somebody else's. */
export type SimImage = { readonly id: string; readonly chute: ChuteName | null };

/** The id of an image that is built of this. Pure. */
export function builtImageId(
  { release, dockerfile }: Pick<ArgsOf<'image.build@1'>, 'release' | 'dockerfile'>,
  sha256: Sha256,
): string {
  return sha256(canonical({ release, dockerfile }));
}

/** The id of an image that is published under this name. Pure. */
export function pulledImageId(image: string, sha256: Sha256): string {
  return sha256(image);
}

/** The container of a service that has its name. Pure. */
export function currentContainer(
  { containers }: SimWorld,
  { chute, service }: Pick<SimContainer, 'chute' | 'service'>,
): SimContainer | null {
  return (
    containers.find((each) => each.chute === chute && each.service === service && !each.isAside) ??
    null
  );
}

/** The container that this step made. Pure. */
export function containerByMark({ containers }: SimWorld, mark: string): SimContainer | null {
  return containers.find((each) => each.mark === mark) ?? null;
}

/** The id of the image that a service runs. Pure. */
export function imageIdOf(
  service: Service | undefined,
  spec: ContainerSpec,
  sha256: Sha256,
): string {
  const recipe = service && buildRecipe(service);
  if (!recipe || 'lacks' in recipe || recipe.from === 'image')
    return pulledImageId(spec.image, sha256);
  const dockerfile = recipe.from === 'text' ? recipe.dockerfile : null;
  return builtImageId({ release: service.source?.digest ?? null, dockerfile }, sha256);
}

/** A container that runs, with its image and its network. */
export function putContainer(
  world: SimWorld,
  {
    chute,
    service,
    hash,
    image,
    spec: { image: called, network },
    instance: { container: id, mark },
  }: {
    readonly chute: ChuteName;
    readonly service: ServiceName;
    readonly hash: string;
    /** Its id. */
    readonly image: string;
    readonly spec: ContainerSpec;
    readonly instance: ContainerInstance;
  },
): void {
  world.nextPid = Math.max(world.nextPid, (Number(id.slice(1)) || 0) + 1);
  world.images[called] ??= { id: image, chute };
  if (network && !world.networks.includes(network.name))
    world.networks = [...world.networks, network.name].toSorted();
  world.containers.push({
    id,
    chute,
    service,
    mark,
    spec: hash,
    image,
    state: 'running',
    isAside: false,
    isKept: true,
  });
}
