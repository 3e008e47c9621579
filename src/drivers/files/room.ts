import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { SourceLocation } from '../../core/chute.ts';
import { RipcordError } from '../../core/errors.ts';
import { releaseDirectory } from '../../core/layout.ts';
import type { ArgsOf, Step } from '../../core/step.ts';
import { exists } from '../durable.ts';
import { freeBytes } from '../host-disk.ts';
import { below } from '../service-environment.ts';
import { listTree } from './tree.ts';

type Fetch = ArgsOf<'release.fetch@1'>;

const BLOCK_BYTES = 4096;

/**
 * Sees that the releases which these steps bring have room below a root, as far as their sizes are
 * known before they are fetched: those of directories and of archives at hand. Read-only.
 *
 * Throws RIPCORD_DISK_FULL, saying what is needed and what is there.
 */
export async function checkRoom(root: string, steps: readonly Step[]): Promise<void> {
  const fetches = steps.flatMap(({ kind, args }) =>
    kind === 'release.fetch@1' ? [args as Fetch] : [],
  );
  let needs = 0;
  const chutes = new Set<string>();
  for (const { chute, digest, location } of fetches) {
    if (await exists(below(root, releaseDirectory(chute, digest)))) continue;
    const bytes = await bytesOf(root, location);
    if (bytes > 0) chutes.add(chute);
    needs += bytes;
  }
  const has = needs === 0 ? null : freeBytes(root);
  if (has === null || needs <= has) return;
  throw noRoom(`fetch the files of ${[...chutes].join(', ')}`, { needs, has });
}

/**
 * Sees that so many bytes can be written below a path. Throws RIPCORD_DISK_FULL with both numbers;
 * where the disk does not say, its own refusal comes later.
 */
export function expectRoom(what: string, path: string, needs: number): void {
  const has = freeBytes(path);
  if (has !== null && needs > has) throw noRoom(what, { needs, has });
}

/** What a source takes on the disk while it is fetched; 0 where nobody knows before. */
async function bytesOf(root: string, location: SourceLocation): Promise<number> {
  // A source that cannot be read is the fetch's to tell of, in its own words.
  if (location.type === 'archive')
    return await stat(location.path).then(
      // The archive, and what is unpacked from it beside it.
      ({ size }) => 2 * onDisk(size),
      () => 0,
    );
  if (location.type !== 'local') return 0;
  const { path: from, except = [] } = location;
  const left = [root, ...except.map((each) => join(from, each))];
  const entries = await listTree(from, { except: left }).catch(() => []);
  const sizes = entries.map((each) => (each.type === 'file' ? onDisk(each.bytes) : BLOCK_BYTES));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

const onDisk = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

function noRoom(
  what: string,
  { needs, has }: { readonly needs: number; readonly has: number },
): RipcordError {
  return new RipcordError(
    'RIPCORD_DISK_FULL',
    `cannot ${what}: needs ${inWords(Math.ceil(needs / 1024))}, has ${inWords(Math.floor(has / 1024))}`,
    { details: { needs, has }, hint: 'free some space, then ask again' },
  );
}

const inWords = (kibibytes: number): string =>
  kibibytes < 1024 ? `${kibibytes} KiB` : `${(kibibytes / 1024).toFixed(1)} MiB`;
