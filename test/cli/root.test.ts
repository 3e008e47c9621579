import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { Shell } from './shell.ts';

describe('a root', () => {
  test('is made for its owner alone', async () => {
    const shell = new Shell();
    const root = join(shell.home, 'state', 'deep');
    const { code } = await shell.run(`apply ${shell.define('sleep 600')} -y`, {
      RIPCORD_ROOT: root,
    });
    await shell.run('rm hello -y', { RIPCORD_ROOT: root });
    expect(code).toBe(0);
    expect(statSync(root).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['apply', '/proc/nope'],
    ['apply', '/proc/nope/deeper'],
    ['apply', 'FILE'],
    ['apply', 'FILE/root'],
    ['status', 'FILE'],
    ['log', 'FILE'],
    ['verify', 'FILE'],
    ['journal cat', 'FILE'],
    ['journal repair', 'FILE'],
    ['stop hello', 'FILE'],
  ])('is refused by %s where none can be: %s', async (command, place) => {
    const shell = new Shell();
    const file = join(shell.home, 'file');
    writeFileSync(file, 'mine');
    const line = command === 'apply' ? `apply ${shell.define('sleep 600')} -y` : command;
    const { code, err } = await shell.run(line, { RIPCORD_ROOT: place.replace('FILE', file) });
    expect(err).toMatch(/code: {2}RIPCORD_ROOT_UNUSABLE\nhint: .*--root/);
    expect(code).toBe(2);
  });

  test('is not made for a definition whose source is missing', async () => {
    const shell = new Shell();
    const directory = join(shell.home, 'gone');
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'chute.yaml'),
      'name: gone\nservices:\n  main: {type: light, image: node, source: ./nowhere, command: sleep 1}\n',
    );
    const { code, err } = await shell.run('apply gone -y');
    expect(err).toContain('RIPCORD_SOURCE_UNREACHABLE');
    expect(code).toBe(8);
    expect(existsSync(shell.root)).toBe(false);
    expect(readdirSync(shell.home).toSorted()).toEqual(['gone']);
  });
});
