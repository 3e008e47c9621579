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

/** A chute, with a VLAN and a redirect where it has a number for them. */
function define(device: Device, name: string, vlan: number | null): string {
  const directory = join(device.home, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'content'), name);
  const network =
    vlan === null
      ? ''
      : `    interfaces:
      lan0: {type: vlan, vlan-id: ${vlan}, dhcp: {leasetime: 1h, start: 10, limit: 20}}
firewall:
  - {name: page, type: redirect, from: '@host.lan:${9000 + vlan}', to: 'lan0:80'}
`;
  writeFileSync(
    join(directory, 'chute.yaml'),
    `name: ${name}
services:
  main:
    type: light
    image: node
    source: .
    command: sleep 600
    health: {settleMs: 0, exec: ['true']}
${network}`,
  );
  return directory;
}

type Status = { readonly stateHash: string; readonly chutes: object };

describe('chutes that get through on their own', () => {
  test('end alike wherever the process is killed, with what one that failed had written taken out', async () => {
    const fault = 'fail@step=door/gate.check';
    const calm = await make();
    const files = [define(calm, 'camera', 41), define(calm, 'door', 42), define(calm, 'lamp', 43)];
    const { code } = await calm.ripcord(['apply', ...files, '-y', '--per-chute'], fault);
    expect(code).toBe(4);
    const wanted = (await calm.json(['status'])) as Status;
    expect(Object.keys(wanted.chutes)).toEqual(['camera', 'lamp']);
    const written = hostFiles(calm);
    expect(written['nftables.nft']).not.toContain('9042');
    expect(written['running/host/nftables.nft']).toBe(written['nftables.nft']);

    for (let k = 1; ; k += 7) {
      const device = await make();
      const mine = files.map((file) => define(device, file.split('/').at(-1) ?? '', vlanOf(file)));
      const { signal } = await device.ripcord(
        ['apply', ...mine, '-y', '--per-chute'],
        `kill@effect=${k},${fault}`,
      );
      const watched = await device.ripcord(['watch', 'u1'], fault);
      expect(watched.code, `kill@effect=${k}: ${watched.err}`).toBe(4);
      const status = await device.json(['status']);
      const { stateHash } = wanted;
      expect(status, `kill@effect=${k}`).toMatchObject({ stateHash, reloadsOwed: [], stuck: [] });
      expect(hostFiles(device), `kill@effect=${k}`).toEqual(written);
      device.destroy();
      if (signal !== 'SIGKILL') break;
    }
  });

  test('are cancelled by ^C as far as they are not through', async () => {
    const device = await make();
    const files = [define(device, 'camera', null), define(device, 'door', null)];
    const { child, ended, told } = device.begin(
      ['apply', ...files, '-y', '--per-chute', '--progress', 'json'],
      { RIPCORD_FAULT: 'hang@step=door/gate.check' },
    );
    // The first lane is told to its end before the second one is shown.
    await new Promise<void>((done) => {
      const look = (): void => {
        if (/"gate.started"[^\n]*door/.test(told())) done();
      };
      child.stderr?.on('data', look);
      child.stdout?.on('data', look);
    });
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130 });
    const { chutes } = (await device.json(['status'])) as Status;
    expect(Object.keys(chutes)).toEqual(['camera']);
    const log = (await device.json(['log'])) as readonly { id: string; outcome: string }[];
    const outcomes = Object.fromEntries(log.map(({ id, outcome }) => [id, outcome]));
    expect(outcomes).toEqual({ u1: 'committed', u2: 'cancelled' });
  });
});

const vlanOf = (file: string): number =>
  ({ camera: 41, door: 42, lamp: 43 })[file.split('/').at(-1) ?? ''] ?? 0;
