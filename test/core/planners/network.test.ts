import { describe, expect, test } from 'vitest';

import type { Definition } from '../../../src/core/chute.ts';
import type { HostFacts } from '../../../src/core/facts.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { NO_NETWORK } from '../../../src/core/network.ts';
import { ask, definition, planned, refusalsOf, service } from '../plan-model.ts';

const PORT = {
  interface: 'eth2',
  mac: '02:00:00:00:00:12',
  role: 'free',
  bridged: false,
  addresses: [],
} as const;
const BRIDGED = {
  ...PORT,
  interface: 'eth3',
  mac: '02:00:00:00:00:13',
  role: 'lan',
  bridged: true,
} as const;
const network = {
  ...NO_NETWORK,
  ports: { eth2: PORT, eth3: BRIDGED },
  uplink: { interface: 'eth0', address: '203.0.113.20/24' },
};

const chute = (given: JsonObject, firewall: Definition['firewall'] = {}): Definition =>
  definition({ services: { main: service({ interfaces: { net: given } }) }, firewall });

const VLAN = chute({ type: 'vlan', 'vlan-id': 7 });
const vlanOn = (host: HostFacts['host'], capabilities: HostFacts['capabilities'] = []) =>
  planned([ask('apply', VLAN)], { facts: { network, host, capabilities } });

describe('a vlan', () => {
  test('is refused where the kernel in use knows none', () => {
    expect(vlanOn('linux')).toMatchObject({
      refusals: [
        {
          module: 'struct',
          code: 'RIPCORD_RESOURCE_MISSING',
          message: 'cannot give interface net of hello a VLAN: the kernel of this host knows none',
          path: '/services/main/interfaces/net/type',
        },
      ],
    });
  });

  test.each(['render', 'uci'] as const)('is warned of where %s only writes it', (host) => {
    expect(vlanOn(host)).toMatchObject({
      warnings: [{ module: 'struct', path: '/services/main/interfaces/net/type' }],
    });
  });

  test.each(['render', 'linux'] as const)('is nothing special on %s with the module', (host) => {
    expect(vlanOn(host, ['vlan'])).toMatchObject({ warnings: [] });
  });

  test('of a host without the bridge it belongs to is warned of', () => {
    const bare = { ...network, ports: { eth2: PORT } };
    const facts = { network: bare, host: 'render', capabilities: ['vlan'] } as const;
    expect(planned([ask('apply', VLAN)], { facts })).toMatchObject({
      warnings: [{ message: expect.stringContaining('br-lan, and this host has none') }],
    });
  });
});

describe('a bridge on layer 3', () => {
  test.each(['lan', 'wan', 'eth2'])('goes to %s', (l3bridge) => {
    const asked = chute({ type: 'vlan', 'vlan-id': 7, l3bridge });
    expect(refusalsOf([ask('apply', asked)], { facts: { network } })).toEqual([]);
  });

  test('to a network that is not there is refused with those that are', () => {
    const asked = chute({ type: 'vlan', 'vlan-id': 7, l3bridge: 'guests' });
    expect(refusalsOf([ask('apply', asked)], { facts: { network } })).toMatchObject([
      {
        module: 'struct',
        message:
          'cannot plan hello: l3bridge of interface net names no network of this host: guests',
        path: '/services/main/interfaces/net/l3bridge',
        hint: 'known are lan, wan, eth2, eth3',
      },
    ]);
  });
});

describe('a redirect', () => {
  const refused = (from: string, to: string) =>
    refusalsOf([ask('apply', chute({ type: 'lan' }, { web: { type: 'redirect', from, to } }))], {
      facts: { network },
    });

  test('that cannot be is refused by traffic', () => {
    expect(refused('@host.lan:80', 'missing:80')).toMatchObject([
      { module: 'traffic', path: '/firewall/web/to' },
    ]);
  });

  test('of a port that its update gives to another chute is refused', () => {
    const port = { '9000/tcp': { internal: 9000 } };
    const other = definition({ name: 'a', services: { main: service({ ports: port }) } });
    const rule = { type: 'redirect', from: '@host.lan:9000', to: 'net:80' };
    const both = [ask('apply', chute({ type: 'lan' }, { web: rule })), ask('apply', other)];
    expect(refusalsOf(both, { facts: { network } })).toMatchObject([
      { chute: 'hello', module: 'traffic', code: 'RIPCORD_PORT_TAKEN' },
    ]);
  });
});
