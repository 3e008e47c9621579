import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { Device } from './device.ts';
import { hostFiles } from './host-files.ts';

const devices: Device[] = [];

afterAll(() => {
  for (const device of devices) device.destroy();
});

async function make(): Promise<Device> {
  const device = await Device.make();
  devices.push(device);
  return device;
}

/** A chute with a network of its own, on a VLAN: no radio is needed. */
function define(
  device: Device,
  name: string,
  { vlan, start = 10 }: { vlan: number; start?: number },
): string {
  const directory = join(device.home, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, 'chute.yaml'),
    `name: ${name}
services:
  main:
    type: light
    image: node
    source: .
    command: node -e "setInterval(() => 0, 1000)"
    health: { settleMs: 0, exec: [node, -e, ''] }
    interfaces:
      lan0:
        type: vlan
        vlan-id: ${vlan}
        dhcp: { leasetime: 1h, start: ${start}, limit: 20 }
firewall:
  - { name: page, type: redirect, from: '@host.lan:${9000 + vlan}', to: 'lan0:80' }
`,
  );
  return directory;
}

function expectLoaded(files: Readonly<Record<string, string>>): void {
  const written = Object.entries(files).filter(([path]) => !path.startsWith('running/'));
  const running = Object.entries(files).filter(([path]) => path.startsWith('running/'));
  expect(
    Object.fromEntries(running.map(([path, text]) => [path.slice('running/host/'.length), text])),
  ).toEqual(Object.fromEntries(written));
}

async function apply(device: Device, files: readonly string[], fault = ''): Promise<number | null> {
  const { code } = await device.ripcord(['apply', ...files, '-y'], fault);
  return code;
}

async function steps(
  device: Device,
  update: string,
): Promise<readonly { id: string; state: string }[]> {
  const { plan } = (await device.json(['show', update])) as {
    plan: { steps: readonly { id: string; state: string }[] };
  };
  return plan.steps;
}

describe('a chute with a network of its own', () => {
  test('has its firewall, leases and links written and loaded, and gone when it is removed', async () => {
    const device = await make();
    expect(await apply(device, [define(device, 'camera', { vlan: 21 })])).toBe(0);
    const files = hostFiles(device);
    const written = Object.keys(files).filter((path) => !path.startsWith('running/'));
    expect(written.toSorted()).toEqual([
      expect.stringMatching(/^dnsmasq\/.*\.conf$/),
      'links.json',
      'nftables.nft',
    ]);
    expectLoaded(files);
    expect(await device.json(['status'])).toMatchObject({
      reloadsOwed: [],
      chutes: {
        camera: { applied: { interfaces: { lan0: { vlanId: 21, subnet: expect.any(String) } } } },
      },
    });
    expect((await device.ripcord(['rm', 'camera', '-y'])).code).toBe(0);
    expect(hostFiles(device)).toEqual({});
  });

  test('asks for no reload of what it left as it was', async () => {
    const device = await make();
    await apply(device, [define(device, 'camera', { vlan: 22 })]);
    await apply(device, [define(device, 'camera', { vlan: 22, start: 30 })]);
    const ids = (await steps(device, 'u2')).map(({ id }) => id);
    expect(ids.filter((id) => id.includes('config.reload'))).toEqual(['host/config.reload:dhcp']);
  });
});

test('two chutes in one update cause one reload each, behind the last write', async () => {
  const device = await make();
  const both = [define(device, 'camera', { vlan: 23 }), define(device, 'door', { vlan: 24 })];
  expect(await apply(device, both)).toBe(0);
  const ids = (await steps(device, 'u1'))
    .map(({ id }) => id)
    .filter((id) => id.includes('config.'));
  const reloads = ids.filter((id) => id.includes('config.reload'));
  expect(reloads).toEqual([
    'host/config.reload:dhcp',
    'host/config.reload:firewall',
    'host/config.reload:network',
  ]);
  const lastWrite = ids.findLastIndex((id) => id.includes('config.write'));
  expect(ids.findIndex((id) => id.includes('config.reload'))).toBeGreaterThan(lastWrite);
  expectLoaded(hostFiles(device));
});

test('a second chute on a VLAN that is taken is refused in words', async () => {
  const device = await make();
  await apply(device, [define(device, 'camera', { vlan: 25 })]);
  const { code, err } = await device.ripcord(['apply', define(device, 'door', { vlan: 25 }), '-y']);
  expect(code).toBe(8);
  expect(err).toMatch(/VLAN 25|vlan 25/i);
  expect(err).toMatch(/camera/);
});

test('killed anywhere, then rolled back: what is on disk and what runs are the old ones', async () => {
  const device = await make();
  await apply(device, [define(device, 'camera', { vlan: 26 })]);
  const before = hostFiles(device);
  const { stateHash } = (await device.json(['status'])) as { stateHash: string };
  const file = define(device, 'camera', { vlan: 26, start: 40 });
  for (let k = 1; k < 60; k++) {
    const { signal } = await device.ripcord(
      ['apply', file, '-y', '--on-interrupt', 'rollback'],
      `kill@effect=${k},fail@step=camera/gate.check`,
    );
    const status = await device.json(['status']);
    expect(status, `kill@effect=${k}`).toMatchObject({ stateHash, reloadsOwed: [], stuck: [] });
    expect(hostFiles(device), `kill@effect=${k}`).toEqual(before);
    if (signal !== 'SIGKILL') return;
  }
  throw new Error('it never survived');
});
