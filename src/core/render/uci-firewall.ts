import type { NetworkPlan } from '../network.ts';
import { address } from './addresses.ts';
import { type OwnedRedirect, portNumber, redirectsOf } from './nftables.ts';
import { sectionName, UCI_OWNER, zoneNames } from './uci-names.ts';
import type { UciSection } from './uci-text.ts';
import { identifier, plainText, type Wiring } from './wiring.ts';

/** Zones, rules and redirects as OpenWrt's firewall has them. Pure. Throws RIPCORD_PLAN_INVALID. */
export function renderUciFirewall(
  plan: NetworkPlan,
  wirings: readonly Wiring[],
): readonly UciSection[] {
  const zoned = wirings.filter(({ veth }) => veth !== null);
  const zones = zoneNames(zoned);
  const seen = new Map<string, number>();
  return [
    ...zoned.flatMap((wiring) => zoneSections(wiring, zones.get(wiring.zone) ?? wiring.zone)),
    ...redirectsOf(plan).map((redirect) => {
      const base = [UCI_OWNER, 'redirect', identifier(redirect.chute), identifier(redirect.name)];
      const count = (seen.get(base.join('__')) ?? 0) + 1;
      seen.set(base.join('__'), count);
      const name = [...base, ...(count === 1 ? [] : [`n${count}`])].join('__');
      return redirectSection(name, redirect, { zoned, zones });
    }),
  ];
}

/** Input is refused but for DHCP and names, and only where they are served. */
function zoneSections({ given, zone, label }: Wiring, name: string): readonly UciSection[] {
  const sections: UciSection[] = [
    {
      type: 'zone',
      name: sectionName(zone, 'zone'),
      options: {
        name,
        network: [sectionName(zone, null)],
        conntrack: '1',
        input: 'REJECT',
        forward: 'ACCEPT',
        output: 'ACCEPT',
        masq: '0',
      },
    },
    { type: 'forwarding', name: sectionName(zone, 'wan'), options: { src: name, dest: 'wan' } },
  ];
  if (given.dhcp === null) return sections;
  const allow = (what: string, proto: readonly string[], port: string): UciSection => ({
    type: 'rule',
    name: sectionName(zone, what),
    options: {
      name: `${label} ${what}`,
      src: name,
      proto,
      dest_port: port,
      target: 'ACCEPT',
    },
  });
  return [...sections, allow('dns', ['tcp', 'udp'], '53'), allow('dhcp', ['udp'], '67')];
}

type Surroundings = {
  readonly zoned: readonly Wiring[];
  readonly zones: ReadonlyMap<string, string>;
};

function redirectSection(name: string, redirect: OwnedRedirect, around: Surroundings): UciSection {
  const label = `${redirect.chute}/${redirect.name}`;
  const from = portNumber(redirect.fromPort, label);
  const to = portNumber(redirect.toPort, label);
  const inside = around.zoned.find(({ given }) => given.chuteAddress === redirect.toAddress);
  return {
    type: 'redirect',
    name,
    options: {
      name: `${redirect.chute}/${plainText(redirect.name)}`,
      // OpenWrt itself lets the LAN in by the uplink's address as well.
      src: 'wan',
      dest: inside === undefined ? null : (around.zones.get(inside.zone) ?? null),
      proto: ['tcp', 'udp'],
      src_dport: from === null ? null : String(from),
      dest_ip: address(redirect.toAddress, label),
      dest_port: to === null ? null : String(to),
      target: 'DNAT',
    },
  };
}
