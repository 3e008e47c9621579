/**
 * The seal of `index/`: names and hashes of LevelDB's files, written when it was closed cleanly and
 * removed before it is opened. Without a seal that fits, the files are not given to LevelDB: it
 * would open them without a word, answer wrongly, or take the process down.
 */
import { hash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SEAL = 'seal.json';
/** All of LevelDB's files but `LOG`, which is for people, and `LOCK`: reading that would release it. */
const DATA = /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst))$/;

/** Whether the files are just those that were there when the index was last closed. */
export async function isSealed(directory: string): Promise<boolean> {
  try {
    const seal = await readFile(join(directory, SEAL), 'utf8');
    return seal === (await describe(directory));
  } catch {
    return false;
  }
}

/** Seals a closed index. Not synced: a power cut that loses it costs a rebuild. */
export async function sealIndex(directory: string): Promise<void> {
  await writeFile(join(directory, SEAL), await describe(directory));
}

/** Breaks the seal, if there is one. */
export async function unsealIndex(directory: string): Promise<void> {
  await rm(join(directory, SEAL), { force: true });
}

async function describe(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => DATA.test(name)).toSorted();
  const lines: string[] = [];
  for (const name of names) {
    // One file at a time, because all of them may be more than there is memory for.
    // oxlint-disable-next-line no-await-in-loop
    lines.push(JSON.stringify([name, hash('sha256', await readFile(join(directory, name)))]));
  }
  return `[${lines.join(',\n')}]\n`;
}
