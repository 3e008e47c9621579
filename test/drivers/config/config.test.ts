import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { ArgsOf, UndoOf } from '../../../src/core/step.ts';
import { configCheck } from '../../../src/drivers/config/config-check.ts';
import { renderedHash } from '../../../src/drivers/config/config-file.ts';
import { configReload, configRestore } from '../../../src/drivers/config/config-reload.ts';
import { configWrite } from '../../../src/drivers/config/config-write.ts';
import {
  driverContract,
  type Prefix,
  type Scenario,
} from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { treeOf } from '../files/file-world.ts';
import { temporaryRoot, writeTree } from '../world.ts';

const PATH = 'host/config/dnsmasq.conf';
const RUNNING = `host/running/${PATH}`;
const OTHER = 'host/config/other.conf';
const PATHS = [PATH];

function writing(
  args: Partial<ArgsOf<'config.write@1'>> = {},
  files: Readonly<Record<string, string>> = { [PATH]: 'old', [RUNNING]: 'old' },
): Scenario<ArgsOf<'config.write@1'>> {
  const root = temporaryRoot();
  writeTree(root, files);
  const whole = { path: PATH, content: 'new', before: 'old', mode: 0o600, ...args };
  const full = { service: 'dhcp' as const, ...whole };
  const kind = 'config.write@1';
  const context = testContext({
    root,
    kind,
    args: full,
    secrets: { wifi: 'hush' },
    applied: NOTHING_APPLIED,
  });
  return { args: full, context, world: async () => treeOf(join(root, 'host')) };
}

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

const UCI = 'etc/config/dhcp';
const FOREIGN = "# mine\n\nconfig dnsmasq\n\toption domain 'lan'\n";
const section = (limit: string): string =>
  `config dhcp 'ripcord__a__dhcp'\n\toption limit '${limit}'\n`;

function sharing(
  file: string | null,
  args: Partial<ArgsOf<'config.write@1'>> = {},
): Scenario<ArgsOf<'config.write@1'>> {
  const shared = { path: UCI, merge: 'uci', content: section('50'), before: null, mode: 0o644 };
  const { context, args: full } = writing(
    { ...shared, ...args } as Partial<ArgsOf<'config.write@1'>>,
    { 'etc/config/system': '', ...(file !== null && { [UCI]: file }) },
  );
  return { args: full, context, world: async () => treeOf(join(context.root, 'etc')) };
}

describe.each([
  ['with sections of others', FOREIGN],
  ['that does not end with a line', FOREIGN.trimEnd()],
  ['that is not there', null],
])('a shared file %s', (_what, file) => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'config.write@1 in a shared file',
      driver: configWrite,
      arrange: async () => sharing(file),
    },
  );

  test('keeps every byte of others, when ours come, change and go', async () => {
    const { context, args } = sharing(file);
    const path = join(context.root, UCI);
    const before = file === null ? null : readFileSync(path, 'utf8');
    const steps = [null, section('50'), section('60'), null];
    for (const [at, content] of steps.slice(1).entries()) {
      const step = { ...args, before: steps[at] ?? null, content };
      const undo = await configWrite.prepare?.(context, step);
      expect(undo).toEqual({ found: 'before' });
      await configWrite.run(context, step, undo ?? { found: 'foreign' });
      if (content !== null) expect(readFileSync(path, 'utf8')).toContain(content);
      if (content !== null && before !== null)
        expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${before}`));
    }
    expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(before);
  });
});

describe('a shared file', () => {
  test('is not opened to more readers than it had', async () => {
    const { context, args } = sharing(FOREIGN);
    const path = join(context.root, UCI);
    chmodSync(path, 0o600);
    await configWrite.run(context, args, { found: 'before' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that cannot be read is not written', async () => {
    const { context, args, world } = sharing("config 'broken");
    const before = await world();
    await expect(configWrite.run(context, args, { found: 'before' })).rejects.toMatchObject({
      code: 'RIPCORD_PLAN_INVALID',
    });
    expect(await world()).toEqual(before);
  });
});

describe('writing configuration', () => {
  test('owes a reload while something older runs, and none when it does not', async () => {
    const { context, args } = writing();
    expect(await configWrite.run(context, args, { found: 'before' })).toMatchObject({
      result: { changed: true },
      owes: [{ key: 'reload:dhcp' }],
    });
    const undone = await configWrite.undo?.(context, args, { found: 'before' });
    expect(undone).not.toHaveProperty('owes');
  });

  test('fills secrets in only where the file is', async () => {
    const { context, args, world } = writing({ content: 'key={{secret:line:wifi}}\n' });
    const done = await configWrite.run(context, args, { found: 'before' });
    expect(JSON.stringify(done)).not.toContain('hush');
    expect(JSON.stringify(await world())).toContain('key=hush');
  });

  test('keeps what somebody else wrote there aside', async () => {
    const { context, args } = writing({}, { [PATH]: 'foreign', [RUNNING]: 'old' });
    const undo = await configWrite.prepare?.(context, args);
    expect(undo).toEqual({ found: 'foreign' });
    await configWrite.run(context, args, { found: 'foreign' });
    const kept = treeOf(join(context.root, 'quarantine'));
    expect(JSON.stringify(kept)).toContain('foreign');

    // Run again, as after a crash: what is there now is our own.
    await configWrite.run(context, args, { found: 'foreign' });
    expect(treeOf(join(context.root, 'quarantine'))).toEqual(kept);
  });
});

test('what was accepted before an update stays when the update is undone', async () => {
  const { context, args, world } = writing({ before: null }, { [PATH]: 'new', [RUNNING]: 'new' });
  const files = { [PATH]: renderedHash('new') };
  const known = {
    ...context,
    applied: { ...NOTHING_APPLIED, host: { ...NOTHING_APPLIED.host, files } },
  };
  const before = await world();
  const undo = await configWrite.prepare?.(known, args);
  expect(undo).toEqual({ found: 'accepted' });
  await configWrite.run(known, args, { found: 'accepted' });
  expect(await configWrite.undo?.(known, args, { found: 'accepted' })).toEqual({});
  expect(await world()).toEqual(before);
  // The same file with nobody who knows of it: an attempt that broke off wrote it.
  expect(await configWrite.prepare?.(context, args)).toEqual({ found: 'wanted' });
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
    files: [{ path: PATH, content: 'dhcp-range=nonsense,,\n', tool: 'dnsmasq' as const }],
  };
  const context = testContext({ root, kind: 'config.check@1', args });
  const answer = await configCheck.run(context, args, null).catch((error: unknown) => error);
  if (answer instanceof Error) expect(answer.message).toMatch(/dnsmasq says .*dhcp-range/);
  else
    expect(answer).toMatchObject({
      result: { answers: { [PATH]: expect.stringContaining('not installed') } },
    });
});
