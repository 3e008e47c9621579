import type { ChuteName } from '../chute.ts';
import type { HostFacts } from '../facts.ts';
import type { HostConfig, InterfaceAllocation } from '../network.ts';
import { textOrder } from '../text-order.ts';
import {
  notGiven,
  type PlainRefusal,
  type PlainWarning,
  warnField,
  wrongField,
} from './refusal.ts';
import type { Allocations } from './surroundings.ts';

/**
 * What of a chute's interfaces the host itself has to have: a kernel that knows VLANs, and networks to
 * bridge to. Pure. A host whose configuration is only written is warned of, not refused.
 */
export function hostNeeds(
  chute: ChuteName,
  interfaces: Allocations,
  { facts, host }: { readonly facts: HostFacts; readonly host: HostConfig },
): { readonly refusals: readonly PlainRefusal[]; readonly warnings: readonly PlainWarning[] } {
  const all = Object.values(interfaces).toSorted((left, right) =>
    textOrder(left.inside, right.inside),
  );
  const placeOf = ({ service, inside }: (typeof all)[number]) => ({ chute, service, name: inside });
  const known = networksOf(facts, host);
  const unbridged = all.filter(({ l3bridge }) => l3bridge !== null && !known.includes(l3bridge));
  const bridges = unbridged.map((given) =>
    wrongField(placeOf(given), ['l3bridge'], {
      reason: `names no network of this host: ${given.l3bridge}`,
      hint: `known are ${known.join(', ')}`,
    }),
  );
  const tagged = all.filter(({ kind }) => kind === 'vlan').map(placeOf);
  const vlans = facts.capabilities.includes('vlan') ? [] : tagged;
  const afloat = hasBridge(facts, host) ? [] : tagged;
  const warned = [
    ...afloat.map((place) =>
      warnField(place, ['type'], {
        reason: 'is a VLAN of the bridge br-lan, and this host has none',
        hint: 'name the ports of its LAN as lan.interfaces in the host configuration',
      }),
    ),
    ...(facts.runtime === 'process' ? all.filter(isLent) : []).map((given) =>
      warnField(placeOf(given), ['type'], {
        reason: `has radio ${given.device} for itself, in the network of the host: processes have none of their own`,
        hint: 'it is free again when the chute stops, is removed or goes back',
      }),
    ),
  ];
  if (facts.host !== 'linux')
    return {
      refusals: bridges,
      warnings: [
        ...vlans.map((place) =>
          warnField(place, ['type'], {
            reason:
              'is a VLAN, and the kernel here knows none: its configuration is written all the same',
            hint: 'load the kernel module 8021q where it shall be used',
          }),
        ),
        ...warned,
      ],
    };
  const missing = vlans.map((place) =>
    notGiven(place, ['type'], {
      code: 'RIPCORD_RESOURCE_MISSING',
      what: 'a VLAN',
      reason: 'the kernel of this host knows none',
      hint: 'load the kernel module 8021q',
    }),
  );
  return { refusals: [...bridges, ...missing], warnings: warned };
}

/** Whether a radio is a chute's alone: it goes where the chute's network is, if it has one. */
const isLent = ({ kind }: Pick<InterfaceAllocation, 'kind'>): boolean =>
  kind === 'wifi-sta' || kind === 'wifi-monitor';

/** Whether the bridge of the LAN is there, or made by us; the files of OpenWrt have their own. */
function hasBridge({ host, network }: HostFacts, { lan }: HostConfig): boolean {
  if (host === 'uci' || lan.interfaces.length > 0) return true;
  return Object.values(network.ports).some(({ bridged }) => bridged);
}

/** Networks of the host by name: its own two, and what carries the others. */
function networksOf({ network }: HostFacts, { wan }: HostConfig): readonly string[] {
  const hasUplink = wan.interface !== null || network.uplink !== null;
  return ['lan', ...(hasUplink ? ['wan'] : []), ...Object.keys(network.ports)];
}
