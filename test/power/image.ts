/** What lies on a disk: every file, directory and link by its path. Changed by nobody. */
import { createHash, hash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export type Entry =
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly mode: number }
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string };

/** By path, parents before what is in them. */
export type Image = ReadonlyMap<string, Entry>;

const FREE = Buffer.alloc(4096, '\n');
const hashes = new WeakMap<Buffer, string>();

/** A hash of bytes and their number; the free space at the end of a segment costs nothing. */
export function hashOf(bytes: Buffer): string {
  const known = hashes.get(bytes);
  if (known !== undefined) return known;
  let end = bytes.length;
  while (end >= FREE.length && FREE.equals(bytes.subarray(end - FREE.length, end)))
    end -= FREE.length;
  const made = `${bytes.length}:${hash('sha1', bytes.subarray(0, end))}`;
  hashes.set(bytes, made);
  return made;
}

/** The image with less free space at the end of its segments: reading it shows nothing else. */
export function shortened(image: Image): Image {
  const short = new Map(image);
  for (const [path, entry] of image) {
    if (entry.kind !== 'file' || !path.startsWith('root/log/')) continue;
    let end = entry.bytes.length;
    while (end > 2 * FREE.length && FREE.equals(entry.bytes.subarray(end - FREE.length, end)))
      end -= FREE.length;
    const bytes = entry.bytes.subarray(0, Math.min(entry.bytes.length, end + 2 * FREE.length));
    short.set(path, { ...entry, bytes });
  }
  return short;
}

/** Equal for equal images. */
export function imageHash(image: Image): string {
  const all = createHash('sha1');
  for (const [path, entry] of image) {
    const text =
      entry.kind === 'file'
        ? `${hashOf(entry.bytes)} ${entry.mode}`
        : entry.kind === 'link'
          ? entry.target
          : '';
    all.update(`${path}\0${entry.kind}\0${text}\n`);
  }
  return all.digest('hex');
}

/** Whether what lies there is left out: derived, sockets, and what services themselves write. */
function isLeftOut(path: string): boolean {
  return /^root\/(index(\/|$)|ripcord\.sock$|chutes\/[^/]+\/(data|volumes\/[^/]+)\/)/.test(path);
}

/** What lies in a directory, by paths relative to it. Logs are taken for empty: services write them. */
export function readImage(directory: string): Image {
  const image = new Map<string, Entry>();
  const walk = (path: string): void => {
    for (const name of readdirSync(join(directory, path)).toSorted()) {
      const below = path === '' ? name : `${path}/${name}`;
      const full = join(directory, below);
      const found = lstatSync(full);
      if (isLeftOut(below)) continue;
      if (found.isDirectory()) {
        image.set(below, { kind: 'directory' });
        walk(below);
      } else if (found.isSymbolicLink())
        image.set(below, { kind: 'link', target: readlinkSync(full) });
      else if (found.isFile()) {
        const bytes = below.endsWith('.log') ? Buffer.alloc(0) : readFileSync(full);
        image.set(below, { kind: 'file', bytes, mode: found.mode & 0o777 });
      }
    }
  };
  walk('');
  return image;
}

/** Puts an image into an empty directory. */
export function writeImage(image: Image, directory: string): void {
  for (const [path, entry] of image) {
    const full = join(directory, path);
    if (entry.kind === 'directory') mkdirSync(full);
    else if (entry.kind === 'link') symlinkSync(entry.target, full);
    else {
      writeFileSync(full, entry.bytes);
      chmodSync(full, entry.mode);
    }
  }
}

/** The paths of what lies directly in a directory. */
export function childrenOf(image: Image, directory: string): readonly string[] {
  const start = `${directory}/`;
  return [...image.keys()].filter(
    (path) => path.startsWith(start) && !path.includes('/', start.length),
  );
}
