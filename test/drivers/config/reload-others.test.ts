import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import { configReload, configRestore } from '../../../src/drivers/config/config-reload.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot, writeTree } from '../world.ts';

const PATH = 'host/config/dnsmasq.conf';
const RUNNING = `host/running/${PATH}`;
const OTHER = 'host/config/other.conf';

describe('reloading with a file that cannot be loaded', () => {
  const OWED = { key: 'reload:dhcp', owners: ['camera'] };

  /** What is loaded is kept where a directory is in the way. */
  function blocked(owners: readonly string[], chutes: readonly string[] = ['door']) {
    const root = temporaryRoot();
    writeTree(root, { [PATH]: 'new', [RUNNING]: 'old', [OTHER]: 'new' });
    mkdirSync(join(root, `host/running/${OTHER}`), { recursive: true });
    const sections = Object.fromEntries(owners.map((owner) => [owner, { a: 'new' }]));
    const other = { service: 'dhcp', mode: 0o600, sections } as const;
    const applied = { ...NOTHING_APPLIED, host: { files: { [OTHER]: other } } };
    const args = { service: 'dhcp' as const, paths: [PATH], chutes };
    const context = testContext({ root, kind: 'config.reload@1', args, applied });
    const loaded = (): string => readFileSync(join(context.root, RUNNING), 'utf8');
    return { args, context, loaded };
  }

  test('of others it loads the rest, warns and leaves that owed', async () => {
    const { context, args, loaded } = blocked(['camera']);
    const done = await configReload.run(context, args, null);
    expect(done).toMatchObject({
      result: { files: 1 },
      owes: [OWED],
      warnings: [
        {
          code: 'RIPCORD_STEP_FAILED',
          message: `cannot reload dhcp for camera: EISDIR (${OTHER})`,
          details: { path: OTHER, owners: ['camera'] },
        },
      ],
    });
    expect(done).not.toHaveProperty('pays');
    expect(loaded()).toBe('new');
  });

  test('of others it is back all the same', async () => {
    const { context, args, loaded } = blocked(['camera']);
    expect(await configRestore.undo?.(context, args, null)).toMatchObject({ owes: [OWED] });
    expect(loaded()).toBe('new');
  });

  test('of its own it fails, and is back all the same', async () => {
    const { context, args, loaded } = blocked(['camera', 'door']);
    await expect(configReload.run(context, args, null)).rejects.toThrow(
      'cannot reload dhcp: EISDIR',
    );
    const { chutes: _none, ...restoring } = args;
    await configRestore.undo?.(context, restoring, null);
    expect(loaded()).toBe('new');
  });

  test('that was written it fails, and on the way back as well', async () => {
    const { context, args } = blocked(['camera']);
    const written = { ...args, paths: [OTHER] };
    await expect(configReload.run(context, written, null)).rejects.toThrow('cannot reload dhcp');
    await expect(configRestore.undo?.(context, written, null)).rejects.toThrow(
      'cannot reload dhcp',
    );
  });
});

describe("what is loaded of a file that is nobody's any more", () => {
  const left = (path: string) => {
    const root = temporaryRoot();
    writeTree(root, { [`host/running/${path}`]: 'a', 'etc/config/dhcp': 'of others' });
    const args = { service: 'dhcp' as const, paths: [] };
    const context = testContext({ root, kind: 'config.reload@1', args });
    const running = join(root, `host/running/${path}`);
    return { args, context, running };
  };

  test.each<[path: string, then: string | null]>([
    ['host/dnsmasq/gone.conf', null],
    ['etc/config/dhcp', 'of others'],
  ])('is owed by what reads it: %s', async (path, then) => {
    const { args, context, running } = left(path);
    expect(await configReload.skip?.(context, args)).toBeNull();
    expect((await configReload.probe?.(context, args, null))?.state).toBe('not-done');
    expect(await configReload.run(context, args, null)).toHaveProperty('pays');
    expect(existsSync(running) ? readFileSync(running, 'utf8') : null).toBe(then);
    expect(await configReload.skip?.(context, args)).not.toBeNull();
  });

  test.each(['host/nftables.nft', 'host/wpa/radio0.conf', 'host/dnsmasq/gone.txt'])(
    'is left by what does not: %s',
    async (path) => {
      const { args, context, running } = left(path);
      expect(await configReload.skip?.(context, args)).not.toBeNull();
      await configReload.run(context, args, null);
      expect(existsSync(running)).toBe(true);
    },
  );
});

test.each<[is: string, tree: Readonly<Record<string, string>>]>([
  ['what it was before', { [PATH]: 'old', [RUNNING]: 'old' }],
  ['none', {}],
])('of a load that was cut off nothing is left when the file is %s', async (_is, tree) => {
  const root = temporaryRoot();
  writeTree(root, { ...tree, [`${RUNNING}.new`]: 'with a secr' });
  const args = { service: 'dhcp' as const, paths: [PATH] };
  const context = testContext({ root, kind: 'config.restore@1', args });
  await configRestore.undo?.(context, args, null);
  expect(existsSync(join(root, `${RUNNING}.new`))).toBe(false);
  expect(existsSync(join(root, RUNNING))).toBe(RUNNING in tree);
});
