import { expect, test } from 'vitest';

import type { InterfaceAllocation, NetworkPlan } from '../../../src/core/network.ts';
import { air, given, mark, planFor, planOf } from './plans.ts';
import { renderHost } from './whole-files.ts';

const wlan = (more: Partial<InterfaceAllocation>): NetworkPlan =>
  planFor(given(0, { inside: 'wlan0', outside: 'vwlan0000', ...more }));

const dhcp = { leasetime: '12h', start: 4, limit: 250, dns: [], relay: [] };

const aps = (count: number): NetworkPlan =>
  planOf({
    many: {
      redirects: [],
      interfaces: Object.fromEntries(
        Array.from({ length: count }, (_, n) => [
          `w${n}`,
          given(n, { inside: `w${n}`, outside: `vwlan000${n}` }),
        ]),
      ),
    },
  });

test.each<[string, NetworkPlan, string]>([
  ['a key in plain text', wlan({ wireless: air({ key: 'hunter22' }) }), 'not kept as a secret'],
  ['psk2 without a key', wlan({ wireless: { ssid: 'x', encryption: 'psk2' } }), 'psk2 needs a key'],
  ['an unknown encryption', wlan({ wireless: air({ encryption: 'wep\nx' }) }), 'no encryption'],
  ['wpa2 without a server', wlan({ wireless: air({ encryption: 'wpa2' }) }), 'needs auth_server'],
  [
    'an ssid of 33 bytes',
    wlan({ wireless: air({ ssid: 'é'.repeat(17) }) }),
    '1 to 32 bytes, not 34',
  ],
  ['a nasid of two lines', wlan({ wireless: air({ nasid: 'a\nb=c' }) }), 'cannot be a nasid'],
  ['a nasid like a token', wlan({ wireless: air({ nasid: '{{root}}' }) }), 'cannot be a nasid'],
  [
    'a server that is a name',
    wlan({ wireless: air({ acctServer: 'r.example', acctSecret: mark('d') }) }),
    'not an address',
  ],
  [
    'a server without a secret',
    wlan({ wireless: air({ acctServer: '10.0.0.9' }) }),
    'needs acct_secret',
  ],
  [
    'a name server of two lines',
    wlan({ dhcp: { ...dhcp, dns: ['1.1.1.1\nport=0'] } }),
    'not an address',
  ],
  [
    'a lease time of two lines',
    wlan({ dhcp: { ...dhcp, leasetime: '1h\nx' } }),
    'not a lease time',
  ],
  [
    'a range that leaves the network',
    wlan({ dhcp: { ...dhcp, start: 100, limit: 200 } }),
    'is not in its network',
  ],
  [
    'neither range nor relay',
    wlan({ dhcp: { dns: [], relay: [] } }),
    'neither a range nor a relay',
  ],
  ['an address outside its network', wlan({ hostAddress: '10.9.0.1' }), 'is not in 10.128.0.0/24'],
  ['a name that is none', wlan({ outside: 'a"; x' }), 'not a name for an interface'],
  ['a name that is a pattern', wlan({ outside: 'vwlan*' }), 'not a name for an interface'],
  ['a name of the host itself', wlan({ outside: 'br-lan' }), 'the host has br-lan already'],
  ['an access point without a radio', wlan({ device: null }), 'was given no radio'],
  ['a VLAN of no number', wlan({ kind: 'vlan', vlanId: 4095 }), '4095 is not a VLAN id'],
  ['more than eight access points', aps(9), '9 access points are more than 8'],
  [
    'a monitor beside an access point',
    planOf({
      hello: {
        redirects: [],
        interfaces: {
          a: given(0, { inside: 'a', outside: 'vwlan0001' }),
          m: given(1, { inside: 'm', outside: 'mon0', kind: 'wifi-monitor' }),
        },
      },
    }),
    'hello/m needs it for itself, hello/a is on it',
  ],
])('%s is refused', (_, plan, reason) => {
  expect(() => renderHost(plan, { host: 'linux' })).toThrow(
    expect.objectContaining({
      code: 'RIPCORD_PLAN_INVALID',
      message: expect.stringMatching(/^cannot render /),
    }),
  );
  expect(() => renderHost(plan, { host: 'linux' })).toThrow(reason);
});

test('eight access points share a radio', () => {
  const content = renderHost(aps(8), { host: 'linux' })['host/hostapd/pci-wifi-0.conf']?.content;
  expect(content?.match(/^interface=|^bss=/gm)).toEqual(['interface=', ...Array(7).fill('bss=')]);
});

test('a refusal does not tell the key that it refuses', () => {
  const plan = wlan({ wireless: air({ key: 'hunter22' }) });
  expect(() => renderHost(plan, { host: 'uci' })).toThrow(/^(?!.*hunter22)/);
});

test('OpenWrt gets no name with a control character: it would be a new setting there', () => {
  const plan = wlan({ wireless: air({ ssid: 'a\nb' }) });
  expect(() => renderHost(plan, { host: 'uci' })).toThrow('holds a control character');
  expect(renderHost(plan, { host: 'linux' })['host/hostapd/pci-wifi-0.conf']?.content).toContain(
    'ssid2=610a62\n',
  );
});
