import { describe, expect, test } from 'vitest';

import type { HostConfig } from '../../../src/core/network.ts';
import { allocate, allocated, ap, given, refusedFor, request } from './allocation-model.ts';
import { facts, host, MONITORS_ALLOWED, port, radio, ROUTER } from './host-model.ts';

const AT = '/services/main/interfaces';
const system = (changed: Partial<HostConfig['system']>): HostConfig =>
  host({ system: { ...host().system, ...changed } });

describe('an interface is given all it needs', () => {
  test('an access point', () => {
    const { wlan0 } = allocated([request('c', { wlan0: ap('x', { l3bridge: 'lan' }) })], 'c');
    expect(wlan0).toEqual({
      kind: 'wifi-ap',
      service: 'main',
      inside: 'wlan0',
      outside: expect.stringMatching(/^vwlan[0-9a-f]{4}$/),
      device: 'w0',
      radio: {},
      vlanId: null,
      subnet: '10.128.0.0/24',
      hostAddress: '10.128.0.1',
      chuteAddress: '10.128.0.2',
      wireless: { ssid: 'x', encryption: 'none' },
      dhcp: { leasetime: '12h', start: 10, limit: 100, dns: [], relay: [] },
      l3bridge: 'lan',
    });
  });

  test.each([
    ['10.9.0.0/30', '10.9.0.1', '10.9.0.2'],
    ['172.20.5.128/25', '172.20.5.129', '172.20.5.130'],
  ])('ParaDrop: addresses in %s', (ipv4_network, hostAddress, chuteAddress) => {
    const { lan0 } = allocated([request('c', { lan0: { type: 'lan', ipv4_network } })], 'c');
    expect(lan0).toMatchObject({ subnet: ipv4_network, hostAddress, chuteAddress });
  });

  test('stations, monitors, ports and vlans have the names of what they are', () => {
    const interfaces = {
      lan0: { type: 'lan' },
      mon0: { type: 'wifi-monitor' },
      sta0: { type: 'wifi-sta', wireless: { ssid: 'there' } },
      vlan0: { type: 'vlan', 'vlan-id': 5 },
    };
    const all = allocated([request('c', interfaces)], 'c', { host: MONITORS_ALLOWED });
    expect(
      Object.values(all).map((each) => [each.inside, each.outside, each.device, each.subnet]),
    ).toEqual([
      ['lan0', 'eth1', 'eth1', '10.128.0.0/24'],
      ['mon0', 'wlan-w0', 'w0', null],
      ['sta0', 'wlan-w1', 'w1', '10.128.1.0/24'],
      ['vlan0', 'br-lan.5', null, '10.128.2.0/24'],
    ]);
    expect(all['vlan0']).toMatchObject({ vlanId: 5, chuteAddress: '10.128.2.2' });
  });

  test('relays have the address of the host', () => {
    const { wlan0 } = allocated(
      [request('c', { wlan0: ap('x', { dhcp: { relay: '1.2.3.4' } }) })],
      'c',
    );
    expect(wlan0?.dhcp).toEqual({ dns: [], relay: ['10.128.0.1,1.2.3.4'] });
  });

  test('the uplink decides where the pool is', () => {
    const uplink = { interface: 'eth0', address: '10.0.0.7/16' };
    const on = { ...ROUTER, uplink, ports: { eth0: port('eth0', { role: 'wan' }) } };
    const { wlan0 } = allocated([request('c', { wlan0: ap('x') })], 'c', { facts: on });
    expect(wlan0?.subnet).toBe('192.168.128.0/24');
  });

  test('what is chosen for an open radio is recorded', () => {
    const on = facts([radio('w0', { hwmodes: ['11a', '11g'] })]);
    const requirements = { hwmode: '11g' };
    const interfaces = { a: ap('x', { requirements }), b: ap('y') };
    const all = allocated([request('c', interfaces)], 'c', { facts: on });
    expect([all['a']?.radio, all['b']?.radio]).toEqual([{ hwmode: '11g' }, {}]);
  });
});

