import type {
  HostConfig,
  InterfaceAllocation,
  NetworkPlan,
  Radio,
  Wireless,
} from '../../../src/core/network.ts';
import { HOST_CONFIG_DEFAULTS } from '../../../src/core/network.ts';

/** The host that the plans of these tests are for: an uplink, a LAN, radios with settings. */
export const HOST: HostConfig = {
  ...HOST_CONFIG_DEFAULTS,
  system: { ...HOST_CONFIG_DEFAULTS.system, chuteSubnetPool: '10.128.0.0/9' },
  lan: {
    proto: 'static',
    ipaddr: '192.168.7.1',
    netmask: '255.255.255.0',
    interfaces: ['eth1'],
    dhcp: { leasetime: '12h', start: 100, limit: 100, dns: [], relay: [] },
  },
  wan: { interface: 'eth0', proto: 'dhcp' },
  wifi: { 'pci-wifi-0': { hwmode: '11g', channel: 6, htmode: 'HT20' } },
};

export const RADIOS: Readonly<Record<string, Radio>> = {
  'pci-wifi-0': {
    id: 'pci-wifi-0',
    mac: '02:00:00:00:00:01',
    phy: 'phy0',
    interface: 'wlan0',
    modes: ['ap', 'sta', 'monitor'],
    hwmodes: ['11g'],
    configured: {},
    hostAccessPoints: 0,
  },
};

/** A secret's mark, of the length that the store gives. */
export function mark(digit: string): { readonly $secret: string } {
  return { $secret: digit.repeat(64) };
}

/** What an interface was given: an access point with DHCP on the nth network, unless said otherwise. */
export function given(
  n: number,
  more: Partial<InterfaceAllocation> & Pick<InterfaceAllocation, 'inside' | 'outside'>,
): InterfaceAllocation {
  return {
    kind: 'wifi-ap',
    service: 'main',
    device: 'pci-wifi-0',
    radio: {},
    vlanId: null,
    subnet: `10.128.${n}.0/24`,
    hostAddress: `10.128.${n}.1`,
    chuteAddress: `10.128.${n}.2`,
    wireless: more.kind === undefined || more.kind === 'wifi-ap' ? air() : null,
    dhcp: { leasetime: '12h', start: 4, limit: 250, dns: [], relay: [] },
    l3bridge: null,
    ...more,
  };
}

export function air(more: Partial<Wireless> = {}): Wireless {
  return { ssid: 'seccam42', encryption: 'psk2', key: mark('a'), ...more };
}

export function planOf(chutes: NetworkPlan['chutes'], host: Partial<HostConfig> = {}): NetworkPlan {
  return { chutes, host: { ...HOST, ...host } };
}

/** One chute with one interface. */
export function planFor(
  allocation: InterfaceAllocation,
  host: Partial<HostConfig> = {},
): NetworkPlan {
  return planOf(
    { hello: { interfaces: { [allocation.inside]: allocation }, redirects: [] } },
    host,
  );
}

export const CAMERA: NetworkPlan['chutes'][string] = {
  interfaces: { wlan0: given(0, { inside: 'wlan0', outside: 'vwlan1a2b' }) },
  redirects: [
    {
      name: 'web in',
      fromInterface: 'host.lan',
      fromPort: 9000,
      toAddress: '10.128.0.2',
      toPort: 80,
    },
  ],
};

export const OFFICE: NetworkPlan['chutes'][string] = {
  interfaces: {
    guest: given(1, {
      inside: 'guest',
      outside: 'vwlanbeef',
      wireless: {
        ssid: 'Café "Guests"; {{secret:aaaa}}',
        encryption: 'wpa2',
        hidden: true,
        isolate: true,
        maxassoc: 20,
        nasid: 'office',
        authServer: '10.9.8.7',
        authSecret: mark('b'),
        acctServer: '10.9.8.7',
        acctSecret: mark('c'),
        acctInterval: 60,
      },
      dhcp: { leasetime: '1h', start: 10, limit: 20, dns: ['9.9.9.9', '1.1.1.1#5353'], relay: [] },
    }),
    wired: given(2, {
      inside: 'wired',
      outside: 'eth2',
      kind: 'lan',
      device: 'eth2',
      dhcp: { dns: [], relay: ['10.128.2.1,192.168.7.9'] },
    }),
    voice: given(3, {
      inside: 'voice',
      outside: 'br-lan.5',
      kind: 'vlan',
      device: null,
      vlanId: 5,
      dhcp: null,
      l3bridge: 'lan',
    }),
  },
  redirects: [
    {
      name: 'all',
      fromInterface: 'host.lan',
      fromPort: null,
      toAddress: '10.128.2.2',
      toPort: null,
    },
  ],
};

/** Two chutes with an interface of every kind that the host itself stays on. */
export const GATEWAY: NetworkPlan = planOf({ camera: CAMERA, office: OFFICE });
