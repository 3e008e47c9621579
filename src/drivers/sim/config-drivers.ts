import type { Done, Reloads } from '../../core/driver.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf, ReloadedService, ResultOf, RootPath } from '../../core/step.ts';
import type { DoPart, SimDevice } from './device.ts';
import type { SimDriverOf } from './file-drivers.ts';
import type { SimWorld } from './sim-world.ts';
import type { SimScene } from './simulated.ts';

type Write = ArgsOf<'config.write@1'>;
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
  undo({ world, part }, { service, paths }) {
    load(world, paths, part);
    return paid(service);
  },
};

export const configWrite: SimDriverOf<'config.write@1'> = {
  prepare(scene, args) {
    const there = whatIsThere(scene, args);
    return { found: there === 'wanted' && isAccepted(scene, args) ? 'accepted' : there };
  },
  run(scene, args, { found }) {
    const { world, context, device, part } = scene;
    const { path } = args;
    const is = world.files[path];
    const changed = (is?.hash ?? null) !== hashOf(device, args.content);
    if (changed && is && found === 'foreign')
      part(`keep ${path} aside`, () => {
        world.files[`quarantine/${context.update}/${path}`] = is;
      });
    put(scene, args, args.content);
    return written(scene, args, changed);
  },
  probe(scene, args) {
    const there = whatIsThere(scene, args);
    if (there !== 'wanted') return { state: 'not-done', evidence: there };
    return { state: 'done', evidence: there, done: written(scene, args, true) };
  },
  undo(scene, args, { found }) {
    const content = found === 'accepted' ? args.content : args.before;
    put(scene, args, content);
    return owed(scene, { ...args, content });
  },
};

/** One part for each file that is loaded. */
export const configReload: SimDriverOf<'config.reload@1'> = {
  skip({ world }, { service, paths }) {
    if (unloaded(world, paths).length > 0) return null;
    const reason = `what ${service} runs is what is on disk`;
    return { reason, contentHash: null, ...paid(service) };
  },
  run({ world, part }, { service, paths }) {
    return { result: { files: load(world, paths, part) }, ...paid(service) };
  },
  probe({ world }, { service, paths }) {
    const differ = unloaded(world, paths);
    if (differ.length > 0) return { state: 'not-done', evidence: { differ } };
    return {
      state: 'done',
      evidence: { differ },
      done: { result: { files: 0 }, ...paid(service) },
    };
  },
};

function unloaded({ files, loaded }: SimWorld, paths: readonly RootPath[]): readonly RootPath[] {
  return paths.filter((path) => files[path]?.hash !== loaded[path]);
}

function load(world: SimWorld, paths: readonly RootPath[], part: DoPart): number {
  const differ = unloaded(world, paths);
  for (const path of differ)
    part(`load ${path}`, () => {
      const file = world.files[path];
      if (file) world.loaded[path] = file.hash;
      else delete world.loaded[path];
    });
  return differ.length;
}

function put({ world, device, part }: Acting, { path, mode }: Write, content: string | null): void {
  const hash = hashOf(device, content);
  if ((world.files[path]?.hash ?? null) === hash) return;
  part(hash === null ? `remove ${path}` : `write ${path}`, () => {
    if (hash === null) delete world.files[path];
    else world.files[path] = { hash, mode };
  });
}

function whatIsThere(
  { world, device }: SimScene,
  { path, content, before }: Write,
): 'before' | 'wanted' | 'foreign' {
  const is = world.files[path]?.hash ?? null;
  if (is === hashOf(device, content)) return 'wanted';
  return is === hashOf(device, before) ? 'before' : 'foreign';
}

/** Whether the journal has the file as it is to be. */
function isAccepted({ context, device }: SimScene, { path, content }: Write): boolean {
  return (context.applied.host.files[path] ?? null) === hashOf(device, content);
}

function written(scene: SimScene, args: Write, changed: boolean): Done<ResultOf<'config.write@1'>> {
  const { path, content } = args;
  const at = `/host/files${pointer(path)}`;
  const had = Object.hasOwn(scene.context.applied.host.files, path);
  const value = hashOf(scene.device, content);
  const remove = had ? [{ op: 'remove' as const, path: at }] : [];
  const op = had ? ('replace' as const) : ('add' as const);
  const patch = value === null ? remove : [{ op, path: at, value }];
  return { result: { changed }, patch, ...owed(scene, args) };
}

/** Whether what is on disk now still has to be loaded, or is what runs anyway. */
function owed({ world, device }: SimScene, { path, content, service }: Write): Reloads {
  if (unloaded(world, [path]).length === 0) return {};
  return { owes: [{ key: `reload:${service}`, hash: hashOf(device, content ?? '') ?? '' }] };
}

const paid = (service: ReloadedService): Reloads => ({
  pays: [{ key: `reload:${service}`, hash: LOADED }],
});

const hashOf = ({ sha256 }: SimDevice, content: string | null): string | null =>
  content === null ? null : `sha256:${sha256(content)}`;