describe('a chute is refused', () => {
  test('a monitor where the host does not allow it', () => {
    const answer = allocate([request('c', { mon0: { type: 'wifi-monitor' } })])['c'];
    expect(answer).toEqual({
      refusals: [
        {
          code: 'RIPCORD_MONITOR_DISALLOWED',
          message:
            "cannot give interface mon0 of c a radio for itself as a monitor: the host's system.allowMonitorMode is false",
          path: `${AT}/mon0/type`,
          hint: expect.stringContaining('allowMonitorMode: true'),
        },
      ],
    });
  });

  test.each([
    [
      'by another chute',
      {},
      { b: { v: given({ kind: 'vlan', inside: 'v', vlanId: 5, device: null, subnet: null }) } },
      'interface v of b',
    ],
    ['by the host', { vlanInterfaces: [{ id: '5' }] }, {}, 'the host'],
  ])('a vlan that is taken %s', (_story, config, held, holder) => {
    const asked = request('c', { vlan0: { type: 'vlan', 'vlan-id': 5 } });
    expect(refusedFor([asked], 'c', { host: host(config), held })).toEqual([
      `${AT}/vlan0/vlan-id: cannot give interface vlan0 of c vlan 5: br-lan.5 is taken by ${holder}`,
    ]);
  });

  test('one vlan for two of its interfaces', () => {
    const vlan = { type: 'vlan', 'vlan-id': 5 };
    expect(refusedFor([request('c', { a: vlan, b: vlan })], 'c')).toEqual([
      `${AT}/b/vlan-id: cannot give interface b of c vlan 5: br-lan.5 is taken by interface a of the same chute`,
    ]);
  });

  test.each([
    ['by another chute', host(), { b: { wlan0: given() } }, 'interface wlan0 of b'],
    ['by the host', host({ wifiInterfaces: [{ device: 'w1', ssid: 'x' }] }), {}, 'the host'],
  ])('an ssid that is taken %s', (_story, config, held, holder) => {
    expect(refusedFor([request('c', { wlan0: ap('x') })], 'c', { host: config, held })).toEqual([
      `${AT}/wlan0/wireless/ssid: cannot give interface wlan0 of c the ssid "x": it is that of ${holder}`,
    ]);
  });

  test('a network that is taken, naming who has it', () => {
    const asked = request('c', { wlan0: ap('y', { ipv4_network: '10.128.0.0/16' }) });
    expect(refusedFor([asked], 'c', { held: { b: { wlan0: given() } } })).toEqual([
      `${AT}/wlan0/ipv4_network: cannot give interface wlan0 of c a network: 10.128.0.0/16 is taken by wlan0 of b, as 10.128.0.0/24`,
    ]);
  });

  test('no more networks, and a pool that is none', () => {
    const asked = request('c', { wlan0: ap('y') });
    const held = { b: { wlan0: given() } };
    const refused = (chuteSubnetPool: string): readonly string[] =>
      refusedFor([asked], 'c', { held, host: system({ chuteSubnetPool }) });
    expect(refused('10.128.0.0/24')).toEqual([
      `${AT}/wlan0: cannot give interface wlan0 of c a network: no /24 is free in the pool 10.128.0.0/24: 10.128.0.0/24 is taken by wlan0 of b`,
    ]);
    expect(refused('10.128.0.0/28')).toEqual([
      `${AT}/wlan0: cannot give interface wlan0 of c a network: the host's system.chutePrefixSize 24 is larger than its pool 10.128.0.0/28`,
    ]);
  });

  test('a range that its network does not hold', () => {
    const dhcp = { leasetime: '1h', start: 10, limit: 100 };
    const asked = request('c', { wlan0: ap('y', { dhcp, ipv4_network: '10.7.0.0/28' }) });
    expect(refusedFor([asked], 'c')).toEqual([
      `${AT}/wlan0/dhcp/limit: cannot plan c: dhcp.limit of interface wlan0 is 100 from 10: the range ends outside 10.7.0.0/28`,
    ]);
  });

  test.each([
    ['there is none', facts(), {}, 'RIPCORD_RESOURCE_MISSING', 'this host has no radio'],
    [
      'none can',
      facts([radio('w0', { modes: ['sta'] })]),
      {},
      'RIPCORD_RESOURCE_MISSING',
      'w0 cannot be an access point',
    ],
    [
      'all are taken',
      facts([radio('w0')]),
      { b: { s: given({ kind: 'wifi-sta', inside: 's' }) } },
      'RIPCORD_RESOURCE_TAKEN',
      'w0 is a station of s of b',
    ],
  ])('a radio: %s', (_story, on, held, code, reason) => {
    expect(allocate([request('c', { wlan0: ap('y') })], { facts: on, held })['c']).toMatchObject({
      refusals: [
        { code, message: `cannot give interface wlan0 of c a radio as an access point: ${reason}` },
      ],
    });
  });

  test('for everything at once', () => {
    const interfaces = {
      a: ap('x'),
      b: { type: 'wifi-monitor' },
      c: { type: 'lan', ipv4_network: '192.168.1.0/24' },
      d: { type: 'vlan' },
    };
    const refused = refusedFor([request('c', interfaces)], 'c', {
      held: { b: { wlan0: given() } },
    });
    expect(refused.map((each) => each.split(': ')[0])).toEqual([
      `${AT}/d/vlan-id`,
      `${AT}/a/wireless/ssid`,
      `${AT}/b/type`,
      `${AT}/c/ipv4_network`,
    ]);
  });
});

