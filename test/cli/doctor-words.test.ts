import { describe, expect, test } from 'vitest';

import { mebibytes } from '../../src/cli/doctor/finding.ts';
import { lookAtHost, lookAtNetwork, lookAtWifi } from '../../src/cli/doctor/look-host.ts';
import { readFacts } from '../../src/cli/facts-file.ts';
import type { HostFacts } from '../../src/core/facts.ts';

const told = (facts: HostFacts): readonly string[] =>
  [...lookAtHost(facts), ...lookAtNetwork(facts), ...lookAtWifi(facts)].map(
    ({ verdict, text }) => `${verdict}: ${text}`,
  );
const exampleFacts = (name: string): Promise<HostFacts> =>
  readFacts(`docs/examples/facts/${name}.json`);

describe('what doctor says', () => {
  test('of a router with two radios', async () => {
    expect(told(await exampleFacts('two-radio-router'))).toEqual([
      'good: two-radio-router: 2 cpus, 512 MiB memory, runtime process',
      'good: cpu shares (a cgroup of the cpu controller is writable)',
      'good: memory limits (a cgroup of the memory controller is writable)',
      'odd: docker: its socket is not there for this user, services run as processes',
      'good: uplink eth0 203.0.113.20/24',
      "good: port eth1 of the host, in the host's bridge (192.168.1.1/24)",
      'good: port eth2 free for a chute',
      'good: bridges',
      'good: VLANs (8021q)',
      'good: nftables',
      'good: radio pci-wifi-0 (phy0, wlan0): ap monitor sta, 11g, at most 8 access points, 1 of the host, set to hwmode 11g channel 6',
      'good: radio pci-wifi-1 (phy1, wlan1): ap monitor sta, 11a, at most 8 access points, set to hwmode 11a channel 36',
    ]);
  });

  test('of a board that lacks something is what that means for chutes', async () => {
    const lines = told(await exampleFacts('small-board'));
    expect(lines.filter((line) => line.startsWith('bad: '))).toEqual([
      expect.stringMatching(/^bad: cpu-shares: .* planned and not enforced$/),
      expect.stringMatching(/^bad: memory-limit: .* are refused$/),
      expect.stringMatching(/^bad: vlan: .* cannot be brought up here$/),
    ]);
    expect(lines).toContain('odd: no free port: chutes with an interface of type lan are refused');
  });

  test('of a host without radio, uplink or kernel', async () => {
    const facts = await exampleFacts('no-radio-box');
    const network = { radios: {}, ports: {}, uplink: null };
    const bare = { ...facts, network, capabilities: [], portsTaken: { '80/tcp': 'lighttpd' } };
    expect(told(bare).filter((line) => !line.startsWith('good: '))).toHaveLength(9);
    expect(told(bare)).toContain('good: ports that others listen on: 80/tcp (lighttpd)');
  });

  test('of a radio that nobody could ask', async () => {
    const facts = await exampleFacts('small-board');
    const [radio] = Object.values(facts.network.radios);
    expect(radio).toBeDefined();
    if (!radio) return;
    const radios = { [radio.id]: { ...radio, modes: null, hwmodes: null } };
    expect(told({ ...facts, network: { ...facts.network, radios } })).toContain(
      'odd: modes and bands of sdio-wifi-0 are unknown without iw: hwmode and channel cannot be required of it',
    );
  });
});

test.each([
  [0, '0 MiB'],
  [1023, '1023 MiB'],
  [1536, '1.5 GiB'],
  [80_000, '78 GiB'],
  [3 * 1024 * 1024, '3.0 TiB'],
])('%i MiB is %s', (size, text) => {
  expect(mebibytes(size)).toBe(text);
});
