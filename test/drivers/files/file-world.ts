import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { releasesDirectory } from '../../../src/core/layout.ts';

/** Everything below a directory: path to content, link target, or `directory`. */
export function treeOf(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(names.map((name) => [name, describe(join(directory, name))]));
}

/** What is below `releases` of chute hello; nothing when it is not there. */
export function releasesOf(root: string): Readonly<Record<string, string>> {
  try {
    return treeOf(join(root, releasesDirectory('hello')));
  } catch {
    return {};
  }
}

function describe(path: string): string {
  const stat = lstatSync(path);
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  const executable = (stat.mode & 0o111) === 0 ? '' : ' (executable)';
  return `${readFileSync(path, 'utf8')}${executable}`;
}
