import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { DriverOf, StepContext } from '../../core/driver.ts';
import { releaseDigest, releaseName, releasesDirectory } from '../../core/layout.ts';
import type { ArgsOf } from '../../core/step.ts';
import { removeTree } from '../durable.ts';
import { doing } from '../failure.ts';
import { below } from '../service-environment.ts';

type Args = ArgsOf<'release.drop@1'>;

/**
 * Drops the releases of a chute that are neither to be kept nor applied, and what cut-off fetches
 * left. Names that Ripcord did not give are left alone.
 */
export const releaseDrop: DriverOf<'release.drop@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    const names = await unused(context, args);
    for (const name of names) {
      const path = join(below(context.root, releasesDirectory(args.chute)), name);
      await doing(`drop release ${name} of ${args.chute}`, () => removeTree(path));
    }
    const dropped = names.filter((name) => !name.startsWith('.')).map(releaseDigest);
    return { result: { dropped } };
  },

  async probe(context, args) {
    const left = await unused(context, args);
    if (left.length > 0) return { state: 'not-done', evidence: { left } };
    return { state: 'done', evidence: { left }, done: { result: { dropped: [] } } };
  },
};

async function unused(context: StepContext, args: Args): Promise<readonly string[]> {
  const applied = Object.values(context.applied.chutes[args.chute]?.releases ?? {});
  const used = new Set([...args.keep, ...applied].map(releaseName));
  const directory = below(context.root, releasesDirectory(args.chute));
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => /^(\.gone-)?(\.fetch-)?[0-9a-f]{64}$/.test(name) && !used.has(name))
    .toSorted();
}
