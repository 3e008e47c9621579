import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  addressText,
  networkAround,
  networkAt,
  networkText,
  overlap,
  parseAddress,
  type Network,
} from '../../../src/core/allocate/ipv4.ts';
import {
  claimNetwork,
  freeNetwork,
  hostNetworks,
  lanAddress,
  requestedNetwork,
  subnetPool,
  type TakenNetwork,
} from '../../../src/core/allocate/subnets.ts';
import { HOST_CONFIG_DEFAULTS, type HostConfig } from '../../../src/core/network.ts';

const system = (given: Partial<HostConfig['system']>): HostConfig => ({
  ...HOST_CONFIG_DEFAULTS,
  system: { ...HOST_CONFIG_DEFAULTS.system, ...given },
});

const net = (text: string): Network => {
  const network = networkAround(text);
  if (!network) throw new Error(`no network: ${text}`);
  return network;
};

const held = (texts: readonly string[]): readonly TakenNetwork[] =>
  texts.map((text) => ({ ...net(text), holder: 'chute x' }));

type Answer = ReturnType<typeof freeNetwork>;
const told = (answer: Answer): string =>
  'network' in answer ? networkText(answer.network) : answer.refused.reason;

describe('ParaDrop: the pool', () => {
  test.each<[pool: string, uplink: readonly string[], expected: string]>([
    ['auto', ['192.168.1.20'], '10.128.0.0/9'],
    ['auto', ['10.1.2.3'], '192.168.128.0/17'],
    ['auto', ['10.1.2.3/24'], '192.168.128.0/17'],
    ['auto', [], '10.128.0.0/9'],
    ['auto', ['192.168.1.2', '10.9.9.9'], '192.168.128.0/17'],
    ['auto', ['110.1.2.3', '100.64.0.1'], '10.128.0.0/9'],
    ['10.5.0.0/16', ['10.1.2.3'], '10.5.0.0/16'],
  ])('%s with uplink %j is %s', (chuteSubnetPool, uplink, expected) => {
    expect(subnetPool(system({ chuteSubnetPool }), uplink)).toBe(expected);
  });

  test.each([
    ['192.168.1.20', '10.0.0.1'],
    ['10.42.0.20', '192.168.0.1'],
  ])('with uplink %s an automatic LAN has %s', (uplink, address) => {
    expect(lanAddress([uplink])).toBe(address);
  });
});

describe('ParaDrop: the choice', () => {
  test.each<[story: string, taken: readonly string[], pool: string, expected: string]>([
    ['the first is free', [], '10.128.0.0/9', '10.128.0.0/24'],
    ['a gap is reused', ['10.128.0.0/24', '10.128.2.0/24'], '10.128.0.0/9', '10.128.1.0/24'],
    ['a smaller one blocks all it lies in', ['10.128.0.64/28'], '10.128.0.0/9', '10.128.1.0/24'],
    ['a larger one blocks all in it', ['10.128.0.0/22'], '10.128.0.0/9', '10.128.4.0/24'],
    ['one outside the pool blocks nothing', ['172.20.0.0/16'], '10.128.0.0/9', '10.128.0.0/24'],
    [
      'order of the taken is nothing',
      ['10.128.1.0/24', '10.128.0.0/24'],
      '10.128.0.0/9',
      '10.128.2.0/24',
    ],
    [
      'one around the pool leaves nothing',
      ['10.0.0.0/8'],
      '10.128.0.0/9',
      'no /24 is free in the pool 10.128.0.0/9: 10.0.0.0/8 is taken by chute x',
    ],
    ['uplink in 10/8', [], '192.168.128.0/17', '192.168.128.0/24'],
    [
      'a pool of one, taken',
      ['10.5.0.0/24'],
      '10.5.0.0/24',
      'no /24 is free in the pool 10.5.0.0/24: 10.5.0.0/24 is taken by chute x',
    ],
    ['a pool of one, free', [], '10.5.0.0/24', '10.5.0.0/24'],
    [
      'a pool too small',
      [],
      '10.5.0.0/28',
      "the host's system.chutePrefixSize 24 is larger than its pool 10.5.0.0/28",
    ],
    ['no pool', [], 'much', "the host's system.chuteSubnetPool is no network: much"],
    [
      'a pool with host bits',
      [],
      '10.5.0.7/16',
      "the host's system.chuteSubnetPool is no network: 10.5.0.7/16",
    ],
    [
      'the end of all addresses',
      ['255.255.255.0/24'],
      '255.255.255.0/24',
      'no /24 is free in the pool 255.255.255.0/24: 255.255.255.0/24 is taken by chute x',
    ],
  ])('%s', (_story, taken, pool, expected) => {
    expect(told(freeNetwork(pool, 24, held(taken)))).toBe(expected);
  });

  test.each([
    ['172.20.5.0/24', '172.20.5.0/24'],
    ['172.20.5.0/255.255.255.0', '172.20.5.0/24'],
    ['172.20.5.4/30', '172.20.5.4/30'],
    ['172.20.5.7/24', '172.20.5.7/24 has host bits set'],
    ['172.20.5.0/31', '172.20.5.0/31 has no room for two hosts'],
    ['172.20.5.0', '172.20.5.0/32 has no room for two hosts'],
    ['172.20.5.0/33', '172.20.5.0/33 is no IPv4 network'],
    ['172.20.05.0/24', '172.20.05.0/24 is no IPv4 network'],
    ['fd00::/64', 'fd00::/64 is no IPv4 network'],
    ['127.0.0.0/24', '127.0.0.0/24 holds addresses that no host may have'],
    ['0.0.0.0/0', '0.0.0.0/0 holds addresses that no host may have'],
  ])('%s is asked for: %s', (text, expected) => {
    expect(told(requestedNetwork(text))).toBe(expected);
  });

  test.each([
    [['172.20.5.0/24'], '172.20.5.0/24 is taken by chute x'],
    [['172.20.0.0/16'], '172.20.5.0/24 is taken by chute x, as 172.20.0.0/16'],
    [['172.20.6.0/24'], '172.20.5.0/24'],
  ])('what overlaps %j is refused, naming who has it', (taken, expected) => {
    expect(told(claimNetwork(net('172.20.5.0/24'), held(taken)))).toBe(expected);
  });
});

