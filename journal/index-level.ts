import { rm } from 'node:fs/promises';

import type { Level } from 'level';

/** An open LevelDB of text keys and text values. */
export type Db = Level;

/** Opens a LevelDB, made if it is missing, and takes its lock. Throws what `isLocked` tells apart. */
export async function openLevel(directory: string): Promise<Db> {
  // Loaded here, because whoever only reads never needs it.
  const { Level: Opened } = await import('level');
  const db = new Opened(directory);
  await db.open();
  return db;
}

/** Deletes a LevelDB under LevelDB's lock, so that nobody's open one goes. */
export async function removeLevel(directory: string): Promise<void> {
  const { Level: Opened } = await import('level');
  if ('destroy' in Opened && typeof Opened.destroy === 'function') {
    try {
      await Reflect.apply(Opened.destroy, Opened, [directory]);
    } catch (error) {
      if (isLocked(error)) throw error;
    }
  }
  await rm(directory, { recursive: true, force: true });
}

/** Whether an error says that somebody else has the LevelDB open. Pure. */
export function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'LEVEL_LOCKED') || isLocked(error.cause);
}
