import { systemDirectory } from '../layout.ts';
import type { Dhcp, NetworkPlan } from '../network.ts';
import { address, leaseRange, netmask, network } from './addresses.ts';
import { HASH_HEADER, unrenderable } from './rendered.ts';
import { ROOT_TOKEN } from './tokens.ts';
import { HOST_BRIDGE, linkName, type Wiring } from './wiring.ts';

/** DHCP and DNS for one network, whoever it belongs to. */
type Serving = {
  readonly label: string;
  readonly interface: string;
  readonly subnet: string;
  readonly hostAddress: string;
  readonly router: string;
  readonly leases: string;
  readonly dhcp: Dhcp;
};

/**
 * What dnsmasq serves on one interface of a chute, null where it serves nothing. Pure.
 *
 * Clients get the chute as their router and the host as their name server.
 * Throws RIPCORD_PLAN_INVALID for addresses, ranges and lease times that are none.
 */
export function renderDnsmasq({ chute, given, zone, label }: Wiring): string | null {
  const { dhcp, subnet, hostAddress, chuteAddress } = given;
  if (dhcp === null) return null;
  if (subnet === null || hostAddress === null || chuteAddress === null) {
    throw unrenderable(`dhcp of ${label}`, 'the interface has no network');
  }
  return config({
    label: `dhcp of ${label}`,
    interface: zone,
    subnet,
    hostAddress,
    router: chuteAddress,
    leases: `${ROOT_TOKEN}/${leasesFile(chute, given.inside)}`,
    dhcp,
  });
}

/** Where the leases of an interface are, below the root: the chute sees its system directory. Pure. */
export function leasesFile(chute: string, inside: string): string {
  return `${systemDirectory(chute)}/dnsmasq-${linkName(inside, chute)}.leases`;
}

/** What dnsmasq serves on the host's own LAN, null where it serves nothing. Pure. */
export function renderLanDnsmasq({ lan }: NetworkPlan['host']): string | null {
  if (lan.dhcp === null || lan.ipaddr === null) return null;
  return config({
    label: 'dhcp of the LAN',
    interface: HOST_BRIDGE,
    subnet: `${lan.ipaddr}/${lan.netmask ?? '255.255.255.0'}`,
    hostAddress: lan.ipaddr,
    router: lan.ipaddr,
    leases: `${ROOT_TOKEN}/host/dnsmasq-lan.leases`,
    dhcp: lan.dhcp,
  });
}

function config(serving: Serving): string {
  const { label, dhcp } = serving;
  const host = address(serving.hostAddress, label);
  const lines = [
    `interface=${serving.interface}`,
    // Else each of them would answer on the loopback, and only the first one could.
    'except-interface=lo',
    'bind-dynamic',
    // The probe of an address takes 3 s: quick clients have given up by then.
    'no-ping',
    // A second one with the same file would overwrite the pid of the first.
    'pid-file',
    `dhcp-leasefile="${serving.leases}"`,
    ...rangeLines(serving),
    ...dhcp.relay.map((each) => `dhcp-relay=${relayPair(each, host, label)}`),
    ...(dhcp.relay.length === 0 ? ['dhcp-authoritative'] : []),
    ...(dhcp.dns.length === 0 ? [] : ['no-resolv']),
    ...dhcp.dns.map((each) => `server=${upstream(each, label)}`),
  ];
  return `${HASH_HEADER}${lines.join('\n')}\n`;
}

function rangeLines({ label, dhcp, subnet, hostAddress, router }: Serving): readonly string[] {
  if (dhcp.start === undefined || dhcp.limit === undefined) {
    if (dhcp.relay.length > 0) return [];
    throw unrenderable(label, 'it has neither a range nor a relay');
  }
  const around = network(subnet, label);
  const range = leaseRange(around, { start: dhcp.start, limit: dhcp.limit }, label);
  const time = leaseTime(dhcp, label);
  return [
    `dhcp-range=${range.first},${range.last},${netmask(around)},${time}`,
    `dhcp-option=option:router,${address(router, label)}`,
    `dhcp-option=option:dns-server,${hostAddress}`,
  ];
}

/** How long a lease lasts, as dnsmasq reads it. Pure. Throws RIPCORD_PLAN_INVALID. */
export function leaseTime({ leasetime = '12h' }: Dhcp, label: string): string {
  if (/^(?:\d+[smhdw]?|infinite)$/.test(leasetime)) return leasetime;
  throw unrenderable(label, `${JSON.stringify(leasetime)} is not a lease time`);
}

/**
 * `<ours>,<server>`, and perhaps the interface that the server's answers come by; a lone server is
 * asked from our own address. Pure. Throws RIPCORD_PLAN_INVALID.
 */
export function relayPair(text: string, host: string, label: string): string {
  const [ours = '', server, by, ...rest] = text.split(',').map((part) => part.trim());
  if (rest.length > 0) throw unrenderable(label, `${JSON.stringify(text)} is not a relay`);
  if (server === undefined) return `${host},${address(ours, label)}`;
  const pair = `${address(ours, label)},${address(server, label)}`;
  return by === undefined ? pair : `${pair},${linkName(by, label)}`;
}

/** A name server, with its port behind `#` if it has one. Pure. Throws RIPCORD_PLAN_INVALID. */
export function upstream(text: string, label: string): string {
  const [host = '', port, ...rest] = text.split('#');
  if (rest.length > 0 || (port !== undefined && !/^[1-9]\d{0,4}$/.test(port))) {
    throw unrenderable(label, `${JSON.stringify(text)} is not a name server`);
  }
  // IPv6 servers are let through by their letters: dnsmasq itself refuses those that are none.
  if (/^[0-9a-f:]+$/i.test(host) && host.includes(':')) return text;
  address(host, label);
  return text;
}
