import { addressText } from '../allocate/ipv4.ts';
import type { Json } from '../json.ts';
import type { HostConfig } from '../network.ts';
import { network } from './addresses.ts';
import type { UsedRadio } from './radios.ts';
import { FILE_MARKER, unrenderable } from './rendered.ts';
import { HOST_BRIDGE, linkName, plainText, type Wiring } from './wiring.ts';

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

/** What networks the plan needs on a Linux host. Pure. Throws RIPCORD_PLAN_INVALID. */
export function linksOf(
  host: HostConfig,
  wirings: readonly Wiring[],
  radios: readonly UsedRadio[],
): Links {
  return {
    links: [...hostLinks(host), ...wirings.flatMap(wiredLinks), ...radios.flatMap(wirelessLinks)],
    sysctl: sysctlOf(host, wirings),
  };
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

function wirelessLinks({ id, facts, accessPoints, client }: UsedRadio): readonly Link[] {
  const radio = { radio: id, phy: facts?.phy ?? null } as const;
  const links = accessPoints.map(({ interface: name, bridge, label }, at): Link => {
    return {
      name,
      alias: `ripcord:${label.split('/').map(plainText).join('/')}`,
      kind: 'wireless',
      ...radio,
      mode: 'ap',
      madeBy: at === 0 ? 'iw' : 'hostapd',
      master: bridge,
    };
  });
  if (client === null) return links;
  const mode = client.given.kind === 'wifi-monitor' ? 'monitor' : 'managed';
  return [
    ...links,
    {
      name: client.zone,
      alias: aliasOf(client),
      kind: 'wireless',
      ...radio,
      mode,
      madeBy: facts?.interface === client.zone ? 'host' : 'iw',
      master: null,
    },
  ];
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
function sysctlOf(host: HostConfig, wirings: readonly Wiring[]): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  if (wirings.length > 0) result['net/ipv4/ip_forward'] = '1';
  for (const { given, zone, label } of wirings) {
    if (given.l3bridge === null) continue;
    for (const name of [zone, networkDevice(given.l3bridge, host, label)]) {
      result[`net/ipv4/conf/${name}/proxy_arp`] = '1';
    }
  }
  return result;
}

/** The device of a network of the host: `lan`, `wan`, or a device by its own name. */
function networkDevice(name: string, { wan }: HostConfig, label: string): string {
  if (name === 'lan') return HOST_BRIDGE;
  if (name !== 'wan') return linkName(name, label);
  if (wan.interface === null) throw unrenderable(label, 'the host has no uplink to bridge it to');
  return linkName(wan.interface, label);
}

/** The links as a file: what `readLinks` reads. Pure. */
export function linksText({ links, sysctl }: Links): string {
  const ordered = Object.fromEntries(
    Object.entries(sysctl).toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
  const file: Json = { '#': FILE_MARKER, links: [...links], sysctl: ordered };
  return `${JSON.stringify(file, null, 2)}\n`;
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
