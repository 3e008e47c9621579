import type { ChuteName } from '../chute.ts';
import type { InterfaceAllocation, NetworkPlan, Redirect } from '../network.ts';
import { rememberFrozen, rememberOwned } from '../remember.ts';
import { inOrder, unrenderable } from './rendered.ts';

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

/** A chute that has interfaces or redirects: its part of the host's configuration is made of this. */
export type WiredChute = {
  readonly chute: ChuteName;
  /** By name. Frozen, and the same list for the same interfaces: what follows from it is remembered. */
  readonly wirings: readonly Wiring[];
  readonly redirects: readonly Redirect[];
};

/** All chutes that have any of the network, by name. Pure. Throws RIPCORD_PLAN_INVALID. */
export function wiredChutes(plan: NetworkPlan): readonly WiredChute[] {
  const all = inOrder(plan.chutes).flatMap(([chute, { interfaces, redirects }]): WiredChute[] => {
    const wirings = wiringsOf(chute, interfaces);
    return wirings.length > 0 || redirects.length > 0 ? [{ chute, wirings, redirects }] : [];
  });
  const taken = new Map([[HOST_BRIDGE, 'the host']]);
  for (const { wirings } of all)
    for (const each of wirings)
      for (const name of linksOf(each)) {
        const other = taken.get(name);
        if (other !== undefined) throw unrenderable(each.label, `${other} has ${name} already`);
        taken.set(name, each.label);
      }
  return all;
}

const wiringsOf = rememberOwned(
  (chute, interfaces: Readonly<Record<string, InterfaceAllocation>>): readonly Wiring[] =>
    Object.freeze(inOrder(interfaces).map(([, given]) => Object.freeze(wire(chute, given)))),
);

const linksOf = rememberFrozen(({ zone, port, veth }: Wiring): readonly string[] =>
  [zone, port, veth?.host, veth?.chute].filter((name) => typeof name === 'string'),
);

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
