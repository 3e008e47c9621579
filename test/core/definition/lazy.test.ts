import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);

/** The packages that come along with modules of ours. */
async function packagesOf(modules: readonly string[]): Promise<readonly string[]> {
  const script = modules
    .map((module) => `await import(${JSON.stringify(new URL(module, ROOT).href)});`)
    .join('\n');
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { cwd: ROOT, env: { ...process.env, NODE_DEBUG: 'esm' }, maxBuffer: 1 << 26 },
  );
  const found = stderr.matchAll(/node_modules\/(yaml|zod)\//g);
  return [...new Set([...found].map(([, name = '']) => name))];
}

test('finding definitions loads neither yaml nor zod, reading them loads both', async () => {
  expect(
    await packagesOf([
      'src/cli/definition-file.ts',
      'src/core/definition/health.ts',
      'src/core/definition/needs.ts',
      'src/core/definition/raw.ts',
      'src/core/definition/content-hash.ts',
      'src/core/definition/starter.ts',
      'src/core/definition/write.ts',
    ]),
  ).toEqual([]);
  const both = await packagesOf(['src/core/definition/parse.ts']);
  expect([...both].toSorted()).toEqual(['yaml', 'zod']);
}, 60_000);
