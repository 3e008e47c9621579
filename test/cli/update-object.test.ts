import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Shell } from './shell.ts';

test('an update object that deletes takes the data along, once it is committed', async () => {
  const shell = new Shell();
  const object = async (type: string, more: object = {}, env = {}) => {
    const file = join(shell.home, `${type}.json`);
    writeFileSync(
      file,
      JSON.stringify({ updateClass: 'CHUTE', updateType: type, name: 'k2', ...more }),
    );
    return await shell.run(`apply ${file} -y`, env);
  };
  mkdirSync(join(shell.home, 'files'));
  writeFileSync(join(shell.home, 'files/a.txt'), 'x');
  const config = { type: 'light', use: 'node', command: 'sleep 600', source: 'files' };
  const data = join(shell.root, 'chutes/k2/data');
  const token = async (): Promise<unknown> =>
    /"token":(\{[^}]*\})/.exec((await shell.run('at HEAD -o json')).out)?.[1];

  expect((await object('create', { config })).code).toBe(0);
  const first = await token();
  expect(first).toBeDefined();
  writeFileSync(join(data, 'file'), 'mine');

  const failed = await object('delete', {}, { RIPCORD_FAULT: 'fail@step=k2/chute.save' });
  expect(failed.code).toBe(4);
  expect(readFileSync(join(data, 'file'), 'utf8')).toBe('mine');
  expect(await token()).toBe(first);

  expect((await object('delete')).code).toBe(0);
  expect((await object('create', { config: { ...config, version: 2 } })).code).toBe(0);
  expect(existsSync(data)).toBe(true);
  expect(existsSync(join(data, 'file'))).toBe(false);
  expect(await token()).not.toBe(first);
}, 60_000);

test('rm keeps the data', async () => {
  const shell = new Shell();
  const file = shell.define('sleep 600');
  await shell.run(`apply ${file} -y`);
  const path = join(shell.root, 'chutes/hello/data/file');
  writeFileSync(path, 'mine');
  expect((await shell.run('rm hello -y')).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe('mine');
}, 60_000);
