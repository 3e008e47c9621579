import { readFileSync } from 'node:fs';

/** The version of this package, as its package.json has it. */
export const VERSION: string = versionIn(import.meta.url);

/** From the sources and from dist/ alike: the nearest package.json above is ours. */
function versionIn(url: string): string {
  for (const up of ['../..', '../../..']) {
    try {
      const text = readFileSync(new URL(`${up}/package.json`, url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === 'ripcord' && version !== undefined) return version;
    } catch {
      // Not at this height.
    }
  }
  return 'unknown';
}
