import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { TEXT_BYTES_MAX } from '../core/definition/read-guard.ts';
import { signaturePath } from './signed-file.ts';

/**
 * The definitions and host configurations at the top of a directory, with their signatures, by what is
 * in them: they belong to other chutes, may hold secrets, and are no part of what a service is made
 * of. Empty where the directory cannot be read.
 */
export async function definitionsBeside(directory: string): Promise<readonly string[]> {
  const { DEFINITION_ENDING, isDefinitionText } = await import('../core/definition/recognise.ts');
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.map(({ name }) => name));
  const found: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || !DEFINITION_ENDING.test(entry.name)) continue;
    const path = join(directory, entry.name);
    const text = await textOf(path);
    if (text === null || !isDefinitionText(text)) continue;
    found.push(path);
    if (names.has(signaturePath(entry.name))) found.push(signaturePath(path));
  }
  return found;
}

/** The text of a file that is small enough to be a definition. */
async function textOf(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    return size > TEXT_BYTES_MAX ? null : (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch {
    // What cannot be read is told when the tree is.
    return null;
  }
}
