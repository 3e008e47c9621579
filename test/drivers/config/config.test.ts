import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { ArgsOf, UndoOf } from '../../../src/core/step.ts';
import { configCheck } from '../../../src/drivers/config/config-check.ts';
import { configReload, configRestore } from '../../../src/drivers/config/config-reload.ts';
import { configWrite } from '../../../src/drivers/config/config-write.ts';
import { driverContract, type Prefix } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { treeOf } from '../files/file-world.ts';
import { temporaryRoot, writeTree } from '../world.ts';
import { PATH, RUNNING, undoOf, whole, writing } from './config-world.ts';

const OTHER = 'host/config/other.conf';
const PATHS = [PATH];

const cutOff: Prefix<ArgsOf<'config.write@1'>, UndoOf<'config.write@1'>> = {
  name: 'a file that was written and not put in place',
  state: 'not-done',
  reach: async ({ context }) => writeTree(context.root, { [`${PATH}.new`]: 'ne' }),
};

driverContract(
  { describe, test, expect },
  {
    kind: 'config.write@1',
    driver: configWrite,
    arrange: async () => writing(),
    prefixes: [cutOff],
  },
);

driverContract(
  { describe, test, expect },
  {
    kind: 'config.write@1 that removes a file',
    driver: configWrite,
    arrange: async () => writing({ content: null }),
  },
);

driverContract(
  { describe, test, expect },
  {
    kind: 'config.reload@1',
    driver: configReload,
    arrange: async () => {
      const root = temporaryRoot();
      writeTree(root, { [PATH]: 'new', [RUNNING]: 'old', [OTHER]: 'new' });
      const args = { service: 'dhcp' as const, paths: [PATH, OTHER] };
      const context = testContext({ root, kind: 'config.reload@1', args });
      return { args, context, world: async () => treeOf(join(root, 'host')) };
    },
    prefixes: [
      {
        name: 'the first of two files loaded',
        state: 'not-done',
        reach: async ({ context }) => writeTree(context.root, { [RUNNING]: 'new' }),
      },
    ],
  },
);

describe('writing configuration', () => {
  test('owes a reload while something older runs, and none when it does not', async () => {
    const scenario = writing();
    const { context, args } = scenario;
    const undo = undoOf(scenario, 'before');
    expect(await configWrite.run(context, args, undo)).toMatchObject({
      result: { changed: true },
      owes: [{ key: 'reload:dhcp' }],
    });
    const undone = await configWrite.undo?.(context, args, undo);
    expect(undone).not.toHaveProperty('owes');
  });

  test('fills secrets in only where the file is', async () => {
    const scenario = writing({ content: 'key={{secret:line:wifi}}\n' });
    const { context, args, world } = scenario;
    const done = await configWrite.run(context, args, undoOf(scenario, 'before'));
    expect(JSON.stringify(done)).not.toContain('hush');
    expect(JSON.stringify(await world())).toContain('key=hush');
  });

  test('keeps what somebody else wrote there aside', async () => {
    const scenario = writing({}, { [PATH]: 'foreign', [RUNNING]: 'old' });
    const { context, args } = scenario;
    const undo = undoOf(scenario, 'foreign');
    expect(await configWrite.prepare?.(context, args)).toEqual(undo);
    await configWrite.run(context, args, undo);
    const kept = treeOf(join(context.root, 'quarantine'));
    expect(JSON.stringify(kept)).toContain('foreign');

    // Run again, as after a crash: what is there now is our own.
    await configWrite.run(context, args, undo);
    expect(treeOf(join(context.root, 'quarantine'))).toEqual(kept);
  });
});

