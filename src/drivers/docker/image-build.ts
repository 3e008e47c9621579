import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { releaseDirectory } from '../../core/layout.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import { below } from '../service-environment.ts';
import { buildContext, RECIPE } from './build-context.ts';
import { shortened } from './container-log.ts';
import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import type { Image } from './engine-types.ts';
import { asking, engineForProbe, engineOf, inWords } from './engine.ts';
import { removeUnused } from './image-claim.ts';
import {
  contentHashOf,
  foreign,
  isOf,
  madeLabels,
  markOf,
  nameBefore,
  type Owner,
  recipeHash,
} from './ours.ts';

type Args = ArgsOf<'image.build@1'>;
type Result = ResultOf<'image.build@1'>;

/** What a build says before it fails is the reason, mostly. */
const LINES_MAX = 40;

/** Builds the image of a service. One that was built of the same is taken as it is. */
export const imageBuild: DriverOf<'image.build@1'> = {
  idempotent: true,

  async prepare(context, { image }) {
    return asking(`look at image ${image}`, async () => {
      const found = await engineOf(context).image(image);
      return { previous: found?.Id ?? null };
    });
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    const what = `build image ${args.image}`;
    return asking(what, async () => {
      const engine = engineOf(context);
      const found = await engine.image(args.image);
      if (found && !isOf(labelsOf(found), ownerOf(context, args))) {
        throw foreign(what, { kind: 'image', name: args.image, id: found.Id });
      }
      if (found && isMadeOf(found, args)) return done(context, found);
      // Without a name it would be anybody's to tidy away, and going back would build it again.
      if (found) {
        const name = nameBefore(args, contentHashOf(labelsOf(found), 'image'));
        await engine.tagImage(found.Id, name);
      }
      const before = await engine.image(nameBefore(args, recipeHash(args)));
      if (before && isMadeOf(before, args)) await engine.tagImage(before.Id, args.image);
      else await build(engine, context, args);
      const built = await engine.image(args.image);
      if (built) return done(context, built);
      throw new RipcordError(
        'RIPCORD_DOCKER_REFUSED',
        `cannot ${what}: it is not there afterwards`,
      );
    });
  },

  async probe(context, args) {
    return asking(`look at image ${args.image}`, async () => {
      const found = await engineForProbe(context).image(args.image);
      const evidence = found && { image: found.Id };
      const isThere =
        found && isOf(labelsOf(found), ownerOf(context, args)) && isMadeOf(found, args);
      if (!isThere) return { state: 'not-done', evidence };
      return { state: 'done', evidence, done: done(context, found) };
    });
  },

  async undo(context, args, { previous }) {
    await asking(`remove image ${args.image}`, async () => {
      const engine = engineOf(context);
      const found = await engine.image(args.image);
      const before = previous === null ? null : await engine.image(previous);
      const isOurs = found && isOf(labelsOf(found), ownerOf(context, args));
      if (isOurs && found.Id !== previous && isMadeOf(found, args)) {
        if (previous === null) return void (await removeUnused(engine, args.image));
        if (before === null) return;
        await engine.tagImage(before.Id, args.image);
        const isNew = markOf(labelsOf(found), imageOf(context)) === context.mark;
        if (isNew) await removeUnused(engine, found.Id);
      }
      const isBack = before !== null && (await engine.image(args.image))?.Id === before.Id;
      if (isBack && isOf(labelsOf(before), ownerOf(context, args))) {
        await removeUnused(engine, nameBefore(args, contentHashOf(labelsOf(before), 'image')));
      }
    });
  },
};

/** Throws what `asking` does, with the last lines of a build that fails. */
async function build(engine: EngineApi, context: StepContext, args: Args): Promise<void> {
  const { chute, release, dockerfile, image } = args;
  const root = realpathSync(context.root);
  const directory = release === null ? null : below(root, releaseDirectory(chute, release));
  if (directory !== null && !existsSync(directory)) {
    throw new RipcordError(
      'RIPCORD_RESOURCE_MISSING',
      `cannot build image ${image}: its files are not there`,
      { details: { release } },
    );
  }
  if (dockerfile === null && (directory === null || !existsSync(join(directory, 'Dockerfile')))) {
    throw new RipcordError(
      'RIPCORD_SOURCE_INVALID',
      `cannot build image ${image}: there is no Dockerfile at the top of its files`,
    );
  }
  const lines: string[] = [];
  try {
    await engine.buildImage(
      () => buildContext(directory, dockerfile),
      {
        tag: image,
        labels: madeLabels(ownerOf(context, args), {
          mark: context.mark,
          content: recipeHash(args),
        }),
        ...(dockerfile !== null && { dockerfile: RECIPE }),
      },
      ({ stream }) => {
        lines.push(...(stream?.split('\n').filter((line) => line.trim() !== '') ?? []));
        lines.splice(0, lines.length - LINES_MAX);
      },
    );
  } catch (error) {
    if (!(error instanceof EngineError) || error.outcome !== 'refused') throw error;
    throw inWords(`build image ${image}`, error, {
      image,
      log: shortened(lines),
    });
  }
}

const isMadeOf = (image: Image, args: Args): boolean =>
  contentHashOf(labelsOf(image), 'image') === recipeHash(args);

const labelsOf = ({ Config }: Image): NonNullable<Image['Config']>['Labels'] =>
  Config?.Labels ?? null;

const ownerOf = ({ root }: StepContext, { chute, service }: Args): Owner => ({
  root,
  chute,
  service,
  made: 'image',
});

const imageOf = ({ root }: StepContext): { readonly root: string; readonly made: 'image' } => ({
  root,
  made: 'image',
});

const done = (context: StepContext, found: Image): Done<Result> => ({
  result: { image: found.Id, built: markOf(labelsOf(found), imageOf(context)) === context.mark },
});
