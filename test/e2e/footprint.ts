import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a directory holds: every file by its path, with the hash of its bytes and when it was written. */
export type Footprint = Readonly<Record<string, string>>;

/** What services print is theirs: it may grow while nobody touches the root. */
const SERVICE_LOG = /^chutes\/[^/]+\/logs\//;

/** The footprint of a directory, or of a part of it; empty where it does not exist. */
export function footprint(root: string, part = ''): Footprint {
  const found: Record<string, string> = {};
  const walk = (path: string): void => {
    const full = join(root, path);
    const stat = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    if (!stat || SERVICE_LOG.test(path)) return;
    if (!stat.isDirectory()) {
      const bytes = stat.isFile() ? readFileSync(full) : '';
      found[path] = `${createHash('sha256').update(bytes).digest('hex')} ${stat.mtimeNs}`;
      return;
    }
    for (const name of readdirSync(full)) walk(join(path, name));
  };
  walk(part);
  return found;
}

/** The journal itself: its segments and its witness. */
export function journalFootprint(root: string): Footprint {
  return { ...footprint(root, 'log'), ...footprint(root, 'HEAD') };
}
