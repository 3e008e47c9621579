import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import type { Image } from './engine-types.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';
import { claimOf, claimsOn, letGo } from './image-claim.ts';
import type { Owner } from './ours.ts';

type Args = ArgsOf<'image.pull@1'>;
type Result = ResultOf<'image.pull@1'>;

/**
 * Brings an image from where it is published. What was not there before gets a second name, as an image
 * carries the labels of whoever published it: what is brought by us is ours to drop again. Each chute
 * that needs it gives it one, and it goes with the last of them.
 */
export const imagePull: DriverOf<'image.pull@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const { image } = args;
    return asking(`look at image ${image}`, async () => ({
      existed: isTheirs(await engineOf(context).image(image), ownerOf(context, args), image),
    }));
  },

  async run(context, args, { existed }) {
    context.signal.throwIfAborted();
    const { image } = args;
    return asking(`pull image ${image}`, async () => {
      const engine = engineOf(context);
      if ((await engine.image(image)) === null) await engine.pullImage(image);
      if (!existed) await engine.tagImage(image, claimOf(ownerOf(context, args), image));
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
        existed || (await engine.image(claimOf(ownerOf(context, args), image))) !== null;
      if (!isWhole) return { state: 'partial', evidence };
      return { state: 'done', evidence, done: done(args, existed) };
    });
  },

  async undo(context, args, { existed }) {
    const { image } = args;
    if (existed) return;
    await asking(`remove image ${image}`, () =>
      letGo(engineOf(context), ownerOf(context, args), { image, shared: [] }),
    );
  },
};

/** Whether an image is there and needs no name for this chute: it has one, or none of ours brought it. */
function isTheirs(found: Image | null, owner: Owner, image: string): boolean {
  if (found === null) return false;
  const claims = claimsOn(found, owner.root, image);
  return claims.length === 0 || claims.includes(claimOf(owner, image));
}

const ownerOf = ({ root }: StepContext, { chute }: Args): Owner => ({ root, chute });

const done = ({ image }: Args, existed: boolean): Done<Result> => ({
  result: { image, pulled: !existed },
});
