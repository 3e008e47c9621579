import type { NetworkFacts } from './network.ts';

/**
 * What planners may know of the host. Observed by the shell, journaled as `host.observed` when it
 * changed, so that any plan can be derived again from the journal alone.
 */
export type HostFacts = {
  readonly runtime: 'process' | 'docker';
  readonly host: 'render' | 'linux' | 'uci';
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  /** The whole file system of the root, never what is free of it; null where that is no lasting size. */
  readonly diskMiB: number | null;
  /** Ports that somebody else listens on, by `18080/tcp`: who, as far as it can be told. */
  readonly portsTaken: Readonly<Record<string, string>>;
  readonly network: NetworkFacts;
  /** What this host can do that not every host can, in the order of their names. */
  readonly capabilities: readonly Capability[];
};

/** Every capability that planners ask for. */
export const CAPABILITIES = [
  'bridge',
  'cpu-shares',
  'dnsmasq',
  'docker',
  'hostapd',
  'memory-limit',
  'nftables',
  'vlan',
  'wifi',
] as const;
export type Capability = (typeof CAPABILITIES)[number];
