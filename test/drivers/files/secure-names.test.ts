import { relative } from 'node:path';

import { expect, test, vi } from 'vitest';

import type { Step } from '../../../src/core/step.ts';
import { secureNames } from '../../../src/drivers/files/secure-names.ts';
import { temporaryRoot, writeTree } from '../world.ts';

const synced = new Set<string>();

vi.mock(import('../../../src/drivers/durable.ts'), async (original) => {
  const module = await original();
  return {
    ...module,
    syncDirectory: async (path) => {
      await module.syncDirectory(path);
      synced.add(path);
    },
  };
});

const step = (kind: string, path: string): Step => ({
  n: 1,
  id: `host/${kind}`,
  chute: '@host',
  module: 'traffic',
  phase: 53,
  level: 0,
  kind,
  args: { path },
  title: kind,
  timeoutMs: 1000,
  retries: 0,
});

test.each([
  ['host/dnsmasq/br-lan.conf', ['', 'host', 'host/dnsmasq']],
  ['etc/config/network', ['', 'etc', 'etc/config', 'host', 'host/running/etc/config']],
  ['host/links.json', ['quarantine/u3/host']],
])('the directories in which a write of %s gives names are synced', async (path, wanted) => {
  synced.clear();
  const root = temporaryRoot();
  writeTree(root, {
    'host/dnsmasq/br-lan.conf': '',
    'host/running/etc/config/network': '',
    'etc/config/network': '',
    'quarantine/u3/host/links.json': '',
  });
  await secureNames(root, step('config.write@1', path));
  const found = [...synced].map((each) => relative(root, each));
  expect(found).toEqual(expect.arrayContaining(wanted));
  expect(found.filter((each) => each.startsWith('..'))).toEqual([]);
});

test('where there is nothing yet nothing is to be synced', async () => {
  const securing = secureNames(temporaryRoot(), step('config.write@1', 'etc/config/network'));
  await expect(securing).resolves.toBeUndefined();
});
