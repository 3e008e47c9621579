import type { HostConfig, Radio } from '../network.ts';
import { address, leaseRange, netmask, network } from './addresses.ts';
import { leasesFile, leaseTime, relayPair, upstream } from './dnsmasq.ts';
import { vlanId } from './links.ts';
import { usedRadios } from './radios.ts';
import {
  type FilePart,
  HASH_HEADER,
  HOST_SECTION,
  joinParts,
  lastingPart,
  placeNumber,
  unrenderable,
} from './rendered.ts';
import { ROOT_TOKEN } from './tokens.ts';
import { renderUciFirewall } from './uci-firewall.ts';
import { sectionName } from './uci-names.ts';
import { type UciSection, uciSectionText } from './uci-text.ts';
import { renderUciWireless } from './uci-wireless.ts';
import { HOST_BRIDGE, linkName, type Wired, type WiredChute, type Wiring } from './wiring.ts';

/** Our sections of OpenWrt's files, each with the comment above them. */
export type UciFiles = {
  readonly network: readonly FilePart[];
  readonly wireless: readonly FilePart[];
  readonly dhcp: readonly FilePart[];
  readonly firewall: readonly FilePart[];
};

/**
 * The plan as OpenWrt is configured; `mergeUci` puts it into the files that are there. Pure.
 *
 * The sections of `lan`, `wan` and of radios that OpenWrt made are the host's own and stay as they
 * are: a radio's `section` in the host configuration says which one is meant.
 * Throws RIPCORD_PLAN_INVALID.
 */
export function renderUci(
  host: HostConfig,
  chutes: readonly WiredChute[],
  radios: Readonly<Record<string, Radio>> = {},
): UciFiles {
  const wireless = renderUciWireless(usedRadios(host, chutes, radios));
  return {
    network: fileOf(chutes.map(({ wired }) => networkPart(wired))),
    wireless: joinParts(
      fileOf(
        wireless.map(({ owner, section }, at) => [
          owner,
          { [`1 radios ${placeNumber(at)}`]: uciSectionText(section) },
        ]),
      ),
    ),
    dhcp: fileOf(chutes.map(({ wired }) => dhcpPart(wired))),
    firewall: fileOf(renderUciFirewall(chutes)),
  };
}

function fileOf(parts: readonly (FilePart | null)[]): readonly FilePart[] {
  const file: FilePart[] = [[HOST_SECTION, { '0': HASH_HEADER }]];
  for (const part of parts) if (part) file.push(part);
  return file;
}

function networkPart({ chute, wirings, rendered }: Wired): FilePart | null {
  if (rendered.uciNetwork !== undefined) return rendered.uciNetwork;
  rendered.uciNetwork = partOf(chute, wirings.flatMap(networkSections));
  return rendered.uciNetwork;
}

function dhcpPart({ chute, wirings, rendered }: Wired): FilePart | null {
  if (rendered.uciDhcp !== undefined) return rendered.uciDhcp;
  rendered.uciDhcp = partOf(chute, wirings.flatMap(dhcpSections));
  return rendered.uciDhcp;
}

const partOf = (chute: string, sections: readonly UciSection[]): FilePart | null =>
  lastingPart(chute, sections.length === 0 ? null : { '1': sections.map(uciSectionText).join('') });

function networkSections(wiring: Wiring): readonly UciSection[] {
  const { given, zone, port, veth, label } = wiring;
  if (port === null || veth === null) return [];
  const { subnet, hostAddress } = given;
  const wired = given.kind === 'wifi-ap' ? [] : [port];
  const sections: UciSection[] = [];
  const add = (type: string, part: string | null, options: UciSection['options']): void => {
    sections.push({ type, name: sectionName(zone, part), options });
  };
  if (given.kind === 'vlan') {
    const vid = String(vlanId(given.vlanId, label));
    add('device', 'vlan', { type: '8021q', ifname: HOST_BRIDGE, vid, name: port });
  }
  add('device', 'veth', { type: 'veth', name: veth.host, peer_name: veth.chute });
  add('device', 'bridge', {
    type: 'bridge',
    name: zone,
    bridge_empty: '1',
    ports: [...wired, veth.host],
  });
  add('interface', null, {
    proto: hostAddress === null ? 'none' : 'static',
    device: zone,
    ipaddr: hostAddress === null ? null : address(hostAddress, label),
    netmask: hostAddress === null || subnet === null ? null : netmask(network(subnet, label)),
  });
  if (given.l3bridge !== null) {
    const other = linkName(given.l3bridge, label);
    add('interface', 'relay', { proto: 'relay', network: [sectionName(zone, null), other] });
  }
  return sections;
}

function dhcpSections({ chute, given, zone, label: owner }: Wiring): readonly UciSection[] {
  const { dhcp, subnet, hostAddress, chuteAddress, inside } = given;
  if (dhcp === null) return [];
  const label = `dhcp of ${owner}`;
  if (subnet === null || hostAddress === null || chuteAddress === null) {
    throw unrenderable(label, 'the interface has no network');
  }
  const own = sectionName(zone, null);
  const server: UciSection = {
    type: 'dnsmasq',
    name: sectionName(zone, 'dnsmasq'),
    options: {
      interface: [own],
      notinterface: ['loopback'],
      leasefile: { tokens: `${ROOT_TOKEN}/${leasesFile(chute, inside)}` },
      authoritative: dhcp.relay.length === 0 ? '1' : '0',
      noresolv: dhcp.dns.length === 0 ? null : '1',
      server: dhcp.dns.map((each) => upstream(each, label)),
    },
  };
  const relays = dhcp.relay.map((each, at): UciSection => {
    const [local = '', remote = '', by = null] = relayPair(each, hostAddress, label).split(',');
    return {
      type: 'relay',
      name: sectionName(zone, `relay${at + 1}`),
      // The interface is where the server's answers may come by, not where clients are.
      options: { instance: server.name, interface: by, local_addr: local, server_addr: remote },
    };
  });
  if (dhcp.start === undefined || dhcp.limit === undefined) {
    if (relays.length > 0) return [server, ...relays];
    throw unrenderable(label, 'it has neither a range nor a relay');
  }
  const range = { start: dhcp.start, limit: dhcp.limit };
  leaseRange(network(subnet, label), range, label);
  const pool: UciSection = {
    type: 'dhcp',
    name: sectionName(zone, 'dhcp'),
    options: {
      interface: own,
      instance: server.name,
      start: String(range.start),
      limit: String(range.limit),
      leasetime: leaseTime(dhcp, label),
      dhcp_option: [
        `option:router,${address(chuteAddress, label)}`,
        `option:dns-server,${address(hostAddress, label)}`,
      ],
    },
  };
  return [server, pool, ...relays];
}
