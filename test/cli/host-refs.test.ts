import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { Shell } from './shell.ts';

/** A device that was configured twice. */
async function configured(): Promise<Shell> {
  const shell = new Shell();
  for (const address of ['192.168.7.1', '192.168.8.1']) {
    const file = join(shell.home, 'host.yaml');
    writeFileSync(file, `kind: host\nlan: { ipaddr: ${address} }\n`);
    expect((await shell.run(`apply ${file} -y`)).code).toBe(0);
  }
  return shell;
}

test('the device has revisions to look back at, and a status of its own', async () => {
  const shell = await configured();
  expect((await shell.run('show @host@r1')).out).toMatch(/^u1 /);
  expect((await shell.run('at @host@r1 @host.lan.ipaddr')).out).toBe('192.168.7.1\n');
  expect((await shell.run('diff @host@r1 @host@r2 @host')).out).toContain('192.168.8.1');
  const { out } = await shell.run('status @host');
  expect(out).toMatch(/@host {2}r2 {2}configured, committed by u2\n.*at HEAD @host/);
  expect(JSON.parse((await shell.run('status @host -o json')).out)).toMatchObject({
    chutes: {},
    host: { revision: 2, config: { lan: { ipaddr: '192.168.8.1' } } },
  });
});

test('what the device cannot be asked is refused in words', async () => {
  const shell = await configured();
  for (const [command, reason, hint] of [
    ['show @host', 'it is no point in time', 'ripcord status @host'],
    ['show @host@r3', 'it is at r2', 'log --chute @host'],
    ['start @host', 'cannot start @host: it is the device itself', 'ripcord apply FILE'],
    ['rm @host -y', 'cannot remove @host: it is the device itself', 'ripcord apply FILE'],
    ['logs @host', 'it is the device itself', 'ripcord log --chute @host'],
  ] as const) {
    const { code, err } = await shell.run(command);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(err).toContain(reason);
    expect(err).toContain(hint);
  }
});
