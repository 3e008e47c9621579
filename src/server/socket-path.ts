import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel takes 107 bytes for a socket's path; a little less leaves room for other systems. */
const PATH_BYTES_MAX = 100;

/** The name of the API's socket in a root. */
const NAME = 'ripcord.sock';

/** A path by which a root's socket can be bound or reached, for as long as it is not released. */
export type SocketPath = {
  readonly path: string;
  /** Safe to repeat. */
  release(): void;
};

/** The path of a root's socket; a long one goes by way of an open directory. */
export function openSocketPath(root: string): SocketPath {
  const path = join(root, NAME);
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, release: () => undefined };
  let directory: number | null = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  return {
    path: `/proc/self/fd/${directory}/${NAME}`,
    release: () => {
      if (directory !== null) closeSync(directory);
      directory = null;
    },
  };
}
