import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { asking, engineForProbe, engineOf } from '../../../src/drivers/docker/engine.ts';
import { observeContainers } from '../../../src/drivers/docker/observe.ts';
import { temporaryRoot } from '../world.ts';
import { fakeEngine } from './fake-engine.ts';

const { signal } = new AbortController();
const NOTHING = { '/containers/json': [] };

const engine = (ID: string): Promise<string> => fakeEngine({ ...NOTHING, '/info': { ID } });

const ask = (root: string): Promise<unknown> =>
  asking('look', () => engineOf({ signal, root }).containers({}));

const look = (root: string): Promise<unknown> =>
  asking('look', () => engineForProbe({ signal, root }).containers({}));

test('a root stays with the engine that it used first, and another is refused by name', async () => {
  const root = temporaryRoot();
  const first = await engine('one');
  await look(root);
  expect(existsSync(join(root, 'docker.json'))).toBe(false);
  await Promise.all([ask(root), ask(root)]);
  await ask(root);
  const second = await engine('two');
  for (const each of [ask, look]) {
    await expect(each(root)).rejects.toMatchObject({
      code: 'RIPCORD_DOCKER_FOREIGN',
      message: `cannot use the Docker Engine at ${second}: it is two, and the containers of this root are in one, which was at ${first}`,
      hint: `RIPCORD_DOCKER=${first}, or to move to the new one for good: rm ${join(root, 'docker.json')}`,
    });
  }
  // What another engine has says nothing of what this root's has.
  expect(await observeContainers(root)).toBeNull();
});

test('the same engine at another socket is the same', async () => {
  const root = temporaryRoot();
  await engine('one');
  await ask(root);
  await engine('one');
  await ask(root);
  expect(await observeContainers(root)).toEqual([]);
});

test('a root whose engine somebody makes it forget takes the next one, and only that', async () => {
  const root = temporaryRoot();
  await engine('one');
  await ask(root);
  await engine('two');
  rmSync(join(root, 'docker.json'));
  await ask(root);
  await ask(root);
  await engine('one');
  await expect(ask(root)).rejects.toMatchObject({ code: 'RIPCORD_DOCKER_FOREIGN' });
});

test('which engine was used is found again in a file that a crash cut off', async () => {
  const root = temporaryRoot();
  writeFileSync(join(root, 'docker.json'), '{"engi');
  await engine('one');
  await ask(root);
  expect(JSON.parse(readFileSync(join(root, 'docker.json'), 'utf8'))).toMatchObject({
    engine: 'one',
  });
});

test('an engine of Podman, which makes up an id each time, is known by where it keeps things', async () => {
  const root = temporaryRoot();
  const podman = (ID: string, DockerRootDir: string): Promise<string> =>
    fakeEngine({
      ...NOTHING,
      '/version': {
        Version: '4.9.3',
        ApiVersion: '1.41',
        Components: [{ Name: 'Podman Engine' }],
      },
      '/info': { ID, DockerRootDir },
    });
  await podman('a', '/var/lib/containers/storage');
  await ask(root);
  await podman('b', '/var/lib/containers/storage');
  await ask(root);
  await podman('b', '/home/me/storage');
  await expect(ask(root)).rejects.toMatchObject({ code: 'RIPCORD_DOCKER_FOREIGN' });
});
