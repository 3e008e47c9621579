import { assert } from '../assert.ts';
import type { HostConfig, NetworkFacts } from '../network.ts';
import {
  isNetworkAddress,
  networkAround,
  networkAt,
  networkText,
  overlap,
  parseAddress,
  type Network,
} from './ipv4.ts';
import { naturalOrder } from './natural-order.ts';

/** A network that is not free any more, and who has it, in words. */
export type TakenNetwork = Network & { readonly holder: string };

/** Why there is no network, in words, and what would work. */
export type NoNetwork = {
  readonly code: 'RIPCORD_DEFINITION_INVALID' | 'RIPCORD_HOST_INVALID' | 'RIPCORD_RESOURCE_TAKEN';
  readonly reason: string;
  readonly hint: string;
};

/** Two hosts at least: ours and the chute's. */
const PREFIX_MAX = 30;

const LARGE_PRIVATE = networkAt(parseAddress('10.0.0.0') ?? 0, 8);

/** Blocks that hold no host's addresses: this network, loopback, multicast and what is reserved. */
export const NOT_FOR_HOSTS: readonly Network[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '224.0.0.0/3',
].flatMap((text) => networkAround(text) ?? []);

/** The pool that chutes' networks are taken from. Pure; see `HostConfig.system.chuteSubnetPool`. */
export function subnetPool(host: HostConfig, uplinks: readonly string[]): string {
  const { chuteSubnetPool } = host.system;
  if (chuteSubnetPool !== 'auto') return chuteSubnetPool;
  return inLargePrivate(uplinks) ? '192.168.128.0/17' : '10.128.0.0/9';
}

/** The host's address in its LAN, where its configuration leaves the choice to us. Pure. */
export function lanAddress(uplinks: readonly string[]): string {
  return inLargePrivate(uplinks) ? '192.168.0.1' : '10.0.0.1';
}

/** Every address of the uplink that is known. Pure. */
export function uplinkAddresses({ uplink, ports }: NetworkFacts): readonly string[] {
  if (!uplink) return [];
  return [
    ...(uplink.address ? [uplink.address] : []),
    ...(ports[uplink.interface]?.addresses ?? []),
  ];
}

/**
 * The networks of the host itself: its LAN as configured, and wherever it has an address. Pure.
 *
 * `ours` are interfaces that chutes were given: an address seen there is one that we put there.
 */
export function hostNetworks(
  facts: NetworkFacts,
  host: HostConfig,
  ours: ReadonlySet<string>,
): readonly TakenNetwork[] {
  const { lan } = host;
  const uplinks = uplinkAddresses(facts);
  const address = lan.ipaddr ?? (lan.proto === 'auto' ? lanAddress(uplinks) : null);
  const ports = Object.values(facts.ports)
    .filter((port) => port.interface !== facts.uplink?.interface && !ours.has(port.interface))
    .toSorted((left, right) => naturalOrder(left.interface, right.interface));
  return [
    ...(address === null ? [] : taken(`${address}/${lan.netmask ?? '24'}`, "the host's LAN")),
    ...uplinks.flatMap((each) => taken(each, `the uplink ${facts.uplink?.interface ?? ''}`)),
    ...ports.flatMap((port) =>
      port.addresses.flatMap((each) => taken(each, `port ${port.interface} of the host`)),
    ),
  ];
}

/** The network that a definition asks for, or why it cannot be one. Pure. */
export function requestedNetwork(
  text: string,
): { readonly network: Network } | { readonly refused: NoNetwork } {
  const network = networkAround(text);
  if (!network) return misasked(`${text} is no IPv4 network`, 'for example 192.168.5.0/24');
  if (!isNetworkAddress(text, network))
    return misasked(`${text} has host bits set`, `the network is ${networkText(network)}`);
  if (network.prefix > PREFIX_MAX)
    return misasked(
      `${networkText(network)} has no room for two hosts`,
      `a prefix of at most ${PREFIX_MAX}, for example ${networkText(networkAt(network.first, PREFIX_MAX))}`,
    );
  if (NOT_FOR_HOSTS.some((block) => overlap(block, network)))
    return misasked(
      `${networkText(network)} holds addresses that no host may have`,
      'for example 192.168.5.0/24',
    );
  return { network };
}

