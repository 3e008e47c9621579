import { create, Header } from 'tar';

/** The name a recipe has in its build context; a release that has a file of this name keeps its own. */
export const RECIPE = '.ripcord.Dockerfile';

const BLOCK_BYTES = 512;
const END = Buffer.alloc(2 * BLOCK_BYTES);

/** What an image is built of, as the engine takes it: the files of a release, and a recipe beside them. */
export async function* buildContext(
  directory: string | null,
  recipe: string | null,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (recipe !== null) yield fileEntry(RECIPE, Buffer.from(recipe));
  if (directory === null) yield END;
  else yield* create({ cwd: directory, portable: true }, ['.']) as AsyncIterable<Uint8Array>;
}

/** One file as a tar archive has it, without the end of the archive. Pure. */
function fileEntry(path: string, content: Buffer): Buffer {
  const head = Buffer.alloc(BLOCK_BYTES);
  new Header({ path, size: content.length, mode: 0o644, type: 'File' }).encode(head);
  const padding = (BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([head, content, Buffer.alloc(padding)]);
}
