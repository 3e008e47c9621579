import type { Network } from '../allocate/ipv4.ts';
import type { ChuteName } from '../chute.ts';
import type { InterfaceAllocation, Redirect } from '../network.ts';
import { rememberOwned } from '../remember.ts';
import { network } from './addresses.ts';
import { type FilePart, inOrder, type RenderedFiles, unrenderable } from './rendered.ts';

/** The bridge of the host's own LAN; VLANs are taken from it. */
export const HOST_BRIDGE = 'br-lan';

/**
 * How an interface of a chute is put together on the host: a bridge with our address, the device
 * that clients come in by, and one end of a veth pair whose other end goes into the chute. Thus
 * host, chute and clients are on one network. Stations and monitors go into the chute whole.
 */
export type Wiring = {
  readonly chute: ChuteName;
  readonly given: InterfaceAllocation;
  /** What carries our address, the zone and DHCP: `outside`, unless that is a port of the host. */
  readonly zone: string;
  /** The device that clients come in by; null for a station or monitor, which is `zone` itself. */
  readonly port: string | null;
  /** The veth pair: our end, which is in the bridge, and the chute's. */
  readonly veth: { readonly host: string; readonly chute: string } | null;
  /** `hello/wlan0`: for comments and refusals. */
  readonly label: string;
};

/**
 * A chute's part of the network, the same one for the same interfaces: what is rendered of it is kept
 * in it, so that a thousand chutes that stay as they are cost a thousand looks.
 */
export type Wired = {
  readonly chute: ChuteName;
  /** By name. */
  readonly wirings: readonly Wiring[];
  /** Every device on the host that is ours by it. */
  readonly devices: readonly string[];
  readonly wireless: readonly Wiring[];
  readonly l3bridged: readonly Wiring[];
  readonly networks: readonly Network[];
  /** Those that have a zone of their own on OpenWrt. */
  readonly zoned: readonly Wiring[];
  /** What was rendered of it, by what it was rendered for. */
  readonly rendered: Rendered;
};

/** What a chute's interfaces have in each file; null where that is nothing. */
type Rendered = {
  rules?: FilePart | null;
  links?: FilePart | null;
  dnsmasq?: RenderedFiles;
  uciNetwork?: FilePart | null;
  uciDhcp?: FilePart | null;
  uciNames?: readonly string[];
  uciZones?: { readonly names: readonly string[]; readonly part: FilePart | null };
};

/** A chute that has interfaces or redirects: its part of the host's configuration is made of this. */
export type WiredChute = { readonly wired: Wired; readonly redirects: readonly Redirect[] };

/**
 * Refuses that two chutes have one device: two of these, or one of them and one that stays as it is. Pure.
 * Throws RIPCORD_PLAN_INVALID.
 */
export function checkDevices(
  chutes: readonly WiredChute[],
  holderOf: (device: string) => ChuteName | undefined,
): void {
  const taken = new Map([[HOST_BRIDGE, 'the host']]);
  for (const each of chutes.flatMap(({ wired }) => wired.wirings))
    for (const name of devicesOf(each)) {
      const other = taken.get(name) ?? holderOf(name);
      if (other !== undefined) throw unrenderable(each.label, `${other} has ${name} already`);
      taken.set(name, each.label);
    }
}

/** Those of all chutes, of whom most may have none. Pure. */
export function collected(
  chutes: readonly WiredChute[],
  what: 'l3bridged' | 'wireless' | 'zoned',
): readonly Wiring[] {
  const all: Wiring[] = [];
  for (const { wired } of chutes) for (const each of wired[what]) all.push(each);
  return all;
}

/** What of the host's network a chute has by its interfaces. Pure. Throws RIPCORD_PLAN_INVALID. */
export const wiredOf: (chute: ChuteName, interfaces: Interfaces) => Wired = rememberOwned(
  (chute, interfaces: Interfaces): Wired => {
    const wirings = inOrder(interfaces).map(([, given]) => wire(chute, given));
    return {
      chute,
      wirings,
      devices: wirings.flatMap(devicesOf),
      wireless: wirings.filter(({ given }) => given.kind.startsWith('wifi-')),
      l3bridged: wirings.filter(({ given }) => given.l3bridge !== null),
      networks: wirings.flatMap(({ given: { subnet }, label }) =>
        subnet === null ? [] : [network(subnet, label)],
      ),
      zoned: wirings.filter(({ veth }) => veth !== null),
      rendered: {},
    };
  },
);

type Interfaces = Readonly<Record<string, InterfaceAllocation>>;

const devicesOf = ({ zone, port, veth }: Wiring): readonly string[] =>
  [zone, port, veth?.host, veth?.chute].filter((name) => typeof name === 'string');

function wire(chute: ChuteName, given: InterfaceAllocation): Wiring {
  const label = `${chute}/${given.inside}`;
  const outside = linkName(given.outside, label);
  linkName(given.inside, label);
  if (given.kind === 'wifi-sta' || given.kind === 'wifi-monitor') {
    return { chute, given, zone: outside, port: null, veth: null, label };
  }
  const port = given.kind === 'lan' ? portOf(given, label) : derived(outside, 'w');
  const zone = port === outside ? derived(outside, 'b') : outside;
  const veth = { host: derived(outside, 'h'), chute: derived(outside, 'c') };
  return { chute, given, zone, port, veth, label };
}

function portOf({ device }: InterfaceAllocation, label: string): string {
  if (device === null) throw unrenderable(label, 'it was given no port');
  return linkName(device, label);
}

/**
 * A name for a device that belongs to another, at most 15 characters. With a dot in it, so that it
 * never passes for a device of the host itself when that is observed. Pure.
 */
export function derived(name: string, what: string): string {
  if (name.length <= 13) return `${name}.${what}`;
  return `${name.slice(0, 5)}${shortHash(name)}.${what}`;
}

/** FNV-1a over UTF-16 units, 7 characters: spreads names, guards nothing. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36).padStart(7, '0');
}

/** The text itself if it can name a network device. Throws RIPCORD_PLAN_INVALID. Pure. */
export function linkName(text: string, what: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/.test(text)) return text;
  throw unrenderable(what, `${JSON.stringify(text)} is not a name for an interface`);
}

/**
 * Any text as a word of letters, digits and `_`, where `_` begins an escaped byte (`-` is `_2d`).
 * Different texts stay different. Pure.
 */
export function identifier(text: string): string {
  return escaped(text, /[A-Za-z0-9]/, '_');
}

/** Any text as one safe word of a comment or file name, other bytes as `%hh`. Pure. */
export function plainText(text: string): string {
  return escaped(text, /[A-Za-z0-9_.:@-]/, '%');
}

function escaped(text: string, safe: RegExp, sign: string): string {
  let result = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    result +=
      byte < 128 && safe.test(character)
        ? character
        : `${sign}${byte.toString(16).padStart(2, '0')}`;
  }
  return result;
}
