import { readlink, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { currentLink, currentTarget, releaseDigest, releaseDirectory } from '../../core/layout.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf } from '../../core/step.ts';
import { chutePatch } from '../applied-patch.ts';
import { exists, makeDirectory, publish, syncDirectory } from '../durable.ts';
import { doing } from '../failure.ts';
import { below } from '../service-environment.ts';
import { isDirectory } from './directory.ts';

type Args = ArgsOf<'release.switch@1'>;

/** Points a service's `current` at a release: it is the old one or the new one, never neither. */
export const releaseSwitch: DriverOf<'release.switch@1'> = {
  idempotent: true,

  async prepare(context, args) {
    return { previous: await digestOf(linkOf(context, args)) };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    const { chute, digest } = args;
    if (
      digest !== null &&
      !(await isDirectory(below(context.root, releaseDirectory(chute, digest))))
    ) {
      throw new RipcordError(
        'RIPCORD_STEP_FAILED',
        `cannot switch ${chute} to release ${digest}: it was not fetched`,
      );
    }
    await point(context, args, digest);
    return switched(context, args);
  },

  async probe(context, args, undo) {
    const link = linkOf(context, args);
    const digest = await digestOf(link);
    const halfway = await exists(nextOf(link));
    const evidence = { digest, halfway };
    if (digest === args.digest) return { state: 'done', evidence, done: switched(context, args) };
    if (digest !== undo.previous) return { state: 'unknown', evidence };
    return { state: halfway ? 'partial' : 'not-done', evidence };
  },

  async undo(context, args, undo) {
    await point(context, args, undo.previous);
  },
};

async function point(context: StepContext, args: Args, digest: string | null): Promise<void> {
  const link = linkOf(context, args);
  await doing(`switch the release of ${args.service} of ${args.chute}`, async () => {
    await rm(nextOf(link), { force: true });
    if (digest === (await digestOf(link))) return;
    if (digest === null) {
      await rm(link);
      await syncDirectory(dirname(link));
      return;
    }
    await makeDirectory(dirname(link));
    await symlink(currentTarget(digest), nextOf(link));
    await publish(nextOf(link), link);
  });
}

/** The digest of the release a link points at; null when there is no link. */
async function digestOf(link: string): Promise<string | null> {
  if (!(await exists(link))) return null;
  const target = await readlink(link).catch(() => '');
  const name = /^\.\.\/\.\.\/releases\/([0-9a-f]{64})$/.exec(target)?.[1];
  if (name === undefined) {
    throw new RipcordError(
      'RIPCORD_STEP_FAILED',
      `cannot switch release: '${link}' is not a link that ripcord made`,
      { hint: `move '${link}' away` },
    );
  }
  return releaseDigest(name);
}

function linkOf(context: StepContext, { chute, service }: Args): string {
  return below(context.root, currentLink(chute, service));
}

function nextOf(link: string): string {
  return `${link}.next`;
}

function switched({ applied }: StepContext, { chute, service, digest }: Args): Done<null> {
  const path = pointer('chutes', chute, 'releases', service);
  if (digest !== null) {
    return {
      result: null,
      patch: chutePatch(applied, chute, [{ op: 'add', path, value: digest }]),
    };
  }
  if (applied.chutes[chute]?.releases[service] === undefined) return { result: null };
  return { result: null, patch: [{ op: 'remove', path }] };
}
