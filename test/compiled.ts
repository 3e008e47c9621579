import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['src', 'journal', 'replay'];

/** Builds the program where a source is newer than what was built last. */
export function setup(): void {
  const compiled = statSync('dist/src/cli/ripcord.cjs', { throwIfNoEntry: false });
  if (compiled && newest() < compiled.mtimeMs) return;
  // What its types have against it is for another check.
  for (const tool of ['node_modules/typescript/bin/tsc', 'esbuild.config.mjs'])
    spawnSync(process.execPath, [tool], { stdio: 'inherit' });
}

function newest(): number {
  const files = SOURCES.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}
