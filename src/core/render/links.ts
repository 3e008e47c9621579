import { addressText } from '../allocate/ipv4.ts';
import type { FileSection } from '../host-file.ts';
import type { HostConfig } from '../network.ts';
import { network } from './addresses.ts';
import type { UsedRadio } from './radios.ts';
import {
  FILE_MARKER,
  type FilePart,
  HOST_SECTION,
  joinParts,
  lastingPart,
  placeNumber,
  unrenderable,
} from './rendered.ts';
import {
  collected,
  HOST_BRIDGE,
  linkName,
  plainText,
  type Wired,
  type WiredChute,
  type Wiring,
} from './wiring.ts';

/** One network device of the host that is ours, or that is lent to us. */
export type Link = {
  readonly name: string;
  /** `ripcord:<chute>/<interface>`: the mark on the device by which a probe knows it. */
  readonly alias: string;
} & (
  | {
      readonly kind: 'bridge';
      /** CIDR. */
      readonly address: string | null;
    }
  | { readonly kind: 'vlan'; readonly parent: string; readonly id: number; readonly master: string }
  | {
      readonly kind: 'veth';
      readonly master: string;
      /** The end that goes into the chute, and what it is there. */
      readonly peer: string;
      readonly inside: {
        readonly name: string;
        readonly address: string | null;
        readonly gateway: string | null;
      };
    }
  /** A port of the host: never made or removed, only put into a bridge and taken out again. */
  | { readonly kind: 'port'; readonly master: string }
  /** Made with `iw` on the radio, by hostapd from the second access point on, or there and lent. */
  | {
      readonly kind: 'wireless';
      readonly radio: string;
      readonly phy: string | null;
      readonly mode: 'ap' | 'managed' | 'monitor';
      readonly madeBy: 'iw' | 'hostapd' | 'host';
      readonly master: string | null;
    }
);

/** All links of ours in the order in which they are made, and the kernel's settings for them. */
export type Links = {
  readonly links: readonly Link[];
  /** By path below `/proc/sys`. */
  readonly sysctl: Readonly<Record<string, string>>;
};

/** Where in the file what stands. */
const PLACES = {
  head: '0 links',
  wired: '1 links',
  wireless: '2 links',
  tail: '3 settings',
} as const;

/**
 * What networks the plan needs on a Linux host, as the file that `readLinks` reads. Pure.
 * Throws RIPCORD_PLAN_INVALID.
 */
