import { networkText } from '../allocate/ipv4.ts';
import type { FileSection } from '../host-file.ts';
import type { HostConfig, Redirect } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { address } from './addresses.ts';
import { insideNetworks } from './inside-networks.ts';
import {
  type FilePart,
  HASH_HEADER,
  HOST_SECTION,
  joinParts,
  lastingPart,
  unrenderable,
} from './rendered.ts';
import {
  HOST_BRIDGE,
  identifier,
  linkName,
  plainText,
  type Wired,
  type WiredChute,
  type Wiring,
} from './wiring.ts';

/** The one table that is ours; all others belong to somebody else. */
const NFT_TABLE = 'inet ripcord';

/** What a comment may hold: the kernel takes 128 bytes with the closing one. */
const COMMENT_MAX = 127;

/** Where in the file what stands. */
const PLACES = {
  table: '00 table',
  input: '10 input',
  forward: '20 forward',
  forwarding: '21 forward',
  output: '30 output',
  leaving: '31 output',
  prerouting: '40 prerouting',
  redirects: '41 redirects of a port',
  redirectsOfAll: '42 redirects of all ports',
  postrouting: '50 postrouting',
  masquerade: '51 masquerade',
  zones: '60 zones',
  chains: '61 zones',
  end: '70 end',
} as const;

/**
 * The ruleset, as one file that replaces our table in one transaction and can be loaded again and
 * again. Pure. Throws RIPCORD_PLAN_INVALID.
 *
 * `pool` is the network that chutes' subnets come from, for masquerading; subnets in use outside of
 * it are named one by one, as are all of them without it and with `auto`.
 */
export function renderNftables(
  host: HostConfig,
  chutes: readonly WiredChute[],
  options: { readonly pool?: string | undefined } = {},
): readonly FilePart[] {
  const enter = rememberedEntrance(host, chutes);
  const masquerade = new Map(
    masqueradeParts(host, chutes, options.pool).map(([of, part]) => [of, part]),
  );
  const parts: FilePart[] = [];
  let isZoned = false;
  for (const { wired, redirects } of chutes) {
    const zones = zonesOf(wired);
    isZoned ||= zones !== null;
    const rules = masquerade.size > 0 ? masquerade.get(wired.chute) : undefined;
    if (redirects.length === 0 && !rules) {
      if (zones) parts.push(zones);
      continue;
    }
    const others = { ...redirectsPart({ wired, redirects }, enter), ...rules };
    parts.push([wired.chute, { ...zones?.[1], ...others }]);
  }
  return [[HOST_SECTION, { ...frame(isZoned), ...masquerade.get(HOST_SECTION) }], ...parts];
}

const ESTABLISHED = 'ct state established,related accept';

const line = (rule: string): string => `    ${rule}\n`;

const opened = (name: string, ...rules: readonly string[]): string =>
  `  chain ${name} {\n${rules.map(line).join('')}`;

const filter = (hook: string): string => `type filter hook ${hook} priority filter; policy accept;`;

const nat = (hook: string, priority: string): string =>
  `type nat hook ${hook} priority ${priority}; policy accept;`;

const CLOSED = '  }\n';

/** What the host has of the file: every chain but those of zones, without the rules in them. */
function frame(isZoned: boolean): FileSection {
  const next = (chain: string): string => `${CLOSED}\n${chain}`;
  return {
    [PLACES.table]: [
      HASH_HEADER,
      `add table ${NFT_TABLE}\n`,
      `delete table ${NFT_TABLE}\n`,
      `add table ${NFT_TABLE}\n\n`,
      `table ${NFT_TABLE} {\n`,
      opened('input', filter('input')),
    ].join(''),
    [PLACES.forward]: next(opened('forward', filter('forward'), ...(isZoned ? [ESTABLISHED] : []))),
    [PLACES.output]: next(opened('output', filter('output'))),
    [PLACES.prerouting]: next(opened('prerouting', nat('prerouting', 'dstnat'))),
    [PLACES.postrouting]: next(opened('postrouting', nat('postrouting', 'srcnat'))),
    [PLACES.zones]: CLOSED,
    [PLACES.end]: '}\n',
  };
}

/** What the interfaces of a chute have in it. */
function zonesOf({ chute, wirings, rendered }: Wired): FilePart | null {
  if (rendered.rules !== undefined) return rendered.rules;
  rendered.rules = lastingPart(chute, zoneRules(wirings));
  return rendered.rules;
}

function zoneRules(wirings: readonly Wiring[]): FileSection | null {
  const zones = wirings.filter(({ given }) => given.kind !== 'wifi-monitor');
  if (zones.length === 0) return null;
  const all = (rulesOf: (zone: Wiring) => readonly string[]): string =>
    zones.flatMap(rulesOf).map(line).join('');
  return {
    [PLACES.input]: all((zone) => [inputJump(zone)]),
    [PLACES.forwarding]: all(forwardRules),
    [PLACES.leaving]: all(({ zone, label }) => [`oifname "${zone}" accept ${comment(label)}`]),
    [PLACES.chains]: zones.map(zoneChain).join(''),
  };
}

const zoneName = ({ zone }: Wiring): string => `zone_${identifier(zone)}`;

function inputJump(zone: Wiring): string {
  return `iifname "${zone.zone}" jump ${zoneName(zone)} ${comment(zone.label)}`;
}

function forwardRules({ zone, label }: Wiring): readonly string[] {
  return [
    `iifname "${zone}" accept ${comment(label)}`,
    `oifname "${zone}" accept ${comment(label)}`,
  ];
}

