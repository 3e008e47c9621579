import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { NEW_CHUTE } from '../../../src/core/applied.ts';
import { volumeDirectory } from '../../../src/core/layout.ts';
import { directoryCreate, directoryRemove } from '../../../src/drivers/files/directory.ts';
import { volumeCreate, volumeRemove } from '../../../src/drivers/files/volume.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot, writeTree } from '../world.ts';
import { treeOf } from './file-world.ts';

const DIRECTORY = 'chutes/hello/logs';
const VOLUME = volumeDirectory('hello', 'store');

function directory(path = DIRECTORY) {
  const root = temporaryRoot();
  mkdirSync(join(root, 'chutes/hello'), { recursive: true });
  const args = { path };
  const context = testContext({ root, kind: 'directory.create@1', args });
  return { root, args, context, world: async () => treeOf(root) };
}

function volume() {
  const root = temporaryRoot();
  mkdirSync(join(root, 'chutes/hello/volumes'), { recursive: true });
  const args = { chute: 'hello', volume: 'store' };
  const hello = { ...NEW_CHUTE, volumes: { store: true } } as const;
  const applied = {
    chutes: { hello },
    reservations: { ports: {} },
    limits: {},
    host: { files: {} },
  };
  const context = testContext({ root, kind: 'volume.remove@1', args, applied });
  return { root, args, context, world: async () => treeOf(root) };
}

const inTheWay = async () => {
  const scenario = directory();
  writeFileSync(join(scenario.root, DIRECTORY), 'a file');
  return scenario;
};

driverContract(
  { describe, test, expect },
  {
    kind: 'directory.create@1',
    driver: directoryCreate,
    arrange: async () => directory(),
    failing: [
      { name: 'a file is in its place', code: 'RIPCORD_STEP_FAILED', arrange: inTheWay },
      {
        name: 'it would be outside of the root',
        code: 'RIPCORD_OPERATION_REFUSED',
        arrange: async () => directory('../outside'),
      },
    ],
  },
);

driverContract(
  { describe, test, expect },
  {
    kind: 'directory.remove@1',
    driver: directoryRemove,
    arrange: async () => {
      const scenario = directory();
      writeTree(scenario.root, { [`${DIRECTORY}/main.log`]: 'line\n' });
      return scenario;
    },
    prefixes: [
      {
        name: 'a removal that took the name and not yet the content',
        state: 'partial',
        reach: async ({ context }) =>
          renameSync(join(context.root, DIRECTORY), join(context.root, 'chutes/hello/.gone-logs')),
      },
    ],
  },
);

driverContract(
  { describe, test, expect },
  {
    kind: 'volume.create@1',
    driver: volumeCreate,
    arrange: async () => {
      const { root, args, world } = volume();
      return { args, world, context: testContext({ root, kind: 'volume.create@1', args }) };
    },
  },
);

driverContract(
  { describe, test, expect },
  {
    kind: 'volume.remove@1',
    driver: volumeRemove,
    arrange: async () => {
      const scenario = volume();
      writeTree(scenario.root, { [`${VOLUME}/deep/file`]: 'kept by its chute' });
      return scenario;
    },
    prefixes: [
      {
        name: 'a removal that took the name and not yet the content',
        state: 'partial',
        reach: async ({ context }) =>
          renameSync(
            join(context.root, VOLUME),
            join(context.root, 'chutes/hello/volumes/.gone-store'),
          ),
      },
    ],
  },
);

test.each([
  { what: 'directory', driver: directoryCreate, args: { path: VOLUME } },
  { what: 'volume', driver: volumeCreate, args: { chute: 'hello', volume: 'store' } },
])('undo leaves a $what alone that was there before', async ({ driver, args }) => {
  const { root, context } = volume();
  writeTree(root, { [`${VOLUME}/data`]: 'precious' });
  // One table for two drivers: each gets the arguments of its own row.
  const create = driver as typeof directoryCreate;
  const undo = await create.prepare?.(context, args as { path: string });
  await create.run(context, args as { path: string }, { existed: true });
  expect(undo).toEqual({ existed: true });
  await create.undo?.(context, args as { path: string }, { existed: true });
  expect(existsSync(join(root, VOLUME, 'data'))).toBe(true);
});

test('undo takes what was put into a directory it made', async () => {
  const { root, args, context } = directory();
  await directoryCreate.run(context, args, { existed: false });
  writeTree(root, { [`${DIRECTORY}/main.log`]: 'line\n' });
  await directoryCreate.undo?.(context, args, { existed: false });
  expect(treeOf(root)).toEqual({ chutes: 'directory', 'chutes/hello': 'directory' });
});

test("a chute's own directory makes its place in what is applied, and no other does", async () => {
  const own = directory('chutes/hello');
  const patch = [{ op: 'add', path: '/chutes/hello', value: NEW_CHUTE }];
  expect(await directoryCreate.run(own.context, own.args, { existed: false })).toMatchObject({
    patch,
  });
  const inner = directory();
  const done = await directoryCreate.run(inner.context, inner.args, { existed: false });
  expect(done).toEqual({ result: null });
});
