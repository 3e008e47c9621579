import type { Done, Probe } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import {
  chuteOfDirectory,
  currentLink,
  releaseDigest,
  releaseDirectory,
  releaseName,
  releasesDirectory,
  volumeDirectory,
} from '../../core/layout.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf, BuiltInKind, ResultOf, RootPath, UndoOf } from '../../core/step.ts';
import { chutePatch } from '../applied-patch.ts';
import type { DoPart } from './device.ts';
import { bytesUsed, putRelease, removeTree, type SimWorld } from './sim-world.ts';
import type { SimDriver, SimScene } from './simulated.ts';

export type SimDriverOf<K extends BuiltInKind> = SimDriver<ArgsOf<K>, UndoOf<K>, ResultOf<K>>;

export const directoryCreate: SimDriverOf<'directory.create@1'> = {
  prepare: ({ world }, { path }) => ({ existed: has(world, path) }),
  run({ world, context, part }, { path }) {
    make(world, path, part);
    return made(context, path);
  },
  probe: ({ world, context }, { path }) => present(world, path, made(context, path)),
  undo({ world, part }, { path }, { existed }) {
    if (!existed) remove(world, path, part);
  },
};

export const directoryRemove: SimDriverOf<'directory.remove@1'> = {
  run({ world, part }, { path }) {
    remove(world, path, part);
    return { result: null };
  },
  probe: ({ world }, { path }) => gone(world, path),
};

export const volumeCreate: SimDriverOf<'volume.create@1'> = {
  prepare: ({ world }, args) => ({ existed: has(world, volumeOf(args)) }),
  run(scene, args) {
    make(scene.world, volumeOf(args), scene.part);
    return volumeMade(scene, args);
  },
  probe: (scene, args) => present(scene.world, volumeOf(args), volumeMade(scene, args)),
  undo({ world, part }, args, { existed }) {
    if (!existed) remove(world, volumeOf(args), part);
  },
};

export const volumeRemove: SimDriverOf<'volume.remove@1'> = {
  run({ world, part }, args) {
    remove(world, volumeOf(args), part);
    return { result: null };
  },
  probe: ({ world }, args) => gone(world, volumeOf(args)),
};

/** In two parts, as on a disk: fetched beside the store, then put in place. */
export const releaseFetch: SimDriverOf<'release.fetch@1'> = {
  prepare: ({ world }, args) => ({ existed: has(world, releaseOf(args)) }),
  run({ world, part }, args) {
    const release = releaseOf(args);
    if (!has(world, release)) {
      const { diskBytes, releaseBytes } = world;
      const left = diskBytes === null ? null : diskBytes - bytesUsed(world);
      if (left !== null && left < releaseBytes)
        throw new RipcordError(
          'RIPCORD_STEP_FAILED',
          `cannot fetch release ${args.digest} of ${args.chute}: the disk has ${left} bytes left, it takes ${releaseBytes}`,
          { hint: 'free some space, then ask again' },
        );
      part('fetch', () => {
        world.directories[workOf(args)] = true;
      });
      part('publish', () => {
        removeTree(world, workOf(args));
        putRelease(world, release);
      });
    }
    return fetched(world, args);
  },
  probe({ world }, args) {
    const evidence = { present: has(world, releaseOf(args)), unfinished: has(world, workOf(args)) };
    if (evidence.present) return { state: 'done', evidence, done: fetched(world, args) };
    return { state: evidence.unfinished ? 'partial' : 'not-done', evidence };
  },
  undo({ world, part }, args, { existed }) {
    remove(world, workOf(args), part);
    if (!existed) remove(world, releaseOf(args), part);
  },
};

export const releaseSwitch: SimDriverOf<'release.switch@1'> = {
  prepare: ({ world }, { chute, service }) => ({
    previous: world.links[currentLink(chute, service)] ?? null,
  }),
  run(scene, args) {
    const { chute, digest } = args;
    if (digest !== null && !has(scene.world, releaseDirectory(chute, digest)))
      throw new RipcordError(
        'RIPCORD_STEP_FAILED',
        `cannot switch ${chute} to release ${digest}: it was not fetched`,
      );
    pointAt(scene, args, digest);
    return switched(scene, args);
  },
  probe(scene, args, { previous }) {
    const digest = scene.world.links[currentLink(args.chute, args.service)] ?? null;
    const evidence = { digest };
    if (digest === args.digest) return { state: 'done', evidence, done: switched(scene, args) };
    return { state: digest === previous ? 'not-done' : 'unknown', evidence };
  },
  undo: (scene, args, { previous }) => pointAt(scene, args, previous),
};

