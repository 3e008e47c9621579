import { networkInterfaces } from 'node:os';

import type { NetworkFacts, Port } from '../core/network.ts';
import { observeRadios, type WirelessTool } from './host-radios.ts';
import { HostTree } from './host-tree.ts';

const NET = 'sys/class/net';

/** Links that are made by programs, ours among them: no devices that a chute could be given. */
const MADE =
  /^(lo|veth.*|br.*|docker.*|sit.*|.*\..*|tap.*|tun.*|ifb.*|dummy.*|vx.*|wg.*|virbr.*|lxc.*|cni.*|zt.*)$/;

/** Interfaces that a chute has from us: their addresses are no networks of the host. */
const OURS = /^(vwlan[0-9a-f]{4}|br-lan\.\d+)$/;

const ETHERNET = '1';

/** IPv4 addresses in CIDR, by interface. */
type Addresses = Readonly<Record<string, readonly string[]>>;

/**
 * Wired ports, radios and the uplink of a host, without root: from /sys and /proc alone, which exist
 * on every Linux. What its radios are capable of only `iw` can tell, where it is installed.
 */
export function observeNetwork(
  tree: HostTree = new HostTree(),
  addresses: Addresses = ownAddresses(),
  iw?: WirelessTool,
): NetworkFacts {
  const uplink = uplinkInterface(tree);
  const ports = tree
    .names(NET)
    .filter((name) => isPort(tree, name))
    .map((name) => [name, portOf(tree, name, { uplink, addresses })] as const);
  const address = uplink === null ? null : (addresses[uplink]?.[0] ?? null);
  return {
    radios: observeRadios(tree, iw),
    ports: Object.fromEntries(ports),
    uplink: uplink === null ? null : { interface: uplink, address },
  };
}

function isPort(tree: HostTree, name: string): boolean {
  if (MADE.test(name) || tree.has(NET, name, 'phy80211') || tree.has(NET, name, 'wireless'))
    return false;
  if (isMadeOfOthers(tree, name)) return false;
  // Tunnels and the like have other types, and some files there are no interfaces at all.
  return tree.read(NET, name, 'type') === ETHERNET;
}

/** Whether a program made it on top of another. Ports of a switch lie on one too: they have hardware. */
function isMadeOfOthers(tree: HostTree, name: string): boolean {
  const virtual = tree.real(NET, name)?.includes('/devices/virtual/') ?? false;
  return virtual && tree.names(NET, name).some((each) => each.startsWith('lower_'));
}

function portOf(
  tree: HostTree,
  name: string,
  { uplink, addresses }: { readonly uplink: string | null; readonly addresses: Addresses },
): Port {
  const stack = [name, ...uppersOf(tree, name)];
  const bridged = stack.some((each) => tree.has(NET, each, 'brport'));
  const held = stack.flatMap((each) => addresses[each] ?? []);
  const wan = uplink !== null && stack.includes(uplink);
  return {
    interface: name,
    mac: tree.read(NET, name, 'address') ?? '',
    role: wan ? 'wan' : bridged || held.length > 0 ? 'lan' : 'free',
    bridged,
    addresses: held,
  };
}

/** Interfaces of the host on top of one: its bridge, its VLANs, and theirs. A port has their addresses. */
function uppersOf(tree: HostTree, name: string, seen: ReadonlySet<string> = new Set()): string[] {
  const uppers = tree
    .names(NET, name)
    .filter((each) => each.startsWith('upper_'))
    .map((each) => each.slice('upper_'.length))
    .filter((each) => !OURS.test(each) && !seen.has(each));
  const known = new Set([...seen, name, ...uppers]);
  const all = [...uppers, ...uppers.flatMap((each) => uppersOf(tree, each, known))];
  return [...new Set(all)];
}

/** The interface of the default route, as the kernel's own table has it: of several the nearest. */
function uplinkInterface(tree: HostTree): string | null {
  const routes = (tree.read('proc/net/route') ?? '').split('\n').slice(1);
  const defaults = routes.flatMap((route) => {
    const [name = '', destination, , , , , metric, mask] = route.trim().split(/\s+/);
    return destination === '00000000' && mask === '00000000' && name !== ''
      ? [{ name, metric: Number(metric) }]
      : [];
  });
  return defaults.toSorted((left, right) => left.metric - right.metric)[0]?.name ?? null;
}

function ownAddresses(): Addresses {
  return Object.fromEntries(
    Object.entries(networkInterfaces()).map(([name, addresses = []]) => [
      name,
      addresses.flatMap(({ family, cidr }) => (family === 'IPv4' && cidr !== null ? [cidr] : [])),
    ]),
  );
}