test("the host's LAN, uplink and other addresses are taken, those we gave to chutes are not", () => {
  const port = { mac: '', bridged: false, role: 'free' } as const;
  const networks = hostNetworks(
    {
      radios: {},
      ports: {
        eth0: { ...port, role: 'wan', interface: 'eth0', addresses: ['10.0.0.7/16'] },
        eth1: { ...port, interface: 'eth1', addresses: ['10.128.3.1/24'] },
        eth2: { ...port, interface: 'eth2', addresses: ['172.16.0.1/12', 'fd00::1/64'] },
      },
      uplink: { interface: 'eth0', address: '10.0.0.7/16' },
    },
    {
      ...HOST_CONFIG_DEFAULTS,
      lan: { ...HOST_CONFIG_DEFAULTS.lan, ipaddr: '10.128.0.1', netmask: '255.255.255.0' },
    },
    new Set(['eth1']),
  );
  expect(networks.map((each) => `${networkText(each)} ${each.holder}`)).toEqual([
    "10.128.0.0/24 the host's LAN",
    '10.0.0.0/16 the uplink eth0',
    '10.0.0.0/16 the uplink eth0',
    '172.16.0.0/12 port eth2 of the host',
  ]);
  expect(told(freeNetwork('10.128.0.0/9', 24, networks))).toBe('10.128.1.0/24');
});

const network = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 10 - 1 }), fc.integer({ min: 22, max: 30 }))
  .map(([offset, prefix]) => networkAt((parseAddress('10.5.0.0') ?? 0) + offset * 4, prefix));

test('what is chosen is the lowest that overlaps nothing', () => {
  fc.assert(
    fc.property(
      fc.array(network, { maxLength: 12 }),
      fc.integer({ min: 22, max: 30 }),
      (taken, prefix) => {
        const pool = net('10.5.0.0/21');
        const answer = freeNetwork(
          networkText(pool),
          prefix,
          taken.map((each) => ({ ...each, holder: 'x' })),
        );
        const all = Array.from({ length: 2 ** (prefix - 21) }, (_, at) =>
          networkAt(pool.first + at * 2 ** (32 - prefix), prefix),
        );
        const lowest = all.find((each) => !taken.some((other) => overlap(each, other)));
        expect('network' in answer ? answer.network : undefined).toEqual(lowest);
      },
    ),
  );
});

test('an address is read as it is written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (address) => {
      expect(parseAddress(addressText(address))).toBe(address);
    }),
  );
  expect(['1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.-4', '', 'a.b.c.d'].map(parseAddress)).toEqual(
    Array<null>(6).fill(null),
  );
});
