import type { Done, Reloads, Warned } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import {
  changeBack,
  changedFile,
  type FileChange,
  filePatch,
  filesOf,
  othersOf,
} from '../../core/host-file.ts';
import { serviceReading } from '../../core/render/read-by.ts';
import type { ReloadArgs, ReloadedService, ResultOf, RootPath } from '../../core/step.ts';
import { textOrder } from '../../core/text-order.ts';
import type { DoPart } from './device.ts';
import type { SimDriverOf } from './file-drivers.ts';
import { fileHash, type SimWorld } from './sim-world.ts';
import type { SimScene } from './simulated.ts';

type Acting = SimScene & { readonly part: DoPart };

/** Nothing on disk: everything that is owed for this service is paid. */
const LOADED = 'sha256:loaded';

/** There are no tools to ask: what they would refuse is a fault that is asked for. */
export const configCheck: SimDriverOf<'config.check@1'> = {
  effect: false,
  run: (_scene, { files }) => ({
    result: {
      answers: Object.fromEntries(
        files.map(({ path, tool }) => [path, `not checked: ${tool} is not on a simulated device`]),
      ),
    },
  }),
};

/** Stands before the writers; its undo comes after all of theirs and loads what they put back. */
export const configRestore: SimDriverOf<'config.restore@1'> = {
  run: () => ({ result: null }),
  undo(scene, args) {
    return load(scene, args).reloads;
  },
};

export const configWrite: SimDriverOf<'config.write@1'> = {
  prepare(scene, args) {
    const back = changeBack(scene.context.applied.host.files[args.path] ?? null, args);
    return { found: whatIsThere(scene, args, back), back };
  },
  run(scene, args, { found }) {
    const { world, context, part } = scene;
    const { path } = args;
    const is = world.files[path];
    const changed = (is?.hash ?? null) !== hashAfter(scene, args);
    if (changed && is && found === 'foreign')
      part(`keep ${path} aside`, () => {
        world.files[`quarantine/${context.update}/${path}`] = is;
      });
    put(scene, args);
    return written(scene, args, changed);
  },
  probe(scene, args, { back }) {
    const there = whatIsThere(scene, args, back);
    if (there !== 'wanted') return { state: 'not-done', evidence: there };
    return { state: 'done', evidence: there, done: written(scene, args, true) };
  },
  undo(scene, _args, { back }) {
    put(scene, back);
    return owed(scene, back);
  },
};

/** One part for each file that is loaded. */
export const configReload: SimDriverOf<'config.reload@1'> = {
  skip(scene, args) {
    const { service } = args;
    if (unloaded(scene.world, readBy(scene, args)).length > 0) return null;
    const reason = `what ${service} runs is what is on disk`;
    return { reason, contentHash: null, ...paid(service) };
  },
  run(scene, args) {
    const { files, reloads } = load(scene, args);
    return { result: { files }, ...reloads };
  },
  probe(scene, args) {
    const { service } = args;
    const differ = unloaded(scene.world, readBy(scene, args));
    if (differ.length > 0) return { state: 'not-done', evidence: { differ } };
    return {
      state: 'done',
      evidence: { differ },
      done: { result: { files: 0 }, ...paid(service) },
    };
  },
};

/** Every file that a service reads, and those that it reads no longer. */
function readBy(
  { context, world }: SimScene,
  { service, paths }: { readonly service: ReloadedService; readonly paths: readonly RootPath[] },
): readonly RootPath[] {
  const loaded = Object.keys(world.loaded).filter((path) => serviceReading(path) === service);
  const its = loaded.toSorted(textOrder);
  return [...new Set([...filesOf(context.applied.host.files, service), ...paths, ...its])];
}

function unloaded({ files, loaded }: SimWorld, paths: readonly RootPath[]): readonly RootPath[] {
  return paths.filter((path) => files[path]?.hash !== loaded[path]);
}

/** Loads what it can; what others own and cannot be loaded is warned of and stays owed. */
function load(
  scene: Acting,
  args: ReloadArgs,
): { readonly files: number; readonly reloads: Reloads & Warned } {
  const { world, part, context } = scene;
  const { service } = args;
  const differ = unloaded(world, readBy(scene, args));
  const left = differ.filter((path) => world.unloadable.includes(path));
  const whose = left.map((path) => ({ path, owners: othersOf(context.applied, path, args) }));
  const own = whose.find(({ owners }) => owners === null);
  if (own)
    throw new RipcordError(
      'RIPCORD_STEP_FAILED',
      `cannot reload ${service}: ${own.path} is not taken`,
    );
  for (const path of differ.filter((each) => !left.includes(each)))
    part(`load ${path}`, () => {
      const file = world.files[path];
      if (file) world.loaded[path] = file.hash;
      else delete world.loaded[path];
    });
  const files = differ.length - left.length;
  if (left.length === 0) return { files, reloads: paid(service) };
  const owners = [...new Set(whose.flatMap((each) => each.owners ?? []))];
  const warnings = whose.map((each) => ({
    code: 'RIPCORD_STEP_FAILED',
    message: `cannot reload ${service} for ${(each.owners ?? []).join(', ')}: ${each.path} is not taken`,
    details: each,
  }));
  const owes = [{ key: `reload:${service}`, hash: LOADED, owners }];
  return { files, reloads: { owes, warnings } };
}

function put(scene: Acting, change: FileChange): void {
  const { world, part } = scene;
  const { path, mode } = change;
  const hash = hashAfter(scene, change);
  if ((world.files[path]?.hash ?? null) === hash) return;
  part(hash === null ? `remove ${path}` : `write ${path}`, () => {
    if (hash === null) delete world.files[path];
    else world.files[path] = { hash, mode };
  });
}

function whatIsThere(
  scene: SimScene,
  change: FileChange,
  back: FileChange,
): 'before' | 'wanted' | 'foreign' {
  const is = scene.world.files[change.path]?.hash ?? null;
  if (is === hashAfter(scene, change)) return 'wanted';
  return is === hashAfter(scene, back) ? 'before' : 'foreign';
}

function written(
  scene: SimScene,
  change: FileChange,
  changed: boolean,
): Done<ResultOf<'config.write@1'>> {
  const patch = filePatch(scene.context.applied.host.files[change.path] ?? null, change);
  return { result: { changed }, patch, ...owed(scene, change) };
}

/** Whether what is on disk now still has to be loaded, or is what runs anyway. */
function owed(scene: SimScene, change: FileChange): Reloads {
  const { path, service } = change;
  if (unloaded(scene.world, [path]).length === 0) return {};
  return { owes: [{ key: `reload:${service}`, hash: hashAfter(scene, change) ?? GONE }] };
}

/** What is owed of a file that is gone. */
const GONE = 'sha256:gone';

const paid = (service: ReloadedService): Reloads => ({
  pays: [{ key: `reload:${service}`, hash: LOADED }],
});

/** The hash of what a file is to hold once a change is through; null: it goes. */
function hashAfter({ context, device }: SimScene, change: FileChange): string | null {
  const file = changedFile(context.applied.host.files[change.path] ?? null, change);
  return file && fileHash(file, device.sha256);
}
