import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { create, Header } from 'tar';

/** The name a recipe has in its build context. It is no part of what the recipe copies. */
export const RECIPE = '.ripcord.Dockerfile';

const IGNORES = '.dockerignore';
const BLOCK_BYTES = 512;
const END = Buffer.alloc(2 * BLOCK_BYTES);

/** What an image is built of, as the engine takes it: the files of a release, and a recipe beside them. */
export async function* buildContext(
  directory: string | null,
  recipe: string | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (recipe !== null) {
    yield fileEntry(RECIPE, recipe);
    yield fileEntry(IGNORES, ignoresOf(directory));
  }
  const ours = recipe === null ? [] : [`./${RECIPE}`, `./${IGNORES}`];
  const filter = (path: string): boolean => !ours.includes(path);
  if (directory === null) yield END;
  else
    yield* create({ cwd: directory, portable: true, filter }, ['.']) as AsyncIterable<Uint8Array>;
}

/** The engine takes a recipe out of what is copied where this file says so. */
function ignoresOf(directory: string | null): string {
  const path = directory === null ? null : join(directory, IGNORES);
  if (path === null || !existsSync(path)) return `${RECIPE}\n${IGNORES}\n`;
  return `${readFileSync(path, 'utf8')}\n${RECIPE}\n`;
}

/** One file as a tar archive has it, without the end of the archive. Pure. */
function fileEntry(path: string, text: string): Buffer {
  const content = Buffer.from(text);
  const head = Buffer.alloc(BLOCK_BYTES);
  new Header({ path, size: content.length, mode: 0o644, type: 'File' }).encode(head);
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([head, content, Buffer.alloc(padding)]);
}