/** What reaches the host itself from an interface: answers, and what DHCP needs. */
function zoneChain(zone: Wiring): string {
  const served = zone.given.dhcp !== null;
  const rules = [
    ESTABLISHED,
    ...(served ? ['udp dport 67 accept', 'meta l4proto { tcp, udp } th dport 53 accept'] : []),
    'reject',
  ];
  return `\n${opened(zoneName(zone), ...rules)}${CLOSED}`;
}

/**
 * The redirects of a chute, in an order that does not depend on how the plan was put together: those of
 * one port first, or one of all ports would take theirs. Pure.
 */
export function redirectsOf({ redirects }: Pick<WiredChute, 'redirects'>): readonly Redirect[] {
  return redirects.toSorted(
    (left, right) =>
      Number(left.fromPort === null) - Number(right.fromPort === null) ||
      textOrder(left.name, right.name) ||
      (left.fromPort ?? 0) - (right.fromPort ?? 0) ||
      textOrder(left.toAddress, right.toAddress) ||
      (left.toPort ?? 0) - (right.toPort ?? 0),
  );
}

type Entrance = (from: number | null) => string;

function redirectsPart({ wired, redirects }: WiredChute, enter: Entrance): FileSection {
  if (redirects.length === 0) return {};
  const known = rememberedRedirects.get(redirects);
  const entrances = [enter(1), enter(null)].join('\n');
  if (known?.chute === wired.chute && known.entrances === entrances) return known.part;
  const ordered = redirectsOf({ redirects });
  const rules = (all: readonly Redirect[]): string =>
    all.map((each) => line(redirectRule(wired.chute, each, enter))).join('');
  const ofAll = ordered.filter(({ fromPort }) => fromPort === null);
  const ofPorts = ordered.filter(({ fromPort }) => fromPort !== null);
  const part = {
    ...(ofPorts.length > 0 && { [PLACES.redirects]: rules(ofPorts) }),
    ...(ofAll.length > 0 && { [PLACES.redirectsOfAll]: rules(ofAll) }),
  };
  if (Object.isFrozen(redirects))
    rememberedRedirects.set(redirects, { chute: wired.chute, entrances, part });
  return part;
}

/** The rules of redirects that stay as they are, where they come in as before. */
const rememberedRedirects = new WeakMap<
  readonly Redirect[],
  { readonly chute: string; readonly entrances: string; readonly part: FileSection }
>();

function redirectRule(chute: string, redirect: Redirect, enter: Entrance): string {
  const label = `${chute}/${redirect.name}`;
  const to = address(redirect.toAddress, label);
  const from = portNumber(redirect.fromPort, label);
  const target = redirect.toPort === null ? to : `${to}:${portNumber(redirect.toPort, label)}`;
  return [
    enter(from),
    // Only what is meant for the host itself: what it passes on to others is not ours to take.
    'fib daddr type local meta l4proto { tcp, udp }',
    ...(from === null ? [] : [`th dport ${from}`]),
    `dnat ip to ${target}`,
    comment(label),
  ].join(' ');
}

/** The same for all redirects of a port, and for all of all ports. */
function rememberedEntrance(host: HostConfig, chutes: readonly WiredChute[]): Entrance {
  const known = new Map<boolean, string>();
  return (from) => {
    const text = known.get(from === null) ?? entrance(host, chutes, from);
    known.set(from === null, text);
    return text;
  };
}

/**
 * Where a redirect listens: the host's uplink, and with a port also its own LAN, which reaches the
 * same addresses. Without a port the LAN is left out, or its members could not reach the host at all.
 */
function entrance({ wan }: HostConfig, chutes: readonly WiredChute[], from: number | null): string {
  if (wan.interface !== null) {
    const uplink = linkName(wan.interface, 'the uplink');
    return from === null ? `iifname "${uplink}"` : `iifname { "${HOST_BRIDGE}", "${uplink}" }`;
  }
  const own = chutes.flatMap(({ wired }) => wired.wirings.map(({ zone }) => `"${zone}"`));
  const others = ['"lo"', ...(from === null ? [`"${HOST_BRIDGE}"`] : []), ...own];
  return `iifname != { ${others.join(', ')} }`;
}

/** The port itself, null for all of them. Pure. Throws RIPCORD_PLAN_INVALID. */
export function portNumber(number: number | null, label: string): number | null {
  if (number === null || (Number.isInteger(number) && number >= 1 && number <= 65_535)) {
    return number;
  }
  throw unrenderable(label, `${number} is not a port`);
}

/**
 * Only what leaves by the uplink, and only from the LAN, the chutes' pool, and those networks of
 * chutes that are none of it: asked for by address, or given before the pool was another one.
 */
function masqueradeParts(
  host: HostConfig,
  chutes: readonly WiredChute[],
  pool: string | undefined,
): readonly FilePart[] {
  if (host.wan.interface === null) return [];
  const uplink = linkName(host.wan.interface, 'the uplink');
  const rules = insideNetworks(host, chutes, pool).map(({ owner, network: each }): FilePart => {
    // By where it begins: rules stand in the order of addresses, whoever they are of.
    const place = `${PLACES.masquerade} ${each.first.toString(16).padStart(8, '0')}`;
    const rule = `oifname "${uplink}" ip saddr ${networkText(each)} masquerade ${comment('wan')}`;
    return [owner, { [place]: line(rule) }];
  });
  return joinParts(rules);
}

/** Who a rule belongs to; read back from the kernel when somebody asks. */
function comment(label: string): string {
  const [chute = '', ...rest] = label.split('/');
  const name = rest.length === 0 ? '' : `/${plainText(rest.join('/'))}`;
  return `comment "${`ripcord:${plainText(chute)}${name}`.slice(0, COMMENT_MAX)}"`;
}
