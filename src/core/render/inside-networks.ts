import type { Network } from '../allocate/ipv4.ts';
import type { HostConfig } from '../network.ts';
import { contains, network } from './addresses.ts';
import { HOST_SECTION } from './rendered.ts';
import type { WiredChute } from './wiring.ts';

/** A network, and whose it is. */
type Owned = { readonly owner: string; readonly network: Network };

/**
 * The networks behind the host: its LAN, the chutes' pool, and those of chutes that are none of it. Each
 * once, by address, without those that lie in others. Pure. Throws RIPCORD_PLAN_INVALID.
 */
export function insideNetworks(
  { lan, system }: HostConfig,
  chutes: readonly WiredChute[],
  given: string | undefined,
): readonly Owned[] {
  const pool = given ?? (system.chuteSubnetPool === 'auto' ? null : system.chuteSubnetPool);
  const hosts = [
    ...(pool === null ? [] : [network(pool, 'the subnet pool')]),
    ...(lan.ipaddr === null
      ? []
      : [network(`${lan.ipaddr}/${lan.netmask ?? '255.255.255.0'}`, 'the LAN')]),
  ];
  const all = hosts.map((each): Owned => ({ owner: HOST_SECTION, network: each }));
  for (const { wired } of chutes)
    for (const each of wired.networks)
      if (!hosts.some((other) => contains(other, each)))
        all.push({ owner: wired.chute, network: each });
  // Networks lie in each other or apart: behind a larger one stands what is in it.
  let last = -1;
  return all
    .toSorted(
      ({ network: left }, { network: right }) => left.first - right.first || right.last - left.last,
    )
    .filter(({ network: each }) => {
      const isNew = each.last > last;
      if (isNew) ({ last } = each);
      return isNew;
    });
}
