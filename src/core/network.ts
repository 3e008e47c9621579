import type { ChuteName, SecretRef, ServiceName } from './chute.ts';

/** Kinds of interfaces a chute can ask for. */
export type InterfaceKind = 'wifi-ap' | 'wifi-sta' | 'wifi-monitor' | 'vlan' | 'lan';

/** Settings of a radio: `hwmode`, `channel` and whatever else its driver knows. */
export type RadioSettings = Readonly<Record<string, string | number | boolean>>;

/** A radio of the host, as observed. */
export type Radio = {
  /** Stable across boots: by bus, numbered in the order of slots, e.g. `pci-wifi-0`. */
  readonly id: string;
  readonly mac: string;
  readonly phy: string;
  /** The interface the kernel gave it, e.g. `wlan0`. */
  readonly interface: string;
  /** Null where nobody could tell: then it is taken to be capable. */
  readonly modes: readonly ('ap' | 'sta' | 'monitor')[] | null;
  /** Bands it is capable of, as ParaDrop's hwmode: `11a` is 5 GHz, `11g` 2.4 GHz. Null: unknown. */
  readonly hwmodes: readonly string[] | null;
  /** How many access points its driver can have at a time, where that is known. */
  readonly accessPointsMax?: number;
  /** What it is configured to; empty: not configured yet. */
  readonly configured: RadioSettings;
  /** Access points of the host itself on it. */
  readonly hostAccessPoints: number;
};

/** A wired port of the host. */
export type Port = {
  readonly interface: string;
  readonly mac: string;
  readonly role: 'wan' | 'lan' | 'free';
  /** Whether it is in the host's own bridge. */
  readonly bridged: boolean;
  /** CIDR, e.g. `192.168.1.1/24`. */
  readonly addresses: readonly string[];
};

/** What struct needs to know of the host; part of `HostFacts`. */
export type NetworkFacts = {
  readonly radios: Readonly<Record<string, Radio>>;
  readonly ports: Readonly<Record<string, Port>>;
  /** The interface of the default route, and its address in CIDR. */
  readonly uplink: { readonly interface: string; readonly address: string | null } | null;
};

/** A host with nothing to give: no radios, no ports, no uplink. */
export const NO_NETWORK: NetworkFacts = { radios: {}, ports: {}, uplink: null };

/** Wireless settings of one access point or station, normalised. */
export type Wireless = {
  readonly ssid: string;
  readonly encryption: string;
  readonly key?: SecretRef | string;
  readonly hidden?: boolean;
  readonly isolate?: boolean;
  readonly maxassoc?: number;
  readonly nasid?: string;
  readonly authServer?: string;
  readonly authSecret?: SecretRef | string;
  readonly acctServer?: string;
  readonly acctSecret?: SecretRef | string;
  readonly acctInterval?: number;
};

/** DHCP on one interface, normalised. */
export type Dhcp = {
  /** As dnsmasq reads it, e.g. `12h`. With a relay this and the range may be absent. */
  readonly leasetime?: string;
  /** Number of the first address in the subnet, and how many. */
  readonly start?: number;
  readonly limit?: number;
  readonly dns: readonly string[];
  /** `<local>,<server>` in dnsmasq's form, or a list of them. */
  readonly relay: readonly string[];
};

/** What one interface of a chute was given. Kept across versions while it still satisfies. */
export type InterfaceAllocation = {
  readonly kind: InterfaceKind;
  /** Whose it is: the one that finds it inside. */
  readonly service: ServiceName;
  /** The name inside the chute. */
  readonly inside: string;
  /** The name on the host: stable, at most 15 characters, never colliding. */
  readonly outside: string;
  /** Radio id, port or null. */
  readonly device: string | null;
  /** What was chosen for a radio that the host left open; empty where nothing was to choose. */
  readonly radio: RadioSettings;
  readonly vlanId: number | null;
  /** CIDR of the network, e.g. `10.128.0.0/24`; null for kinds without addresses. */
  readonly subnet: string | null;
  /** First host address: ours. */
  readonly hostAddress: string | null;
  /** Second: the chute's. */
  readonly chuteAddress: string | null;
  readonly wireless: Wireless | null;
  readonly dhcp: Dhcp | null;
  /** For `l3bridge`: the network that is bridged by proxy ARP. */
  readonly l3bridge: string | null;
};

/** A redirect that a chute's definition asks for, resolved to addresses and interfaces. */
export type Redirect = {
  readonly name: string;
  /** Where it comes in: the host's own side is the only one there is. */
  readonly fromInterface: 'host.lan';
  readonly fromPort: number | null;
  readonly toAddress: string;
  readonly toPort: number | null;
};

/** All that a host is configured for: chutes' interfaces and rules, and its own settings. */
export type NetworkPlan = {
  readonly chutes: Readonly<
    Record<
      ChuteName,
      {
        readonly interfaces: Readonly<Record<string, InterfaceAllocation>>;
        readonly redirects: readonly Redirect[];
      }
    >
  >;
  readonly host: HostConfig;
};

/** Host configuration, normalised (PARADROP.md §8). */
export type HostConfig = {
  readonly system: {
    readonly chuteSubnetPool: string;
    readonly chutePrefixSize: number;
    readonly onMissingWiFi: 'ignore' | 'warn' | 'reboot';
    readonly allowMonitorMode: boolean;
  };
  readonly lan: {
    readonly proto: string;
    readonly ipaddr: string | null;
    readonly netmask: string | null;
    readonly interfaces: readonly string[];
    readonly dhcp: Dhcp | null;
  };
  readonly wan: { readonly interface: string | null; readonly proto: string };
  /** Configured radios, by radio id. */
  readonly wifi: Readonly<Record<string, RadioSettings>>;
  readonly wifiInterfaces: readonly Readonly<Record<string, string | number | boolean>>[];
  /** Networks of the host itself on the LAN's bridge, by their `id`. */
  readonly vlanInterfaces: readonly Readonly<Record<string, string | number | boolean>>[];
};

export const HOST_CONFIG_DEFAULTS: HostConfig = {
  system: {
    chuteSubnetPool: 'auto',
    chutePrefixSize: 24,
    onMissingWiFi: 'warn',
    allowMonitorMode: false,
  },
  lan: { proto: 'static', ipaddr: null, netmask: null, interfaces: [], dhcp: null },
  wan: { interface: null, proto: 'dhcp' },
  wifi: {},
  wifiInterfaces: [],
  vlanInterfaces: [],
};
