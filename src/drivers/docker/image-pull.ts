import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { hashOf, type Owner, rootLabels } from './ours.ts';

type Args = ArgsOf<'image.pull@1'>;
type Result = ResultOf<'image.pull@1'>;

/**
 * Brings an image from where it is published. What was not there before gets a second name, as an image
 * carries the labels of whoever published it: what is brought by us is ours to drop again.
 */
export const imagePull: DriverOf<'image.pull@1'> = {
  idempotent: true,

  async prepare(context, { image }) {
    return asking(`look at image ${image}`, async () => ({
      existed: (await engineOf(context).image(image)) !== null,
    }));
  },

  async run(context, args, { existed }) {
    context.signal.throwIfAborted();
    const { image } = args;
    return asking(`pull image ${image}`, async () => {
      const engine = engineOf(context);
      if ((await engine.image(image)) === null) await engine.pullImage(image);
      if (!existed) await engine.tagImage(image, pulledName(ownerOf(context, args), image));
      return done(args, existed);
    });
  },

  async probe(context, args, { existed }) {
    const { image } = args;
    return asking(`look at image ${image}`, async () => {
      const engine = engineForProbe(context);
      const found = await engine.image(image);
      if (found === null) return { state: 'not-done', evidence: null };
      const evidence = { image: found.Id };
      const isWhole =
        existed || (await engine.image(pulledName(ownerOf(context, args), image))) !== null;
      if (!isWhole) return { state: 'partial', evidence };
      return { state: 'done', evidence, done: done(args, existed) };
    });
  },

  async undo(context, args, { existed }) {
    const { image } = args;
    if (existed) return;
    await asking(`remove image ${image}`, () =>
      dropPulled(engineOf(context), ownerOf(context, args), image),
    );
  },
};

/** Removes a name of an image, and the image with its last one; false where something still uses it. */
export async function removeUnused(engine: EngineApi, reference: string): Promise<boolean> {
  try {
    await engine.removeImage(reference);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 409) return false;
    throw error;
  }
}

/** The names of images that were pulled for a chute and are none of these. */
export async function pulledBeside(
  engine: EngineApi,
  owner: Owner,
  keep: readonly string[],
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { Id } of await engine.imagesNamed(repositoryOf(owner))) {
    // A list tells only the names that were asked for.
    const { RepoTags, RepoDigests } = (await engine.image(Id)) ?? {};
    const tags = RepoTags ?? [];
    const own = [...tags, ...(RepoDigests ?? [])].filter((name) =>
      tags.includes(pulledName(owner, name)),
    );
    names.push(...own.filter((name) => !keep.map(fullName).includes(fullName(name))));
  }
  return names;
}

/** Removes an image that we pulled, unless something uses it, with the name that says so. */
export async function dropPulled(engine: EngineApi, owner: Owner, name: string): Promise<boolean> {
  const found = await engine.image(name);
  if (found !== null) {
    if (await engine.isImageUsed(found.Id)) return false;
    if (!(await removeUnused(engine, name))) return false;
  }
  return removeUnused(engine, pulledName(owner, name));
}

/** A repository that nobody can publish to: its name is no host's. */
const repositoryOf = ({ chute }: Owner): string => `ripcord-pulled/${chute}`;

function pulledName(owner: Owner, image: string): string {
  const hash = hashOf(JSON.stringify([rootLabels(owner.root), fullName(image)]));
  return `${repositoryOf(owner)}:${hash.slice(0, 32)}`;
}

/** `busybox`, `docker.io/busybox` and `docker.io/library/busybox:latest` are one image. Pure. */
function fullName(image: string): string {
  const short = image.replace(/^docker\.io\//, '').replace(/^library\//, '');
  const isTagged = short.includes('@') || short.lastIndexOf(':') > short.lastIndexOf('/');
  return isTagged ? short : `${short}:latest`;
}

const ownerOf = ({ root }: StepContext, { chute }: Args): Owner => ({ root, chute });

const done = ({ image }: Args, existed: boolean): Done<Result> => ({
  result: { image, pulled: !existed },
});