describe('what the applied version has', () => {
  const before = {
    wlan0: given({ device: 'w1', outside: 'vwlan1234', subnet: '10.200.7.0/24' }),
  };

  test('is kept', () => {
    const again = allocated([request('c', { wlan0: ap('new') }, before)], 'c');
    expect(again['wlan0']).toMatchObject({
      device: 'w1',
      outside: 'vwlan1234',
      subnet: '10.200.7.0/24',
      chuteAddress: '10.200.7.2',
    });
  });

  test('is kept though the host was seen to have it', () => {
    const seen = port('vwlan1234', { addresses: ['10.200.7.1/24'] });
    const on = { ...ROUTER, ports: { ...ROUTER.ports, vwlan1234: seen } };
    const again = allocated([request('c', { wlan0: ap('new') }, before)], 'c', { facts: on });
    expect(again['wlan0']).toMatchObject({ outside: 'vwlan1234', subnet: '10.200.7.0/24' });
  });

  test.each([
    [
      'its range fits no more',
      ap('x', { dhcp: { leasetime: '1h', start: 10, limit: 200 } }),
      '10.200.7.0/25',
      '10.128.0.0/24',
    ],
    [
      'another is asked for',
      ap('x', { ipv4_network: '10.7.0.0/24' }),
      '10.200.7.0/24',
      '10.7.0.0/24',
    ],
    ['the uplink came to be there', ap('x'), '192.168.1.0/24', '10.128.0.0/24'],
  ])('goes when %s', (_story, asked, subnet, expected) => {
    const had = { wlan0: given({ subnet }) };
    expect(allocated([request('c', { wlan0: asked }, had)], 'c')['wlan0']?.subnet).toBe(expected);
  });

  test('goes to another interface that asks for it by name', () => {
    const interfaces = { a: ap('x'), b: ap('y', { ipv4_network: '10.200.7.0/24' }) };
    const had = { a: given({ inside: 'a', subnet: '10.200.7.0/24' }) };
    const all = allocated([request('c', interfaces, had)], 'c');
    expect([all['a']?.subnet, all['b']?.subnet]).toEqual(['10.128.0.0/24', '10.200.7.0/24']);
  });

  test('is another’s when the chute lets go', () => {
    const on = facts([], [port('eth1', { role: 'lan', addresses: ['10.128.0.1/24'] })]);
    const had = { lan0: given({ kind: 'lan', inside: 'lan0', outside: 'eth1', device: 'eth1' }) };
    const results = allocate(
      [
        request('a', {}, had),
        request('b', { v: { type: 'vlan', 'vlan-id': 1, ipv4_network: '10.128.0.0/24' } }),
      ],
      { facts: on },
    );
    expect(results).toMatchObject({
      a: { interfaces: {} },
      b: { interfaces: { v: { subnet: '10.128.0.0/24' } } },
    });
  });
});
