import { RipcordError } from '../../core/errors.ts';
import type { SimDriverOf } from './file-drivers.ts';
import { builtImageId, pulledImageId, type SimImage } from './sim-containers.ts';
import type { SimWorld } from './sim-world.ts';

/** Rough figures for a small gateway. */
const PULL_MS = 30_000;
const BUILD_MS = 60_000;

export const imagePull: SimDriverOf<'image.pull@1'> = {
  moreMs: ({ image }, { world }) => (world.images[image] ? 0 : PULL_MS),
  prepare: ({ world }, { image }) => ({ existed: world.images[image] !== undefined }),
  run({ world, device, part }, { chute, image }) {
    const there = world.images[image];
    if (there) return { result: { image: there.id, pulled: false } };
    const id = pulledImageId(image, device.sha256);
    part(`pull ${image}`, () => {
      world.images[image] = { id, chute };
    });
    return { result: { image: id, pulled: true } };
  },
  probe({ world }, { image }, { existed }) {
    const there = world.images[image];
    if (!there) return { state: 'not-done', evidence: { image: null } };
    const result = { image: there.id, pulled: !existed };
    return { state: 'done', evidence: { image: there.id }, done: { result } };
  },
  undo({ world, part }, { image }, { existed }) {
    if (existed || !world.images[image]) return;
    part(`drop ${image}`, () => drop(world, image));
  },
};

export const imageBuild: SimDriverOf<'image.build@1'> = {
  moreMs: (args, { world, device }) =>
    world.images[args.image]?.id === builtImageId(args, device.sha256) ? 0 : BUILD_MS,
  prepare: ({ world }, { image }) => ({ previous: world.images[image]?.id ?? null }),
  run({ world, device, part }, args) {
    const { chute, image } = args;
    const id = builtImageId(args, device.sha256);
    if (world.images[image]?.id === id) return { result: { image: id, built: false } };
    part(`build ${image}`, () => {
      world.images[image] = { id, chute };
    });
    return { result: { image: id, built: true } };
  },
  probe({ world, device }, args, { previous }) {
    const id = builtImageId(args, device.sha256);
    const found = world.images[args.image]?.id ?? null;
    const evidence = { image: found };
    if (found !== id) return { state: 'not-done', evidence };
    return { state: 'done', evidence, done: { result: { image: id, built: previous !== id } } };
  },
  undo({ world, part }, { chute, image }, { previous }) {
    const found = world.images[image]?.id ?? null;
    if (found === previous) return;
    part(`call ${image} what it was`, () => {
      if (previous === null) drop(world, image);
      else world.images[image] = { id: previous, chute };
    });
  },
};

export const imageCheck: SimDriverOf<'image.check@1'> = {
  effect: false,
  run({ world }, { chute, images }) {
    const missing = images.find((image) => !world.images[image]);
    if (missing !== undefined)
      throw new RipcordError(
        'RIPCORD_RESOURCE_MISSING',
        `cannot run ${chute}: image ${missing} is not there`,
      );
    const ids = images.map((image) => [image, world.images[image]?.id ?? '']);
    return { result: { images: Object.fromEntries(ids) as Record<string, string> } };
  },
};

export const imageDrop: SimDriverOf<'image.drop@1'> = {
  run({ world, part }, { chute, keep, shared }) {
    const named = [...keep, ...shared];
    const used = new Set(world.containers.map(({ image }) => image));
    const old = Object.entries(world.images)
      .filter(([image, had]) => had.chute === chute && !named.includes(image) && !used.has(had.id))
      .map(([image]) => image);
    for (const image of old) part(`drop ${image}`, () => drop(world, image));
    return { result: { dropped: old } };
  },
};

function drop(world: SimWorld, image: string): void {
  const { [image]: _gone, ...others } = world.images;
  world.images = others satisfies Record<string, SimImage>;
}
