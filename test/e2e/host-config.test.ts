import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { Device } from './device.ts';

const devices: Device[] = [];

afterAll(() => {
  for (const device of devices) device.destroy();
});

async function make(): Promise<Device> {
  const device = await Device.make();
  devices.push(device);
  return device;
}

/** A file in the home of a device; its path. */
function write(device: Device, name: string, text: string): string {
  const path = join(device.home, name);
  writeFileSync(path, text);
  return path;
}

const LAN = `kind: host
lan:
  ipaddr: 192.168.7.1
  dhcp: { start: 100, limit: 50, leasetime: 1h }
`;

const read = (device: Device, path: string): string =>
  readFileSync(join(device.root, path), 'utf8');

test('a host configuration is planned, applied, looked at and taken back', async () => {
  const device = await make();
  const file = write(device, 'host.yaml', LAN);
  const plan = (await device.json(['plan', file])) as { patch: unknown };
  expect(plan.patch).toContainEqual({
    op: 'add',
    path: '/host/config/lan/ipaddr',
    value: '192.168.7.1',
  });
  expect(existsSync(device.root)).toBe(false);

  expect(await device.ripcord(['apply', file, '-y'])).toMatchObject({ code: 0 });
  const served = read(device, 'host/dnsmasq/br-lan.conf');
  expect(served).toContain('192.168.7.100');
  expect(read(device, 'host/running/host/dnsmasq/br-lan.conf')).toBe(served);
  expect(await device.ripcord(['apply', file, '-y'])).toMatchObject({
    code: 0,
    out: expect.stringContaining('No changes. The host configuration is r1.'),
  });

  expect((await device.ripcord(['status'])).out).toMatch(/@host +r1 +configured/);
  expect((await device.ripcord(['at', 'HEAD', '@host.lan.ipaddr'])).out).toBe('192.168.7.1\n');
  expect((await device.ripcord(['diff', '@0', 'HEAD', '@host'])).out).toContain('192.168.7.1');
  expect((await device.ripcord(['log', '--chute', '@host'])).out).toContain('@host r1');
  expect((await device.ripcord(['show', 'u1'])).out).toContain('record how the host is configured');

  expect(await device.ripcord(['rollback', 'u1', '-y'])).toMatchObject({ code: 0 });
  expect(existsSync(join(device.root, 'host/dnsmasq/br-lan.conf'))).toBe(false);
  const { host } = (await device.json(['status'])) as { host: unknown };
  expect(host).toMatchObject({ revision: 2, isDefault: true });
  expect(await device.ripcord(['rollback', '@host', '-y'])).toMatchObject({ code: 0 });
  expect(read(device, 'host/dnsmasq/br-lan.conf')).toBe(served);
});

test('one that fails at its reload leaves all as it was, and so does one that is killed there', async () => {
  const device = await make();
  await device.ripcord(['apply', write(device, 'one.yaml', LAN), '-y']);
  const before = read(device, 'host/dnsmasq/br-lan.conf');
  const { stateHash } = (await device.json(['status'])) as { stateHash: string };
  const file = write(device, 'two.yaml', LAN.replaceAll('192.168.7.', '192.168.8.'));
  const failed = await device.ripcord(['apply', file, '-y'], 'fail@step=host/config.reload:*');
  expect(failed.code).toBe(4);
  const args = ['apply', file, '-y', '--on-interrupt', 'rollback'];
  const killed = await device.ripcord(args, 'kill@before-effect=4');
  expect(killed.signal).toBe('SIGKILL');
  // Whoever comes next takes it back.
  await device.ripcord(['log']);
  expect(await device.json(['status'])).toMatchObject({ stateHash, updates: [], reloadsOwed: [] });
  for (const directory of ['host', 'host/running/host'])
    expect(read(device, `${directory}/dnsmasq/br-lan.conf`)).toBe(before);
});

test('an update object patches it, and its secrets are nowhere but among the secrets', async () => {
  const device = await make();
  const patch = write(
    device,
    'patch.json',
    JSON.stringify({
      updateClass: 'ROUTER',
      updateType: 'patchhostconfig',
      patch: [
        { op: 'replace', path: '/zerotier/enabled', value: true },
        { op: 'add', path: '/zerotier/networks/-', value: 'e5cd7a9e1c2753e4' },
        {
          op: 'add',
          path: '/wifi-interfaces/-',
          value: { device: 'pci-wifi-9', ssid: 'home', key: 'nobody must know' },
        },
      ],
    }),
  );
  const ran = await device.ripcord(['apply', patch, '-y']);
  expect(ran).toMatchObject({
    code: 0,
    err: expect.stringContaining('zerotier of the host configuration is stored and not used yet'),
  });
  expect((await device.ripcord(['at', 'HEAD', '@host.zerotier'])).out).toContain(
    'e5cd7a9e1c2753e4',
  );
  const files = readdirSync(device.root, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const telling = files.filter((path) => readFileSync(path, 'latin1').includes('nobody must know'));
  expect(telling).toEqual([expect.stringContaining('/secrets/')]);
  expect(ran.out + ran.err).not.toContain('nobody must know');
});

test('one that is wrong is refused with its place, before there is a root', async () => {
  const device = await make();
  const text = 'lan: { ipaddr: 192.168.7.300 }\nsytem: {}\n';
  const ran = await device.ripcord(['apply', write(device, 'host.yaml', text), '-y']);
  expect(ran).toMatchObject({
    code: 2,
    err: expect.stringContaining('host.yaml:1:16 lan.ipaddr: must be an IPv4 address'),
  });
  expect(existsSync(device.root)).toBe(false);
});
