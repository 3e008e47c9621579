import { expect, test } from 'vitest';

import { observeNetwork } from '../../src/drivers/network.ts';
import { PaperHost } from './paper-host.ts';

const DEFAULT = '00000000 00000000';

const observed = (host: PaperHost, addresses: Record<string, readonly string[]> = {}) =>
  observeNetwork(host, addresses, () => null);

test.each([
  { name: 'eth0', is: true },
  { name: 'enp3s0', is: true },
  { name: 'lan1', is: true },
  { name: 'wan', is: true },
  { name: 'lo', is: false },
  { name: 'eth0.5', is: false },
  { name: 'veth12ab', is: false },
  { name: 'br-lan', is: false },
  { name: 'br0', is: false },
  { name: 'docker0', is: false },
  { name: 'sit0', is: false },
  { name: 'tun0', is: false },
  { name: 'virbr0', is: false },
])('$name is a device: $is', ({ name, is }) => {
  const { ports } = observed(new PaperHost().port(name));
  expect(Object.keys(ports)).toEqual(is ? [name] : []);
});

test('what has another type than Ethernet, or is no interface at all, is no port', () => {
  const host = new PaperHost().port('can0', '', '280').file('sys/class/net/bonding_masters', '');
  expect(observed(host).ports).toEqual({});
});

test.each([
  { what: 'a macvlan, whatever it is called', device: 'virtual/net/lan9', ports: ['eth0'] },
  { what: 'a port of a switch', device: 'platform/switch/net/lan9', ports: ['eth0', 'lan9'] },
])('$what on eth0 leaves $ports', ({ device, ports }) => {
  const host = new PaperHost().port('eth0');
  host.file(`sys/devices/${device}/type`, '1').link('sys/class/net/lan9', `sys/devices/${device}`);
  host.link(`sys/devices/${device}/lower_eth0`, 'sys/class/net/eth0');
  expect(Object.keys(observed(host).ports)).toEqual(ports);
});

test('tells the uplink by the default route, and of several takes the nearest', () => {
  const host = new PaperHost().port('eth0').port('eth1').port('eth2');
  host.routes(`eth2 ${DEFAULT} 600`, `eth0 ${DEFAULT} 100`, 'eth1 0001A8C0 00FFFFFF');
  const { uplink, ports } = observed(host, {
    eth0: ['203.0.113.7/24', '203.0.113.8/24'],
    eth1: ['192.168.1.1/24'],
  });
  expect(uplink).toEqual({ interface: 'eth0', address: '203.0.113.7/24' });
  const roles = Object.values(ports).map((port) => [port.interface, port.role]);
  expect(roles).toEqual([
    ['eth0', 'wan'],
    ['eth1', 'lan'],
    ['eth2', 'free'],
  ]);
});

test('a host without a default route has no uplink', () => {
  const host = new PaperHost().port('eth0').routes('eth0 0001A8C0 00FFFFFF');
  expect(observed(host, { eth0: ['192.168.1.2/24'] })).toMatchObject({
    uplink: null,
    ports: { eth0: { role: 'lan' } },
  });
});

test('a port in a bridge has the addresses of the bridge, those of chutes left out', () => {
  const host = new PaperHost().port('eth1').bridge('br-lan', 'eth1').above('br-lan.5', 'br-lan');
  const addresses = { 'br-lan': ['192.168.1.1/24'], 'br-lan.5': ['10.128.0.1/24'] };
  expect(observed(host, addresses).ports).toEqual({
    eth1: {
      interface: 'eth1',
      mac: '02:00:00:00:00:01',
      role: 'lan',
      bridged: true,
      addresses: ['192.168.1.1/24'],
    },
  });
});

test('a port whose VLAN is the uplink is no free port', () => {
  const host = new PaperHost().port('eth0').above('eth0.2', 'eth0').routes(`eth0.2 ${DEFAULT}`);
  expect(observed(host, { 'eth0.2': ['10.1.2.3/16'] })).toMatchObject({
    uplink: { interface: 'eth0.2', address: '10.1.2.3/16' },
    ports: { eth0: { role: 'wan', bridged: false, addresses: ['10.1.2.3/16'] } },
  });
});

test('ParaDrop: interfaces that are not devices', () => {
  const host = new PaperHost().radio('phy0', 'pci 0000:01:00.0', ['wlan0']);
  for (const name of ['lo', 'v0000.eth0', 'vethabcdef', 'br-lan', 'docker0', 'sit0', 'eth0'])
    host.port(name);
  const { ports, radios } = observed(host);
  expect(Object.keys(ports)).toEqual(['eth0']);
  expect(Object.values(radios).map((radio) => radio.interface)).toEqual(['wlan0']);
});

test('ParaDrop: radio ids by bus, numbered in slot order', () => {
  const slots = ['usb 1-1:1.0', 'pci 0000:05:00.0', 'pci 0000:04:00.0', 'pci 0000:0a:00.0'];
  const host = new PaperHost();
  for (const [at, slot] of slots.entries()) host.radio(`phy${at}`, slot, []);
  const ids = Object.values(observed(host).radios).map(({ id, phy }) => [
    slots[Number(phy.slice(-1))],
    id,
  ]);
  expect(Object.fromEntries(ids)).toEqual({
    'pci 0000:04:00.0': 'pci-wifi-0',
    'pci 0000:05:00.0': 'pci-wifi-1',
    'pci 0000:0a:00.0': 'pci-wifi-2',
    'usb 1-1:1.0': 'usb-wifi-0',
  });
});