test('a change of the mode alone is put on disk, found there and taken back', async () => {
  const scenario = writing({ content: 'old', mode: 0o644 });
  const { context, args } = scenario;
  const path = join(context.root, PATH);
  chmodSync(path, 0o600);
  const undo = {
    found: 'wanted',
    back: { ...undoOf(scenario, 'wanted').back, mode: 0o600 },
  } as const;
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const probed = async () => (await configWrite.probe?.(context, args, undo))?.state;
  expect(await probed()).toBe('not-done');
  await configWrite.run(context, args, undo);
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(await probed()).toBe('done');
  expect(existsSync(join(context.root, 'quarantine'))).toBe(false);
  await configWrite.undo?.(context, args, undo);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('what was accepted before an update stays when the update is undone', async () => {
  const scenario = writing({ before: 'new' }, { [PATH]: 'new', [RUNNING]: 'new' });
  const { context, args, world } = scenario;
  const before = await world();
  const undo = undoOf(scenario, 'wanted');
  expect(await configWrite.prepare?.(context, args)).toEqual(undo);
  await configWrite.run(context, args, undo);
  expect(await configWrite.undo?.(context, args, undo)).toEqual({});
  expect(await world()).toEqual(before);
  // The same file with nobody who knows of it: an attempt that broke off wrote it.
  const unknown = { ...context, applied: NOTHING_APPLIED };
  const found = await configWrite.prepare?.(unknown, args);
  expect(found).toMatchObject({ found: 'wanted', back: { sections: null } });
  if (found) await configWrite.undo?.(unknown, args, found);
  expect(await world()).not.toEqual(before);
});

describe('reloading', () => {
  const reloading = (files: Readonly<Record<string, string>>) => {
    const root = temporaryRoot();
    mkdirSync(join(root, 'host'), { recursive: true });
    writeTree(root, files);
    const args = { service: 'dhcp' as const, paths: PATHS };
    const context = testContext({ root, kind: 'config.reload@1', args });
    return { args, context, world: async () => treeOf(join(root, 'host')) };
  };

  test('is not needed when what runs is what is on disk', async () => {
    const same = reloading({ [PATH]: 'a', [RUNNING]: 'a' });
    expect(await configReload.skip?.(same.context, same.args)).toMatchObject({
      reason: 'what dhcp runs is what is on disk',
    });
    const other = reloading({ [PATH]: 'b', [RUNNING]: 'a' });
    expect(await configReload.skip?.(other.context, other.args)).toBeNull();
  });

  test('makes what runs what is on disk, also when that is nothing', async () => {
    const { context, args } = reloading({ [RUNNING]: 'a' });
    const probed = await configReload.probe?.(context, args, null);
    expect(probed?.state).toBe('not-done');
    expect(await configReload.run(context, args, null)).toMatchObject({
      pays: [{ key: 'reload:dhcp' }],
    });
    expect((await configReload.probe?.(context, args, null))?.state).toBe('done');
  });

  test('comes last of all when an update is undone', async () => {
    const { context, args } = reloading({ [PATH]: 'old', [RUNNING]: 'new' });
    await configRestore.run(context, args, null);
    expect(await configReload.skip?.(context, args)).toBeNull();
    expect(await configRestore.undo?.(context, args, null)).toMatchObject({
      pays: [{ key: 'reload:dhcp' }],
    });
    expect(await configReload.skip?.(context, args)).not.toBeNull();
  });
});

test('a file that a tool finds wrong is refused with its own words, or said to be unchecked', async () => {
  const root = temporaryRoot();
  writeFileSync(join(root, 'x'), '');
  const args = {
    files: [
      {
        path: PATH,
        service: 'dhcp' as const,
        mode: 0o600,
        sections: whole('dhcp-range=nonsense,,\n'),
        tool: 'dnsmasq' as const,
      },
    ],
  };
  const context = testContext({ root, kind: 'config.check@1', args });
  const answer = await configCheck.run(context, args, null).catch((error: unknown) => error);
  if (answer instanceof Error) expect(answer.message).toMatch(/dnsmasq says .*dhcp-range/);
  else
    expect(answer).toMatchObject({
      result: { answers: { [PATH]: expect.stringContaining('not installed') } },
    });
});
