import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Device } from './device.ts';
import { device, jsonLines } from './shell.ts';

/** An update object for the chute of the example, in a file of its own. */
function updateObject(on: Device, fields: object): string {
  const file = join(on.home, 'update.json');
  writeFileSync(file, JSON.stringify({ updateClass: 'CHUTE', name: 'hello', ...fields }));
  return file;
}

describe.concurrent('update objects', () => {
  test('create, restart with another environment, stop and delete do what they say', async () => {
    const on = await device();
    const config = {
      version: 1,
      download: { url: join(on.home, 'hello') },
      services: {
        main: {
          image: 'node',
          command: ['node', '-e', SERVER],
          health: { http: { port: on.port } },
        },
      },
      web: { port: on.port },
    };
    const asked = { updateType: 'create', external: { update_id: 'cloud-1' }, config };
    const create = updateObject(on, asked);
    expect(await on.ripcord(['validate', create])).toMatchObject({
      code: 0,
      out: expect.stringContaining('create hello'),
    });
    expect(await on.ripcord(['plan', create])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['apply', create, '-y'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('unset');
    // Its id makes it one request, however often it is handed in.
    const again = await on.ripcord(['apply', create, '-y', '-o', 'json']);
    expect(jsonLines(again.out).at(-1)).toMatchObject({ update: 'u1', outcome: 'committed' });

    const environment = { GREETING: 'other' };
    const restart = updateObject(on, { updateType: 'restart', environment });
    expect(await on.ripcord(['apply', restart, '-y'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('other');

    const exists = updateObject(on, { updateType: 'create', config });
    expect(await on.ripcord(['apply', exists, '-y'])).toMatchObject({ code: 8 });
    const stop = updateObject(on, { updateType: 'stop' });
    expect(await on.ripcord(['apply', stop, '-y'])).toMatchObject({ code: 0 });
    const remove = updateObject(on, { updateType: 'delete' });
    expect(await on.ripcord(['apply', remove, '-y'])).toMatchObject({ code: 0 });
    expect(await on.json(['status'])).toMatchObject({ chutes: {} });
  });

  test('of an unknown type they are refused with their place', async () => {
    const on = await device();
    const file = updateObject(on, { updateType: 'creat' });
    const { code, err } = await on.ripcord(['apply', file, '-y']);
    expect({ code, existed: existsSync(on.root) }).toEqual({ code: 2, existed: false });
    expect(err).toMatch(/update\.json:1:\d+ updateType: must be one of create, update/);
  });
});

test('a repository out of reach is no reason not to plan for another host', async () => {
  const on = await device();
  const file = join(on.home, 'far.yaml');
  writeFileSync(
    file,
    'name: far\nuse: node\ncommand: node x.js\nsource: {type: git, url: "file:///nowhere/far"}\n',
  );
  expect(await on.ripcord(['plan', file])).toMatchObject({
    code: 8,
    err: expect.stringContaining('/nowhere/far'),
  });
  const facts = join(on.home, 'facts.json');
  writeFileSync(facts, (await on.ripcord(['doctor', '-o', 'json'])).out);
  expect(await on.ripcord(['plan', file, '--facts', facts])).toMatchObject({
    code: 0,
    err: expect.stringContaining('planned as if it were new'),
  });
});

const SERVER = `require('node:http').createServer((_, to) => to.end(process.env.GREETING ?? 'unset')).listen(process.env.PORT)`;

describe.concurrent('init --from', () => {
  test('writes a definition that is valid, and never over another', async () => {
    const on = await device();
    const old = join(on.home, 'hello', 'old.yaml');
    writeFileSync(
      old,
      'name: door\nversion: 1\ntype: light\nuse: node\ncommand: node server.mjs\nconfig: {environment: {API_TOKEN: hush}}\n',
    );
    const first = await on.ripcord(['init', 'door', '--from', old]);
    expect(first).toMatchObject({ code: 0, err: '' });
    const file = join(on.home, 'door', 'chute.yaml');
    expect(readFileSync(file, 'utf8')).toContain(`source: ${join(on.home, 'hello')}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(join(on.home, 'door', 'server.mjs'))).toBe(false);
    expect(await on.ripcord(['validate', 'door', '--strict'])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['plan', 'door'])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['init', 'door', '--from', old])).toMatchObject({ code: 2 });
  });

  test('leaves nothing behind where it cannot', async () => {
    const on = await device();
    const file = updateObject(on, { updateType: 'stop' });
    expect(await on.ripcord(['init', 'door', '--from', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('it asks for stop and defines nothing'),
    });
    expect(existsSync(join(on.home, 'door'))).toBe(false);
  });

  test('a directory that cannot be made is told of', async () => {
    const on = await device();
    expect(await on.ripcord(['init', '/proc/not/there'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('cannot write /proc/not'),
    });
  });
});
