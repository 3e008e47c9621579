import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { onTestFinished } from 'vitest';

/** An empty root directory that goes away with its test. */
export function temporaryRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-')));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Writes files below a directory: path to content. */
export function writeTree(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
}

/** Resolves when the look succeeds; the test's own time limit ends it. */
export async function until(look: () => boolean): Promise<void> {
  while (!look()) await pause(2);
}
