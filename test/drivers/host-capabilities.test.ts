import { release } from 'node:os';
import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { findTool, observeCapabilities } from '../../src/drivers/host-capabilities.ts';
import { openKernel } from '../../src/drivers/host-kernel.ts';
import { PaperHost } from './paper-host.ts';

const VLAN = { module: '8021q', option: 'VLAN_8021Q', sign: 'proc/net/vlan' };
const MODULES = 'lib/modules/6.1.0';
const config = (text: string): Buffer => gzipSync(`#\n# Kernel\n#\n${text}\n`);

test.each<{ name: string; host: () => PaperHost; is: string }>([
  { name: 'loaded', host: () => new PaperHost().directory('sys/module/8021q'), is: 'there' },
  { name: 'in use', host: () => new PaperHost().directory('proc/net/vlan'), is: 'there' },
  {
    name: 'loadable',
    host: () =>
      new PaperHost().file(
        `${MODULES}/modules.dep`,
        'kernel/net/8021q/8021q.ko.xz: kernel/mrp.ko.xz\n',
      ),
    is: 'there',
  },
  {
    name: 'built in, by the list',
    host: () => new PaperHost().file(`${MODULES}/modules.builtin`, 'kernel/net/8021q/8021q.ko\n'),
    is: 'there',
  },
  {
    name: 'built in, by the configuration in /proc',
    host: () => new PaperHost().file('proc/config.gz', config('CONFIG_VLAN_8021Q=y')),
    is: 'there',
  },
  {
    name: 'built in, by the configuration in /boot',
    host: () => new PaperHost().file('boot/config-6.1.0', 'CONFIG_VLAN_8021Q=y\n'),
    is: 'there',
  },
  {
    name: 'left out of the configuration',
    host: () => new PaperHost().file('proc/config.gz', config('# CONFIG_VLAN_8021Q is not set')),
    is: 'missing',
  },
  {
    name: 'left out of the list',
    host: () =>
      new PaperHost().file(`${MODULES}/modules.dep`, 'kernel/x.ko: kernel/net/8021q.ko\n'),
    is: 'missing',
  },
  {
    name: 'a module that nobody lists',
    host: () => new PaperHost().file('proc/config.gz', config('CONFIG_VLAN_8021Q=m')),
    is: 'unknown',
  },
  { name: 'a kernel that tells nothing', host: () => new PaperHost(), is: 'unknown' },
])('a part of the kernel that is $name is $is', ({ host, is }) => {
  expect(openKernel(host(), '6.1.0')(VLAN)).toBe(is);
});

const CGROUP_1 = `30 29 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
31 29 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 29 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;
const CGROUP_2 = '30 29 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n';
const unified = (controllers: string, control: string): PaperHost =>
  new PaperHost()
    .file('proc/self/mountinfo', CGROUP_2)
    .file('sys/fs/cgroup/cgroup.controllers', `${controllers}\n`)
    .file('sys/fs/cgroup/cgroup.subtree_control', `${control}\n`);

test.each<{ name: string; host: () => PaperHost; has: readonly string[] }>([
  { name: 'nothing', host: () => new PaperHost(), has: [] },
  {
    name: 'cgroup v1',
    host: () =>
      new PaperHost()
        .file('proc/self/mountinfo', CGROUP_1)
        .directory('sys/fs/cgroup/cpu,cpuacct')
        .directory('sys/fs/cgroup/memory'),
    has: ['cpu-shares', 'memory-limit'],
  },
  {
    name: 'cgroup v1 without memory',
    host: () =>
      new PaperHost()
        .file('proc/self/mountinfo', CGROUP_1.replace(/^31.*\n/m, ''))
        .directory('sys/fs/cgroup/cpu,cpuacct'),
    has: ['cpu-shares'],
  },
  {
    name: 'a v1 mount whose directory is not there',
    host: () => new PaperHost().file('proc/self/mountinfo', CGROUP_1),
    has: [],
  },
  {
    name: 'cgroup v2',
    host: () => unified('cpuset cpu memory', ''),
    has: ['cpu-shares', 'memory-limit'],
  },
  { name: 'cgroup v2 without memory', host: () => unified('cpuset cpu', ''), has: ['cpu-shares'] },
  { name: 'cgroup v2 without controllers', host: () => unified('', ''), has: [] },
  {
    name: 'directories without a mount',
    host: () => new PaperHost().directory('sys/fs/cgroup/cpu').directory('sys/fs/cgroup/memory'),
    has: [],
  },
  {
    name: 'tools',
    host: () =>
      new PaperHost()
        .file('usr/sbin/hostapd', '#!/bin/sh\n', 0o755)
        .file('sbin/dnsmasq', '', 0o755),
    has: ['dnsmasq', 'hostapd'],
  },
  {
    name: 'nft on a kernel without nf_tables',
    host: () =>
      new PaperHost()
        .file('usr/sbin/nft', '', 0o755)
        .file('proc/config.gz', config('# CONFIG_NF_TABLES is not set')),
    has: [],
  },
  {
    name: 'nft, a bridge and VLANs',
    host: () =>
      new PaperHost()
        .file('usr/sbin/nft', '', 0o755)
        .file(`lib/modules/${release()}/modules.builtin`, '/nf_tables.ko\n/bridge.ko\n/8021q.ko\n'),
    has: ['bridge', 'nftables', 'vlan'],
  },
  {
    name: 'the socket of docker',
    host: () => new PaperHost().file('var/run/docker.sock', ''),
    has: ['docker'],
  },
])('$name gives $has', ({ host, has }) => {
  expect(observeCapabilities({ radios: {} }, host())).toEqual(has);
});

test('a radio gives wifi', () => {
  const radio = { id: 'pci-wifi-0', mac: '', phy: 'phy0', interface: 'wlan0' };
  const radios = {
    'pci-wifi-0': { ...radio, modes: null, hwmodes: null, configured: {}, hostAccessPoints: 0 },
  };
  expect(observeCapabilities({ radios }, new PaperHost())).toEqual(['wifi']);
});

test('a directory of that name is no tool', () => {
  expect(findTool('nft', new PaperHost().directory('usr/sbin/nft'))).toBeNull();
});
