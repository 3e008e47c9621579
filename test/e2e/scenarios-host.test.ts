import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { expectSound, type OutcomeLine, planOf, run, statusOf } from './checks.ts';
import type { Device } from './device.ts';
import { until } from './scenarios.ts';
import { device as made } from './shell.ts';
import { SmallDisk, whyNoDisk } from './small-disk.ts';

/* The failures from real life, by their numbers: here those of what the host itself is configured with. */

async function killed(device: Device, words: string, fault: string): Promise<void> {
  const { signal, out, err } = await device.ripcord(words.split(' '), fault);
  expect(signal, `${fault}: ${out}${err}`).toBe('SIGKILL');
}

/** A chute with a network of its own. */
function network(device: Device, start: number, more = ''): string {
  return device.define(
    'camera',
    `name: camera
services:
  main:
    image: node
    command: [sleep, "600"]
    health: { settleMs: 0 }
    interfaces:
      lan0: { type: vlan, vlan-id: 31, dhcp: { ${more}leasetime: 1h, start: ${start}, limit: 20 } }
`,
  );
}

/** What dnsmasq is to read, and what it runs with. */
function leases(device: Device, root = device.root): readonly (string | null)[] {
  return ['host/dnsmasq', 'host/running/host/dnsmasq'].map((directory) => {
    const path = join(root, directory);
    const [name] = existsSync(path) ? readdirSync(path) : [];
    return name === undefined ? null : readFileSync(join(path, name), 'utf8');
  });
}

describe.concurrent('a reload is owed', () => {
  test.each([
    ['rollback', 'the old configuration is on disk and runs'],
    ['resume', 'the new one is loaded although nothing is written any more'],
  ])('8: the engine dies between a write and its reload (%s): %s', async (how) => {
    const device = await made();
    await run(device, `apply ${network(device, 10)} -y`, 0);
    const before = leases(device);
    expect(before[0]).not.toBe(null);
    expect(before[1]).toBe(before[0]);
    const steps = await planOf(device, network(device, 40));
    const reload = steps.findIndex(({ kind }) => kind === 'config.reload@1');
    await killed(
      device,
      `apply camera -y --on-interrupt ${how}`,
      `kill@before-effect=${reload + 1}`,
    );
    expect(leases(device)[1]).toBe(before[1]);
    expect(leases(device)[0]).not.toBe(before[0]);
    expect(await device.json(['status'])).toMatchObject({ running: null, reloadsOwed: [] });
    const after = leases(device);
    expect(after[1]).toBe(after[0]);
    if (how === 'rollback') expect(after).toEqual(before);
    else expect(after[0]).not.toBe(before[0]);
    await expectSound(device);
  });
});

const WHY_NO_EXT4 = whyNoDisk('ext4');

describe
  .skipIf(WHY_NO_EXT4 !== null)
  .concurrent(`the power goes (${WHY_NO_EXT4 ?? 'ext4'})`, () => {
    test.each(['kill@before-effect', 'kill@effect', 'kill@append'])(
      '2: the power goes in the middle of writing a file (%s): it has its old bytes or its new ones',
      async (when) => {
        const device = await made();
        const disk = await SmallDisk.under(device, 'ext4', 24);
        await run(device, `apply ${network(device, 10)} -y`, 0);
        const [old] = leases(device, disk.path());
        const steps = await planOf(device, network(device, 40));
        const write = steps.findIndex(({ kind }) => kind === 'config.write@1') + 1;
        await killed(
          device,
          'apply camera -y',
          `${when}=${write + (when === 'kill@append' ? 4 : 0)}`,
        );
        disk.cutPower();
        device.endServices();
        await until(() => device.processes().length === 0);
        disk.mountAgain();
        const [found] = leases(device, disk.path());
        expect(found?.replace(',10,', ''), 'there is something').not.toBe('');
        expect(found === old || found?.includes('.40,') === true, found ?? 'nothing').toBe(true);
        expect(await device.json(['status'])).toMatchObject({ stuck: [], reloadsOwed: [] });
        const [written, running] = leases(device, disk.path());
        expect(written).not.toBe(null);
        expect(running).toBe(written);
        await expectSound(device);
        disk.release();
      },
    );
  });

/** A directory with a dnsmasq that does not know an option of the files it is shown: the real one says so. */
function olderDnsmasq(device: Device): string {
  const directory = join(device.home, 'older');
  mkdirSync(directory);
  const real = spawnSync('sh', ['-c', 'command -v dnsmasq'], { encoding: 'utf8' }).stdout.trim();
  const script = [
    '#!/bin/sh',
    'for file; do :; done',
    'echo option-of-tomorrow >> "$file"',
    `exec ${real} "$@"`,
  ];
  writeFileSync(join(directory, 'dnsmasq'), `${script.join('\n')}\n`, { mode: 0o755 });
  return directory;
}

test.skipIf(spawnSync('dnsmasq', ['--version']).status !== 0)(
  '7: dnsmasq would not start with an option: it is asked before anything is changed, and its words are told',
  async () => {
    const device = await made();
    await run(device, `apply ${network(device, 10)} -y`, 0);
    const before = leases(device);
    const { stateHash } = await statusOf(device);
    const path = `${olderDnsmasq(device)}:${process.env['PATH'] ?? ''}`;
    const words = ['apply', network(device, 40), '-y', '-o', 'json'];
    const { code, out, err } = await device.begin(words, { PATH: path }).ended;
    expect(code, err).toBe(4);
    const line = JSON.parse(out.trim().split('\n').at(-1) ?? '') as OutcomeLine;
    expect(line).toMatchObject({ outcome: 'reverted', failedStep: 'host/config.check' });
    expect(line.error?.message).toMatch(/dnsmasq says .+ line \d+ of host\/dnsmasq/);
    expect(leases(device)).toEqual(before);
    expect((await statusOf(device)).stateHash).toBe(stateHash);
  },
);
