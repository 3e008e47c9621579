import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Device } from './device.ts';

/**
 * Every file below `host` by path: what is on disk, and what was last loaded. The root's own path is
 * left out, so that two devices can be compared.
 */
export function hostFiles(device: Device): Readonly<Record<string, string>> {
  const root = join(device.root, 'host');
  const all = readdirSync(root, { recursive: true, withFileTypes: true, encoding: 'utf8' });
  return Object.fromEntries(
    all
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        path.slice(root.length + 1),
        readFileSync(path, 'utf8').replaceAll(device.root, 'ROOT'),
      ]),
  );
}
