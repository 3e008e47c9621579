import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Shell } from './shell.ts';

test('init names what a compose file builds from where the new definition is', async () => {
  const shell = new Shell();
  mkdirSync(join(shell.home, 'old'));
  writeFileSync(join(shell.home, 'old/compose.yaml'), 'services: {web: {build: ./b}}\n');
  for (const [directory, source] of [
    ['new/deep', join(shell.home, 'old/b')],
    ['.', 'old/b'],
    ['old', 'b'],
  ] as const) {
    const { code, err } = await shell.run(`init ${directory} --from old/compose.yaml`);
    expect([code, err]).toEqual([0, '']);
    const text = readFileSync(join(shell.home, directory, 'chute.yaml'), 'utf8');
    expect(text).toContain(`source: ${source}\n`);
    expect(text.includes('On this machine only')).toBe(source.startsWith('/'));
    expect((await shell.run(`validate ${directory}`)).code).toBe(0);
  }
}, 60_000);
