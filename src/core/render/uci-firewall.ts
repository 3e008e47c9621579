import type { FileSection } from '../host-file.ts';
import type { Redirect } from '../network.ts';
import { address } from './addresses.ts';
import { portNumber, redirectsOf } from './nftables.ts';
import { type FilePart, lastingPart } from './rendered.ts';
import { plainName, sectionName, UCI_OWNER, zoneNames, ZONES_TAKEN } from './uci-names.ts';
import { type UciSection, uciSectionText } from './uci-text.ts';
import {
  collected,
  identifier,
  plainText,
  type Wired,
  type WiredChute,
  type Wiring,
} from './wiring.ts';

/** Zones, rules and redirects as OpenWrt's firewall has them. Pure. Throws RIPCORD_PLAN_INVALID. */
export function renderUciFirewall(chutes: readonly WiredChute[]): readonly (FilePart | null)[] {
  const isRedirected = chutes.some(({ redirects }) => redirects.length > 0);
  const zones = isRedirected || !isPlain(chutes) ? zoneNames(collected(chutes, 'zoned')) : null;
  const inside = zones && isRedirected ? zonesByAddress(chutes, zones) : new Map<string, string>();
  return chutes.map((each): FilePart | null => {
    const part = zonesPart(each.wired, zones);
    if (each.redirects.length === 0) return part;
    return [each.wired.chute, { ...part?.[1], ...redirectsPart(each, inside) }];
  });
}

/** Whether every zone is called after its device alone, because no other is called like that. */
function isPlain(chutes: readonly WiredChute[]): boolean {
  const taken = new Set(ZONES_TAKEN);
  for (const { wired } of chutes)
    for (const name of plainZones(wired)) {
      if (taken.has(name)) return false;
      taken.add(name);
    }
  return true;
}

function plainZones({ rendered, zoned }: Wired): readonly string[] {
  rendered.uciNames ??= zoned.map(({ zone }) => plainName(zone));
  return rendered.uciNames;
}

/** The zone that an address of a chute is in. */
function zonesByAddress(
  chutes: readonly WiredChute[],
  zones: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { wired } of chutes)
    for (const { zone, given } of wired.zoned) {
      const name = zones.get(zone);
      if (given.chuteAddress === null || name === undefined) continue;
      if (!found.has(given.chuteAddress)) found.set(given.chuteAddress, name);
    }
  return found;
}

/** Without `zones` they are called after their devices. */
function zonesPart(wired: Wired, zones: ReadonlyMap<string, string> | null): FilePart | null {
  const { rendered, zoned, chute } = wired;
  const plain = plainZones(wired);
  const names = zones === null ? plain : zoned.map(({ zone }) => zones.get(zone) ?? zone);
  const known = rendered.uciZones;
  if (known && (names === known.names || names.every((name, at) => name === known.names[at])))
    return known.part;
  const texts = zoned.map((wiring, at) => zoneText(wiring, names[at] ?? ''));
  const part = lastingPart(chute, texts.length === 0 ? null : { '1 zones': texts.join('') });
  rendered.uciZones = { names, part };
  return part;
}

const zoneText = (wiring: Wiring, name: string): string =>
  zoneSections(wiring, name).map(uciSectionText).join('');

/** Those of one port stand before all that are of none, whoever they are of. */
function redirectsPart(
  { wired: { chute }, redirects }: WiredChute,
  inside: ReadonlyMap<string, string>,
): FileSection {
  const seen = new Map<string, number>();
  const part: Record<string, string> = {};
  for (const redirect of redirectsOf({ redirects })) {
    const base = [UCI_OWNER, 'redirect', identifier(chute), identifier(redirect.name)];
    const count = (seen.get(base.join('__')) ?? 0) + 1;
    seen.set(base.join('__'), count);
    const name = [...base, ...(count === 1 ? [] : [`n${count}`])].join('__');
    const place = redirect.fromPort === null ? '3 redirects of all ports' : '2 redirects of a port';
    const section = redirectSection(name, { ...redirect, chute }, inside);
    part[place] = `${part[place] ?? ''}${uciSectionText(section)}`;
  }
  return part;
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

function redirectSection(
  name: string,
  redirect: Redirect & { readonly chute: string },
  inside: ReadonlyMap<string, string>,
): UciSection {
  const label = `${redirect.chute}/${redirect.name}`;
  const from = portNumber(redirect.fromPort, label);
  const to = portNumber(redirect.toPort, label);
  return {
    type: 'redirect',
    name,
    options: {
      name: `${redirect.chute}/${plainText(redirect.name)}`,
      // OpenWrt itself lets the LAN in by the uplink's address as well.
      src: 'wan',
      dest: inside.get(redirect.toAddress) ?? null,
      proto: ['tcp', 'udp'],
      src_dport: from === null ? null : String(from),
      dest_ip: address(redirect.toAddress, label),
      dest_port: to === null ? null : String(to),
      target: 'DNAT',
    },
  };
}
