import type { DriverOf, StepContext } from '../../core/driver.ts';
import { containerName } from '../../core/planners/container-spec.ts';
import type { ArgsOf } from '../../core/step.ts';
import type { EngineApi } from './engine-api.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { type Claim, claimsBeside, letGo, removeUnused } from './image-claim.ts';
import { contentHashOf, nameBefore, ownerLabels, recipeHash, serviceOf, shortId } from './ours.ts';

type Args = ArgsOf<'image.drop@1'>;

/** Images that go: what was built for the chute, by name or without one, and what was pulled. */
type Unneeded = { readonly built: readonly string[]; readonly pulled: readonly Claim[] };

/** Drops images that no definition names any more. What something still uses stays. */
export const imageDrop: DriverOf<'image.drop@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    return asking(`drop images of ${args.chute}`, async () => {
      const engine = engineOf(context);
      const { built, pulled } = await unneeded(engine, context, args);
      const dropped: string[] = [];
      for (const each of built) if (await removeUnused(engine, each)) dropped.push(nameOf(each));
      const owner = { root: context.root, chute: args.chute };
      for (const { image, claim } of pulled) {
        if (image === null) await removeUnused(engine, claim);
        else if (await letGo(engine, owner, { image, shared: args.shared })) dropped.push(image);
      }
      return { result: { dropped } };
    });
  },

  async probe(context, args) {
    return asking(`look at images of ${args.chute}`, async () => {
      const { built, pulled } = await unneeded(engineForProbe(context), context, args);
      const evidence = {
        left: [...built, ...pulled.map(({ image, claim }) => image ?? claim)].map(nameOf),
      };
      if (evidence.left.length > 0) return { state: 'not-done', evidence };
      return { state: 'done', evidence, done: { result: { dropped: [] } } };
    });
  },
};

async function unneeded(
  engine: EngineApi,
  { root }: StepContext,
  { chute, keep, shared, recipes }: Args,
): Promise<Unneeded> {
  const before = recipes.map((each) => nameBefore({ chute, ...each }, recipeHash(each)));
  const named = [...keep, ...shared, ...before];
  const images = await engine.images(ownerLabels({ root, chute, made: 'image' }));
  const built: string[] = [];
  for (const { Id, RepoTags, Labels } of images) {
    const names = (RepoTags ?? []).filter((name) => name !== '<none>:<none>');
    // What somebody builds on an image has its labels, and is called as they like.
    const ours = `${containerName(chute, serviceOf(Labels, 'image').service ?? '')}:`;
    built.push(...names.filter((name) => name.startsWith(ours) && !named.includes(name)));
    if (names.length === 0 && !(await isBuiltOnOurs(engine, Id))) built.push(Id);
  }
  return { built, pulled: await claimsBeside(engine, { root, chute }, keep) };
}

/** Whether an image has its labels by the one it was built on: then somebody else built it. */
async function isBuiltOnOurs(engine: EngineApi, id: string): Promise<boolean> {
  const found = await engine.image(id);
  const below = found?.Parent ? await engine.image(found.Parent) : null;
  return contentHashOf(below?.Config?.Labels, 'image') !== null;
}

const nameOf = (reference: string): string =>
  reference.startsWith('sha256:') ? shortId(reference) : reference;
