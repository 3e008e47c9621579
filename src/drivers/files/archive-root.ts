import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { DEFINITION_NAMES } from '../../core/definition/file-names.ts';

/** What stands at the root of a chute's files: archives often have one directory around them. */
const AT_ROOT: ReadonlySet<string> = new Set([...DEFINITION_NAMES, 'Dockerfile']);

/**
 * Takes the one directory around an unpacked archive away, when it is the root of a chute: it holds a
 * definition or a Dockerfile. Anything else stays as it is.
 */
export async function liftRoot(tree: string, work: string): Promise<void> {
  const [only, ...others] = await readdir(tree, { withFileTypes: true });
  if (only === undefined || others.length > 0 || !only.isDirectory()) return;
  const inside = await readdir(join(tree, only.name));
  if (!inside.some((name) => AT_ROOT.has(name))) return;
  const lifted = join(work, 'lifted');
  await rename(join(tree, only.name), lifted);
  await rm(tree, { recursive: true, force: true });
  await rename(lifted, tree);
}