export const releaseDrop: SimDriverOf<'release.drop@1'> = {
  run(scene, args) {
    const names = unused(scene, args);
    for (const name of names)
      remove(scene.world, `${releasesDirectory(args.chute)}/${name}`, scene.part);
    return {
      result: { dropped: names.filter((name) => !name.startsWith('.')).map(releaseDigest) },
    };
  },
  probe(scene, args) {
    const left = unused(scene, args);
    if (left.length > 0) return { state: 'not-done', evidence: { left } };
    return { state: 'done', evidence: { left }, done: { result: { dropped: [] } } };
  },
};

const has = (world: SimWorld, path: RootPath): boolean => world.directories[path] === true;

function make(world: SimWorld, path: RootPath, part: DoPart): void {
  if (has(world, path)) return;
  part(`make ${path}`, () => {
    world.directories[path] = true;
  });
}

function remove(world: SimWorld, path: RootPath, part: DoPart): void {
  const isThere =
    has(world, path) ||
    [world.directories, world.links].some((map) =>
      Object.keys(map).some((each) => each.startsWith(`${path}/`)),
    );
  if (isThere) part(`remove ${path}`, () => removeTree(world, path));
}

function present(world: SimWorld, path: RootPath, done: Done<null>): Probe<null> {
  const evidence = { present: has(world, path) };
  return evidence.present ? { state: 'done', evidence, done } : { state: 'not-done', evidence };
}

function gone(world: SimWorld, path: RootPath): Probe<null> {
  const evidence = {
    present: Object.keys({ ...world.directories, ...world.links }).some(
      (each) => each === path || each.startsWith(`${path}/`),
    ),
  };
  if (evidence.present) return { state: 'not-done', evidence };
  return { state: 'done', evidence, done: { result: null } };
}

function made({ applied }: SimScene['context'], path: RootPath): Done<null> {
  const chute = chuteOfDirectory(path);
  return { result: null, ...(chute !== null && { patch: chutePatch(applied, chute, []) }) };
}

const volumeOf = ({ chute, volume }: ArgsOf<'volume.create@1'>): RootPath =>
  volumeDirectory(chute, volume);

function volumeMade(
  { context }: SimScene,
  { chute, volume }: ArgsOf<'volume.create@1'>,
): Done<null> {
  const path = pointer('chutes', chute, 'volumes', volume);
  const patch = chutePatch(context.applied, chute, [{ op: 'add', path, value: true }]);
  return { result: null, patch };
}

const releaseOf = ({ chute, digest }: ArgsOf<'release.fetch@1'>): RootPath =>
  releaseDirectory(chute, digest);

const workOf = ({ chute, digest }: ArgsOf<'release.fetch@1'>): RootPath =>
  `${releasesDirectory(chute)}/.fetch-${releaseName(digest)}`;

const fetched = (
  { sizes }: SimWorld,
  args: ArgsOf<'release.fetch@1'>,
): Done<ResultOf<'release.fetch@1'>> => ({
  result: { files: 1, bytes: sizes[releaseOf(args)] ?? 0 },
});

function pointAt(
  { world, part }: SimScene & { readonly part: DoPart },
  { chute, service }: ArgsOf<'release.switch@1'>,
  digest: string | null,
): void {
  const link = currentLink(chute, service);
  if ((world.links[link] ?? null) === digest) return;
  part(`point ${link}`, () => {
    if (digest === null) delete world.links[link];
    else world.links[link] = digest;
  });
}

function switched({ context }: SimScene, args: ArgsOf<'release.switch@1'>): Done<null> {
  const { chute, service, digest } = args;
  const path = pointer('chutes', chute, 'releases', service);
  if (digest !== null) {
    const patch = chutePatch(context.applied, chute, [{ op: 'add', path, value: digest }]);
    return { result: null, patch };
  }
  if (context.applied.chutes[chute]?.releases[service] === undefined) return { result: null };
  return { result: null, patch: [{ op: 'remove', path }] };
}

function unused({ world, context }: SimScene, args: ArgsOf<'release.drop@1'>): readonly string[] {
  const applied = Object.values(context.applied.chutes[args.chute]?.releases ?? {});
  const used = new Set([...args.keep, ...applied].map(releaseName));
  const above = `${releasesDirectory(args.chute)}/`;
  return Object.keys(world.directories)
    .filter((path) => path.startsWith(above))
    .map((path) => path.slice(above.length))
    .filter((name) => !name.includes('/') && !used.has(name))
    .toSorted();
}
