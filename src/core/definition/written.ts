/** A definition as it was written, its shape checked by `format`, nothing filled in. */

type Scalar = string | number | boolean;
type Secret = { secret: string | number };

/** What older definitions write beside `wireless` instead of inside it. */
export const WIRELESS_OPTIONS = [
  'ssid',
  'key',
  'encryption',
  'nasid',
  'acct_server',
  'acct_secret',
  'acct_interval',
  'auth_server',
  'auth_secret',
  'hidden',
  'isolate',
  'maxassoc',
] as const;

export type WirelessOption = (typeof WIRELESS_OPTIONS)[number];

export type WrittenEnvironment = Record<string, Scalar | null | Secret>;

export type WrittenPorts =
  | {
      external?: number | string | null | undefined;
      internal: number | string;
      protocol?: 'tcp' | 'udp' | undefined;
    }[]
  | Record<string, number | string | null>;

type WrittenDhcp = {
  start?: number | string | undefined;
  limit?: number | string | undefined;
  leasetime?: string | number | undefined;
  lease?: string | number | undefined;
  dns?: string | string[] | undefined;
  relay?: string | string[] | undefined;
};

type WrittenWireless = { [option in WirelessOption]?: Scalar | Secret | undefined };

export type WrittenInterface = {
  type: 'wifi-ap' | 'wifi-sta' | 'wifi-monitor' | 'vlan' | 'lan' | 'wifi';
  mode?: 'ap' | 'sta' | 'monitor' | undefined;
  intfName?: string | undefined;
  dhcp?: WrittenDhcp | undefined;
  dns?: string | string[] | undefined;
  wireless?: WrittenWireless | undefined;
  options?: WrittenWireless | undefined;
  requirements?: Record<string, Scalar | Scalar[]> | undefined;
  requests?: Record<string, Scalar | Scalar[]> | undefined;
  ipv4_network?: string | undefined;
  'vlan-id'?: number | string | undefined;
  vlan_id?: number | string | undefined;
  l3bridge?: string | undefined;
} & WrittenWireless;

export type WrittenSource =
  | string
  | {
      type?: 'local' | 'archive' | 'http' | 'git' | undefined;
      path?: string | undefined;
      url?: string | undefined;
      sha256?: string | undefined;
      checkout?: string | number | undefined;
    };

export type WrittenHealth = {
  http?: { port: number | string; path?: string | undefined } | undefined;
  tcp?: { port: number | string } | undefined;
  exec?: string[] | undefined;
  intervalMs?: number | undefined;
  timeoutMs?: number | undefined;
  retries?: number | undefined;
  settleMs?: number | undefined;
  withinMs?: number | undefined;
};

type WrittenRequests = {
  'as-root'?: boolean | undefined;
  privileged?: boolean | undefined;
  'port-bindings'?: WrittenPorts | undefined;
  'cpu-fraction'?: number | undefined;
  'network-mode'?: 'host' | 'bridge' | undefined;
  memory?: number | string | undefined;
  priority?: 'high' | 'normal' | undefined;
};

type WrittenBuild = {
  image_source?: string | undefined;
  image_version?: string | number | undefined;
  packages?: string[] | undefined;
  dockerfile?: string | string[] | undefined;
};

export type WrittenService = {
  type?: 'light' | 'normal' | 'image' | 'inline' | undefined;
  source?: WrittenSource | undefined;
  image?: string | undefined;
  command?: string | Scalar[] | undefined;
  dns?: string | string[] | undefined;
  environment?: WrittenEnvironment | undefined;
  interfaces?: Record<string, WrittenInterface> | undefined;
  requests?: WrittenRequests | undefined;
  build?: WrittenBuild | undefined;
  dockerfile?: string | string[] | undefined;
  health?: WrittenHealth | undefined;
  volumes?: Record<string, string | { name: string }> | undefined;
  needs?: string | string[] | undefined;
  stop?: { signal?: string | undefined; graceMs?: number | undefined } | undefined;
};

type WrittenRule = {
  name?: string | undefined;
  type?: 'redirect' | undefined;
  from: string;
  to: string;
};

export type Written = {
  name?: string | undefined;
  version?: number | string | undefined;
  description?: string | undefined;
  owner?: string | undefined;
  dataDir?: string | undefined;
  systemDir?: string | undefined;
  environment?: WrittenEnvironment | undefined;
  services: Record<string, WrittenService>;
  web?: { port?: number | string | undefined; service?: string | undefined } | undefined;
  firewall?: WrittenRule[] | Record<string, WrittenRule> | undefined;
  onInterrupt?: 'resume' | 'rollback' | undefined;
};
