import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceLocation } from '../../core/chute.ts';
import type { DriverOf, StepContext } from '../../core/driver.ts';
import { codeOf, RipcordError } from '../../core/errors.ts';
import { releaseDirectory, releaseName, releasesDirectory } from '../../core/layout.ts';
import type { ArgsOf } from '../../core/step.ts';
import { exists, makeDirectory, publish, removeTree, syncTree } from '../durable.ts';
import { doing } from '../failure.ts';
import { below } from '../service-environment.ts';
import { liftRoot } from './archive-root.ts';
import { unpack } from './archive.ts';
import { download, shownUrl } from './download.ts';
import { commitDigest, fetchCommit } from './git.ts';
import { copyTree, digestTree, hashFile, listTree, sizeOf } from './tree.ts';

type Args = ArgsOf<'release.fetch@1'>;

/**
 * Brings a source into the store of releases: all of it is there under its digest, or nothing is.
 * What is there once is not fetched again.
 *
 * Throws RIPCORD_DIGEST_MISMATCH, RIPCORD_ARCHIVE_UNSAFE, RIPCORD_SOURCE_INVALID,
 * RIPCORD_SOURCE_UNREACHABLE.
 */
export const releaseFetch: DriverOf<'release.fetch@1'> = {
  idempotent: true,

  async prepare(context, args) {
    return { existed: await exists(releaseOf(context, args)) };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    const release = releaseOf(context, args);
    const work = workOf(context, args);
    if (!(await exists(release))) {
      await doing(`fetch release ${args.digest} of ${args.chute}`, () => fetchOnce(context, args));
    }
    await rm(work, { recursive: true, force: true });
    return { result: sizeOf(await listTree(release)) };
  },

  async probe(context, args) {
    const release = releaseOf(context, args);
    const evidence = {
      present: await exists(release),
      unfinished: await exists(workOf(context, args)),
    };
    if (!evidence.present) {
      return { state: evidence.unfinished ? 'partial' : 'not-done', evidence };
    }
    return { state: 'done', evidence, done: { result: sizeOf(await listTree(release)) } };
  },

  async undo(context, args, undo) {
    await doing(`drop release ${args.digest} of ${args.chute}`, async () => {
      await rm(workOf(context, args), { recursive: true, force: true });
      if (!undo.existed) await removeTree(releaseOf(context, args));
    });
  },
};

/** Works in a directory of its own beside the releases, and publishes the result by one rename. */
async function fetchOnce(context: StepContext, args: Args): Promise<void> {
  const work = workOf(context, args);
  const tree = join(work, 'tree');
  await rm(work, { recursive: true, force: true });
  await makeDirectory(below(context.root, releasesDirectory(args.chute)));
  await mkdir(work);
  try {
    await bring(context, args, work);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
  await syncTree(tree);
  context.signal.throwIfAborted();
  await publish(tree, releaseOf(context, args));
}

async function bring(context: StepContext, args: Args, work: string): Promise<void> {
  const { location, digest } = args;
  const tree = join(work, 'tree');
  if (location.type === 'git') {
    expectDigest(location, digest, commitDigest(location.commit));
    await fetchCommit(location, tree, context.signal);
    await listTree(tree);
    return;
  }
  if (location.type === 'local') {
    await mkdir(tree);
    await bringDirectory(context, location, tree);
    expectDigest(location, digest, await digestTree(tree));
    return;
  }

  const archive = join(work, 'archive');
  if (location.type === 'http') {
    const hex = await download(location.url, archive, context.signal);
    expectDigest(location, digest, `sha256:${hex}`);
  } else {
    await copyFile(location.path, archive).catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? missing(location.path) : error;
    });
    expectDigest(location, digest, `sha256:${await hashFile(archive)}`);
  }
  const where = location.type === 'http' ? shownUrl(location.url) : location.path;
  const source = `source '${where}' of ${args.chute}`;
  await unpack(archive, tree, { source, signal: context.signal });
  await liftRoot(tree, work);
  // A second look at what is really there, with the rules for trees.
  await listTree(tree);
}

async function bringDirectory(
  context: StepContext,
  { path: from, except = [] }: Extract<SourceLocation, { type: 'local' }>,
  to: string,
): Promise<void> {
  if (!(await exists(from))) throw missing(from);
  try {
    const entries = await listTree(from, {
      except: [context.root, ...except.map((each) => join(from, each))],
    });
    await copyTree(from, to, entries, context.signal);
  } catch (error) {
    // Listed and gone before it was copied: the same as any other change since the plan.
    if (codeOf(error) !== 'ENOENT') throw error;
    throw changed(from, { cause: error });
  }
}

function expectDigest(location: SourceLocation, expected: string, actual: string): void {
  if (expected === actual) return;
  const where = 'path' in location ? location.path : location.url;
  throw changed(where, { details: { expected, actual } });
}

function changed(
  where: string,
  options: ConstructorParameters<typeof RipcordError>[2],
): RipcordError {
  return new RipcordError(
    'RIPCORD_DIGEST_MISMATCH',
    `cannot use source '${where}': it changed since the plan`,
    { ...options, hint: 'apply again to plan with what is there now' },
  );
}

function missing(path: string): RipcordError {
  return new RipcordError('RIPCORD_SOURCE_UNREACHABLE', `cannot read source '${path}': it is gone`);
}

function releaseOf(context: StepContext, { chute, digest }: Args): string {
  return below(context.root, releaseDirectory(chute, digest));
}

function workOf(context: StepContext, { chute, digest }: Args): string {
  return below(context.root, `${releasesDirectory(chute)}/.fetch-${releaseName(digest)}`);
}