test('names radios by bus and in the order of slots, not as the kernel found them', () => {
  const host = new PaperHost()
    .radio('phy0', 'pci 0000:10:00.0', ['wlan0'])
    .radio('phy1', 'usb 1-1.2', ['wlan1'])
    .radio('phy2', 'pci 0000:0a:00.0', ['wlan2']);
  const { radios, ports } = observed(host);
  expect(Object.values(radios).map(({ id, phy }) => [id, phy])).toEqual([
    ['pci-wifi-0', 'phy2'],
    ['pci-wifi-1', 'phy0'],
    ['usb-wifi-0', 'phy1'],
  ]);
  expect(radios['usb-wifi-0']).toMatchObject({ mac: '02:00:00:00:01:10', interface: 'wlan1' });
  expect(ports).toEqual({});
});

test('two radios on one card are two radios', () => {
  const host = new PaperHost()
    .radio('phy1', 'pci 0000:01:00.0', ['wlan1'])
    .radio('phy0', 'pci 0000:01:00.0', ['wlan0']);
  const radios = Object.values(observed(host).radios);
  expect(radios.map(({ id, phy }) => [id, phy])).toEqual([
    ['pci-wifi-0', 'phy0'],
    ['pci-wifi-1', 'phy1'],
  ]);
  expect(radios.map((radio) => radio.interface)).toEqual(['wlan0', 'wlan1']);
});

test('an access point of a chute is neither a port nor the interface of its radio', () => {
  const host = new PaperHost().radio('phy0', 'pci 0000:01:00.0', ['vwlan00af', 'wlan0']);
  const { radios, ports } = observed(host);
  expect(radios['pci-wifi-0']?.interface).toBe('wlan0');
  expect(ports).toEqual({});
});

test('without iw it is unknown what a radio is capable of', () => {
  const { radios } = observed(new PaperHost().radio('phy0', 'pci 0000:01:00.0', []));
  expect(radios['pci-wifi-0']).toEqual({
    id: 'pci-wifi-0',
    mac: '02:00:00:00:01:00',
    phy: 'phy0',
    interface: 'phy0',
    modes: null,
    hwmodes: null,
    configured: {},
    hostAccessPoints: 0,
  });
});

test('iw is not asked where there are no radios', () => {
  const asked: string[] = [];
  observeNetwork(new PaperHost().port('eth0'), {}, (what) => {
    asked.push(what);
    return null;
  });
  expect(asked).toEqual([]);
});

const PHY = `Wiphy phy0
\tmax # scan SSIDs: 4
\tSupported interface modes:
\t\t * IBSS
\t\t * managed
\t\t * AP
\t\t * AP/VLAN
\t\t * monitor
\tBand 1:
\t\tFrequencies:
\t\t\t* 2412.0 MHz [1] (20.0 dBm)
\t\t\t* 2484.0 MHz [14] (disabled)
\tBand 2:
\t\tFrequencies:
\t\t\t* 5180 MHz [36] (disabled)
\tsoftware interface modes (can always be added):
\t\t * AP/VLAN
\t\t * monitor
\tvalid interface combinations:
\t\t * #{ managed } <= 1, #{ AP, mesh point } <= 4,
\t\t   total <= 4, #channels <= 1
\tHT Capability overrides:
`;
const DEV = `phy#0
\tInterface vwlan00af
\t\tifindex 9
\t\ttype AP
\t\tchannel 11 (2462 MHz), width: 20 MHz, center1: 2462 MHz
\tInterface wlan0
\t\tifindex 4
\t\tssid home
\t\ttype AP
\t\tchannel 6 (2437 MHz), width: 20 MHz, center1: 2437 MHz
`;

test('iw tells modes, bands, capacity, and what the host itself does with a radio', () => {
  const host = new PaperHost().radio('phy0', 'pci 0000:01:00.0', ['wlan0', 'vwlan00af']);
  const { radios } = observeNetwork(host, {}, (what) => (what === 'phy' ? PHY : DEV));
  expect(radios['pci-wifi-0']).toMatchObject({
    modes: ['ap', 'monitor', 'sta'],
    hwmodes: ['11g'],
    accessPointsMax: 4,
    configured: { hwmode: '11g', channel: 6 },
    hostAccessPoints: 1,
  });
});

test.each([
  {
    says: '\tBand 2:\n\t\t\t* 5180 MHz [36] (20.0 dBm)\n',
    hwmodes: ['11a'],
    accessPointsMax: undefined,
  },
  {
    says: '\t\t\t* 5180.0 MHz [36] (1 dBm)\n\t\t\t* 2412 MHz [1] (1 dBm)\n',
    hwmodes: ['11a', '11g'],
    accessPointsMax: undefined,
  },
  { says: '\t\t\t* 5955 MHz [1] (20.0 dBm)\n', hwmodes: [], accessPointsMax: undefined },
  { says: '\tinterface combinations are not supported\n', hwmodes: [], accessPointsMax: 1 },
])(
  '$says says $hwmodes and $accessPointsMax access points',
  ({ says, hwmodes, accessPointsMax }) => {
    const host = new PaperHost().radio('phy0', 'pci 0000:01:00.0', []);
    const iw = (what: string): string => (what === 'phy' ? `Wiphy phy0\n${says}` : '');
    const radio = observeNetwork(host, {}, iw).radios['pci-wifi-0'];
    expect(radio?.hwmodes).toEqual(hwmodes);
    expect(radio?.accessPointsMax).toBe(accessPointsMax);
  },
);
