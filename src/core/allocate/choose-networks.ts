import { wrongRange } from './dhcp.ts';
import { holderOf } from './held.ts';
import type { WantedInterface } from './interfaces.ts';
import { networkAround, overlap, type Network } from './ipv4.ts';
import { notGiven, wrongField, type PlainRefusal } from './refusal.ts';
import {
  claimNetwork,
  freeNetwork,
  hostNetworks,
  subnetPool,
  uplinkAddresses,
  type NoNetwork,
  type TakenNetwork,
} from './subnets.ts';
import type { Allocations, Surroundings } from './surroundings.ts';

/** Networks by the interface's name, and who has none. */
export type NetworksChosen = {
  readonly chosen: ReadonlyMap<string, Network>;
  readonly refusals: readonly PlainRefusal[];
};

/**
 * A network for each interface of a chute that has addresses. Pure.
 *
 * Those that are asked for by name come first, then those that are there, and the rest take what is
 * free.
 */
export function chooseNetworks(
  wanted: readonly WantedInterface[],
  before: Allocations,
  around: Surroundings,
): NetworksChosen {
  const { facts, host } = around;
  const withAddresses = wanted.filter(({ kind }) => kind !== 'wifi-monitor');
  const chosen = new Map<string, Network>();
  const refusals: PlainRefusal[] = [];
  const held: TakenNetwork[] = heldAround(around);
  const take = (each: WantedInterface, network: Network): void => {
    chosen.set(each.name, network);
    held.push({ ...network, holder: holderOf(each.name, each.chute) });
  };

  for (const each of withAddresses) {
    if (!each.network) continue;
    const claim = claimNetwork(each.network, held);
    if ('refused' in claim) refusals.push(noNetwork(each, claim.refused));
    else take(each, claim.network);
  }
  for (const each of withAddresses) {
    if (each.network) continue;
    const had = networkAround(before[each.name]?.subnet ?? '');
    const fits = had && !(each.dhcp && wrongRange(each.dhcp, had));
    if (fits && !held.some((other) => overlap(other, had))) take(each, had);
  }
  const promised = around.later.flatMap(({ name, chute, network }) =>
    network ? [{ ...network, holder: holderOf(name, chute) }] : [],
  );
  const pool = subnetPool(host, uplinkAddresses(facts));
  for (const each of withAddresses) {
    if (each.network || chosen.has(each.name)) continue;
    const free = freeNetwork(pool, host.system.chutePrefixSize, [...held, ...promised]);
    if ('refused' in free) refusals.push(noNetwork(each, free.refused));
    else take(each, free.network);
  }
  return { chosen, refusals: [...refusals, ...wrongRanges(withAddresses, chosen)] };
}

/** The networks of the host and of other chutes. */
function heldAround({ facts, host, ours, others }: Surroundings): TakenNetwork[] {
  const all = [...hostNetworks(facts, host, ours)];
  for (const { network } of others) if (network) all.push(network);
  return all;
}

function wrongRanges(
  wanted: readonly WantedInterface[],
  chosen: ReadonlyMap<string, Network>,
): readonly PlainRefusal[] {
  return wanted.flatMap((each) => {
    const network = chosen.get(each.name);
    const wrong = network && each.dhcp ? wrongRange(each.dhcp, network) : null;
    return wrong ? [wrongField(each, ['dhcp', wrong.field], wrong)] : [];
  });
}

function noNetwork(wanted: WantedInterface, { code, reason, hint }: NoNetwork): PlainRefusal {
  const keys = wanted.network ? ['ipv4_network'] : [];
  return notGiven(wanted, keys, { code, what: 'a network', reason, hint });
}
