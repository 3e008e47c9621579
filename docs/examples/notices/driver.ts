import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { defineDriver } from 'ripcord';

/** What the planner writes into the plan: plain JSON, for ever. */
type Args = { readonly chute: string; readonly text: string | null };
/** What undoing needs, on disk before the effect. */
type Undo = { readonly before: string | null };

const directoryOf = (root: string): string => join(root, 'notices');
const fileOf = (root: string, chute: string): string => join(directoryOf(root), `${chute}.txt`);

async function read(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    // Cannot be read is not the same as is not there: unknown is never taken for success.
    throw error;
  });
}

/** Puts a file in place, or away, so that a power cut leaves the old one or the new one. */
async function put(root: string, chute: string, text: string | null): Promise<void> {
  const path = fileOf(root, chute);
  await mkdir(directoryOf(root), { recursive: true });
  if (text === null) await rm(path, { force: true });
  else {
    const draft = await open(`${path}.draft`, 'w');
    try {
      await draft.writeFile(text);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${path}.draft`, path);
  }
  const directory = await open(directoryOf(root));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export const noticeWrite = defineDriver<Args, Undo, null>({
  idempotent: true,

  async prepare({ root }, { chute }) {
    return { before: await read(fileOf(root, chute)) };
  },

  async run({ root, signal }, { chute, text }) {
    signal.throwIfAborted();
    await put(root, chute, text);
    return { result: null };
  },

  async probe({ root }, { chute, text }) {
    const evidence = await read(fileOf(root, chute));
    if (evidence !== text) return { state: 'not-done', evidence };
    return { state: 'done', evidence, done: { result: null } };
  },

  async undo({ root }, { chute }, { before }) {
    await rm(`${fileOf(root, chute)}.draft`, { force: true });
    await put(root, chute, before);
  },
});
