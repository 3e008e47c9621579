import { describe, expect, test } from 'vitest';

import { allocate, allocated, ap, given, refusedFor, request } from './allocation-model.ts';

const AT = '/services/main/interfaces';

describe('several chutes in one update', () => {
  test('have nothing in common', () => {
    const results = allocate([request('b', { wlan0: ap('b') }), request('a', { wlan0: ap('a') })]);
    expect(results).toMatchObject({
      a: { interfaces: { wlan0: { subnet: '10.128.0.0/24', device: 'w0' } } },
      b: { interfaces: { wlan0: { subnet: '10.128.1.0/24', device: 'w0' } } },
    });
  });

  test('do not take what a later one keeps or names', () => {
    const kept = {
      wlan0: given({ subnet: '10.128.0.0/24', wireless: { ssid: 'z', encryption: 'none' } }),
    };
    const results = allocate([
      request('a', { wlan0: ap('a') }),
      request('y', { wlan0: ap('y', { ipv4_network: '10.128.1.0/24' }) }),
      request('z', { wlan0: ap('z') }, kept),
    ]);
    expect(results).toMatchObject({
      a: { interfaces: { wlan0: { subnet: '10.128.2.0/24' } } },
      y: { interfaces: { wlan0: { subnet: '10.128.1.0/24' } } },
      z: { interfaces: { wlan0: { subnet: '10.128.0.0/24' } } },
    });
  });

  test('the second is refused what the first has', () => {
    const vlan = { v: { type: 'vlan', 'vlan-id': 7 } };
    expect(refusedFor([request('b', vlan), request('a', vlan)], 'b')).toEqual([
      `${AT}/v/vlan-id: cannot give interface v of b vlan 7: br-lan.7 is taken by interface v of a`,
    ]);
  });

  test('ParaDrop: what a stopped one had is free', () => {
    const interfaces = { v: { type: 'vlan', 'vlan-id': 5 }, w: ap('x') };
    const first = allocated([request('a', interfaces)], 'a');
    expect(refusedFor([request('b', interfaces)], 'b', { held: { a: first } })).toHaveLength(2);
    expect(allocated([request('b', interfaces)], 'b')).toMatchObject({
      v: { outside: 'br-lan.5', subnet: first['v']?.subnet },
      w: { subnet: first['w']?.subnet },
    });
  });
});