export function renderLinks(
  host: HostConfig,
  chutes: readonly WiredChute[],
  radios: readonly UsedRadio[],
): readonly FilePart[] {
  const own = hostLinks(host);
  const parts: FilePart[] = [];
  for (const { wired } of chutes) {
    const part = wiredPart(wired);
    if (part) parts.push(part);
  }
  const wireless = radios.flatMap(wirelessLinks).map(({ owner, link }, at): FilePart => {
    return [owner, { [`${PLACES.wireless} ${placeNumber(at)}`]: item(link) }];
  });
  const isEmpty = own.length + parts.length + wireless.length === 0;
  // The first of all has no comma before it: the section that begins with it is another one then.
  const firsts = parts.length > 0 ? parts : wireless;
  const [first] = firsts;
  if (own.length === 0 && first) firsts[0] = withoutComma(first);
  const sysctl = Object.entries(sysctlOf(host, chutes)).map(
    ([key, value]) => `\n    ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const frame: FileSection = {
    [PLACES.head]: [
      `{\n  "#": ${JSON.stringify(FILE_MARKER)},\n  "links": [`,
      own.map(item).join('').slice(1),
    ].join(''),
    [PLACES.tail]: [
      isEmpty ? '],\n' : '\n  ],\n',
      sysctl.length === 0 ? '  "sysctl": {}' : `  "sysctl": {${sysctl.join(',')}\n  }`,
      '\n}\n',
    ].join(''),
  };
  const all: readonly FilePart[] = [[HOST_SECTION, frame], ...parts];
  return wireless.length === 0 ? all : joinParts([...all, ...wireless]);
}

/** A link as one more of the list. */
const item = (link: Link): string =>
  `,\n${JSON.stringify(link, null, 2).replaceAll(/^/gm, '    ')}`;

function withoutComma([owner, part]: FilePart): FilePart {
  const [place = ''] = Object.keys(part);
  return [owner, { ...part, [place]: (part[place] ?? '').slice(1) }];
}

function wiredPart({ chute, wirings, rendered }: Wired): FilePart | null {
  if (rendered.links !== undefined) return rendered.links;
  const text = wirings.flatMap(wiredLinks).map(item).join('');
  rendered.links = lastingPart(chute, text === '' ? null : { [PLACES.wired]: text });
  return rendered.links;
}

/** The host's own bridge; one that was there before us is not ours to make. */
function hostLinks({ lan }: HostConfig): readonly Link[] {
  if (lan.interfaces.length === 0) return [];
  const alias = 'ripcord:lan';
  const address =
    lan.ipaddr === null
      ? null
      : within(lan.ipaddr, `${lan.ipaddr}/${lan.netmask ?? 24}`, 'the LAN');
  return [
    { name: HOST_BRIDGE, alias, kind: 'bridge', address },
    ...lan.interfaces.map((name): Link => {
      return { name: linkName(name, 'the LAN'), alias, kind: 'port', master: HOST_BRIDGE };
    }),
  ];
}

function wiredLinks({ chute, given, zone, port, veth, label }: Wiring): readonly Link[] {
  if (veth === null || port === null) return [];
  const alias = aliasOf({ chute, given });
  const { subnet, hostAddress, chuteAddress } = given;
  const links: Link[] = [
    { name: zone, alias, kind: 'bridge', address: inSubnet(hostAddress, subnet, label) },
  ];
  if (given.kind === 'vlan') {
    links.push({
      name: port,
      alias,
      kind: 'vlan',
      parent: HOST_BRIDGE,
      id: vlanId(given.vlanId, label),
      master: zone,
    });
  }
  if (given.kind === 'lan') links.push({ name: port, alias, kind: 'port', master: zone });
  const address = inSubnet(chuteAddress, subnet, label);
  links.push({
    name: veth.host,
    alias,
    kind: 'veth',
    master: zone,
    peer: veth.chute,
    inside: { name: given.inside, address, gateway: hostAddress },
  });
  return links;
}

type OwnedLink = { readonly owner: string; readonly link: Link };

function wirelessLinks({ id, facts, accessPoints, client }: UsedRadio): readonly OwnedLink[] {
  const radio = { radio: id, phy: facts?.phy ?? null } as const;
  const links = accessPoints.map(({ chute, interface: name, bridge, label }, at): OwnedLink => {
    const alias = `ripcord:${label.split('/').map(plainText).join('/')}`;
    const madeBy = at === 0 ? 'iw' : 'hostapd';
    return {
      owner: chute ?? HOST_SECTION,
      link: { name, alias, kind: 'wireless', ...radio, mode: 'ap', madeBy, master: bridge },
    };
  });
  if (client === null) return links;
  const link: Link = {
    name: client.zone,
    alias: aliasOf(client),
    kind: 'wireless',
    ...radio,
    mode: client.given.kind === 'wifi-monitor' ? 'monitor' : 'managed',
    madeBy: facts?.interface === client.zone ? 'host' : 'iw',
    master: null,
  };
  return [...links, { owner: client.chute, link }];
}

const aliasOf = ({ chute, given }: Pick<Wiring, 'chute' | 'given'>): string =>
  `ripcord:${plainText(chute)}/${plainText(given.inside)}`;

/** A VLAN's number. Pure. Throws RIPCORD_PLAN_INVALID. */
export function vlanId(id: number | null, label: string): number {
  if (id !== null && Number.isInteger(id) && id >= 1 && id <= 4094) return id;
  throw unrenderable(label, `${id} is not a VLAN id`);
}

function inSubnet(address: string | null, subnet: string | null, label: string): string | null {
  return address === null || subnet === null ? null : within(address, subnet, label);
}

/** An address with the prefix of its network. */
function within(address: string, subnet: string, label: string): string {
  const { first, prefix } = network(subnet, label);
  const own = network(`${address}/${prefix}`, label);
  if (own.first === first) return `${address}/${prefix}`;
  throw unrenderable(label, `${address} is not in ${addressText(first)}/${prefix}`);
}

/** Forwarding, and proxy ARP on both sides of an interface that is bridged on layer 3. */
function sysctlOf(
  host: HostConfig,
  chutes: readonly WiredChute[],
): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  if (chutes.some(({ wired }) => wired.wirings.length > 0)) result['net/ipv4/ip_forward'] = '1';
  for (const { given, zone, label } of collected(chutes, 'l3bridged')) {
    if (given.l3bridge === null) continue;
    for (const name of [zone, networkDevice(given.l3bridge, host, label)]) {
      result[`net/ipv4/conf/${name}/proxy_arp`] = '1';
    }
  }
  return Object.fromEntries(
    Object.entries(result).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}

/** The device of a network of the host: `lan`, `wan`, or a device by its own name. */
function networkDevice(name: string, { wan }: HostConfig, label: string): string {
  if (name === 'lan') return HOST_BRIDGE;
  if (name !== 'wan') return linkName(name, label);
  if (wan.interface === null) throw unrenderable(label, 'the host has no uplink to bridge it to');
  return linkName(wan.interface, label);
}

/** The links that a file of ours says. Pure. Throws RIPCORD_PLAN_INVALID for a file that is not ours. */
export function readLinks(text: string): Links {
  try {
    const file = JSON.parse(text) as { readonly '#'?: unknown } & Links;
    if (file['#'] === FILE_MARKER) return { links: file.links, sysctl: file.sysctl };
  } catch {
    // Not even JSON: told below.
  }
  throw unrenderable('the change of links', 'the file that tells the present ones is not ours');
}