/** Whether a requested network is free, and who has it if not. Pure. */
export function claimNetwork(
  network: Network,
  held: readonly TakenNetwork[],
): { readonly network: Network } | { readonly refused: NoNetwork } {
  const other = held.find((each) => overlap(each, network));
  if (!other) return { network };
  const which = networkText(other) === networkText(network) ? '' : `, as ${networkText(other)}`;
  return {
    refused: {
      code: 'RIPCORD_RESOURCE_TAKEN',
      reason: `${networkText(network)} is taken by ${other.holder}${which}`,
      hint: 'ask for another ipv4_network, or for none: then a free one is chosen',
    },
  };
}

/** The lowest free network of the pool. Pure. */
export function freeNetwork(
  pool: string,
  prefix: number,
  held: readonly TakenNetwork[],
): { readonly network: Network } | { readonly refused: NoNetwork } {
  const whole = networkAround(pool);
  const wrong = wrongPool(pool, whole, prefix);
  if (wrong) return { refused: { code: 'RIPCORD_HOST_INVALID', ...wrong } };
  assert(whole, `pool ${pool} is right and is none`);
  let candidate = networkAt(whole.first, prefix);
  // By where they begin: what does not reach the candidate here never comes back to it.
  for (const each of held.toSorted((left, right) => left.first - right.first)) {
    if (each.first > candidate.last) break;
    if (each.last < candidate.first) continue;
    const next = networkAt(each.last + 1, prefix);
    candidate = next.first > each.last ? next : networkAt(next.last + 1, prefix);
  }
  if (candidate.last <= whole.last) return { network: candidate };
  return {
    refused: {
      code: 'RIPCORD_RESOURCE_TAKEN',
      reason: `no /${prefix} is free in the pool ${networkText(whole)}: ${holdersIn(whole, held)}`,
      hint: 'stop a chute that has one, ask for an ipv4_network outside the pool, or give the host a larger system.chuteSubnetPool',
    },
  };
}

/** Who has the most of a pool comes first; beyond the first few they are counted. */
function holdersIn(pool: Network, held: readonly TakenNetwork[]): string {
  const inside = held
    .filter((each) => overlap(each, pool))
    .toSorted((left, right) => left.prefix - right.prefix || left.first - right.first);
  const told = inside
    .slice(0, HOLDERS_SHOWN)
    .map((each) => `${networkText(each)} is taken by ${each.holder}`);
  const more = inside.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

const HOLDERS_SHOWN = 3;

function wrongPool(
  pool: string,
  whole: Network | null,
  prefix: number,
): { readonly reason: string; readonly hint: string } | null {
  const hint =
    'set system.chuteSubnetPool and system.chutePrefixSize of the host, e.g. auto and 24';
  if (!whole || !pool.includes('/') || !isNetworkAddress(pool, whole))
    return { reason: `the host's system.chuteSubnetPool is no network: ${pool}`, hint };
  if (!Number.isInteger(prefix) || prefix < 1 || prefix > PREFIX_MAX)
    return {
      reason: `the host's system.chutePrefixSize is not 1 to ${PREFIX_MAX}: ${prefix}`,
      hint,
    };
  if (prefix < whole.prefix)
    return {
      reason: `the host's system.chutePrefixSize ${prefix} is larger than its pool ${networkText(whole)}`,
      hint,
    };
  return null;
}

const taken = (text: string, holder: string): readonly TakenNetwork[] => {
  const network = networkAround(text);
  return network ? [{ ...network, holder }] : [];
};

const misasked = (reason: string, hint: string): { readonly refused: NoNetwork } => ({
  refused: { code: 'RIPCORD_DEFINITION_INVALID', reason, hint },
});

const inLargePrivate = (addresses: readonly string[]): boolean =>
  addresses.some((text) => {
    const network = networkAround(text.split('/')[0] ?? '');
    return network !== null && overlap(network, LARGE_PRIVATE);
  });
