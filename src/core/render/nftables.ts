import { type Network, networkText } from '../allocate/ipv4.ts';
import type { ChuteName } from '../chute.ts';
import type { NetworkPlan, Redirect } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { address, contains, network } from './addresses.ts';
import { HASH_HEADER, inOrder, unrenderable } from './rendered.ts';
import { HOST_BRIDGE, identifier, linkName, plainText, type Wiring, wiringsOf } from './wiring.ts';

/** The one table that is ours; all others belong to somebody else. */
const NFT_TABLE = 'inet ripcord';

/** What a comment may hold: the kernel takes 128 bytes with the closing one. */
const COMMENT_MAX = 127;

/**
 * The ruleset, as one file that replaces our table in one transaction and can be loaded again and
 * again. Pure. Throws RIPCORD_PLAN_INVALID.
 *
 * `pool` is the network that chutes' subnets come from, for masquerading; subnets in use outside of
 * it are named one by one, as are all of them without it and with `auto`.
 */
export function renderNftables(
  plan: NetworkPlan,
  options: { readonly pool?: string | undefined } = {},
): string {
  const zones = wiringsOf(plan).filter(({ given }) => given.kind !== 'wifi-monitor');
  const chains = [
    chain('input', 'type filter hook input priority filter; policy accept;', zones.map(inputJump)),
    chain(
      'forward',
      'type filter hook forward priority filter; policy accept;',
      zones.length === 0 ? [] : [ESTABLISHED, ...zones.flatMap(forwardRules)],
    ),
    chain(
      'output',
      'type filter hook output priority filter; policy accept;',
      zones.map((zone) => `oifname "${zone.zone}" accept ${comment(zone.label)}`),
    ),
    chain(
      'prerouting',
      'type nat hook prerouting priority dstnat; policy accept;',
      redirectsOf(plan).map((each) => redirectRule(plan, each)),
    ),
    chain(
      'postrouting',
      'type nat hook postrouting priority srcnat; policy accept;',
      masqueradeRules(plan, options.pool),
    ),
    ...zones.map(zoneChain),
  ];
  return [
    HASH_HEADER,
    `add table ${NFT_TABLE}\n`,
    `delete table ${NFT_TABLE}\n`,
    `add table ${NFT_TABLE}\n\n`,
    `table ${NFT_TABLE} {\n${chains.join('\n')}}\n`,
  ].join('');
}

const ESTABLISHED = 'ct state established,related accept';

function chain(name: string, hook: string | null, rules: readonly string[]): string {
  const lines = [...(hook === null ? [] : [hook]), ...rules];
  return [`  chain ${name} {\n`, ...lines.map((line) => `    ${line}\n`), '  }\n'].join('');
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
  return chain(zoneName(zone), null, [
    ESTABLISHED,
    ...(served ? ['udp dport 67 accept', 'meta l4proto { tcp, udp } th dport 53 accept'] : []),
    'reject',
  ]);
}

/** A redirect and whose it is. */
export type OwnedRedirect = Redirect & { readonly chute: ChuteName };

/**
 * All redirects, in an order that does not depend on how the plan was put together: those of one
 * port first, or one of all ports would take theirs. Pure.
 */
export function redirectsOf(plan: NetworkPlan): readonly OwnedRedirect[] {
  return inOrder(plan.chutes)
    .flatMap(([chute, { redirects }]) => redirects.map((redirect) => ({ ...redirect, chute })))
    .toSorted(
      (left, right) =>
        Number(left.fromPort === null) - Number(right.fromPort === null) ||
        textOrder(left.chute, right.chute) ||
        textOrder(left.name, right.name) ||
        (left.fromPort ?? 0) - (right.fromPort ?? 0) ||
        textOrder(left.toAddress, right.toAddress) ||
        (left.toPort ?? 0) - (right.toPort ?? 0),
    );
}

function redirectRule(plan: NetworkPlan, redirect: OwnedRedirect): string {
  const label = `${redirect.chute}/${redirect.name}`;
  const to = address(redirect.toAddress, label);
  const from = portNumber(redirect.fromPort, label);
  const target = redirect.toPort === null ? to : `${to}:${portNumber(redirect.toPort, label)}`;
  return [
    entrance(plan, from),
    // Only what is meant for the host itself: what it passes on to others is not ours to take.
    'fib daddr type local meta l4proto { tcp, udp }',
    ...(from === null ? [] : [`th dport ${from}`]),
    `dnat ip to ${target}`,
    comment(label),
  ].join(' ');
}

/**
 * Where a redirect listens: the host's uplink, and with a port also its own LAN, which reaches the
 * same addresses. Without a port the LAN is left out, or its members could not reach the host at all.
 */
function entrance(plan: NetworkPlan, from: number | null): string {
  const { wan } = plan.host;
  if (wan.interface !== null) {
    const uplink = linkName(wan.interface, 'the uplink');
    return from === null ? `iifname "${uplink}"` : `iifname { "${HOST_BRIDGE}", "${uplink}" }`;
  }
  const own = wiringsOf(plan).map(({ zone }) => `"${zone}"`);
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
function masqueradeRules(plan: NetworkPlan, pool: string | undefined): readonly string[] {
  const { wan } = plan.host;
  if (wan.interface === null) return [];
  const uplink = linkName(wan.interface, 'the uplink');
  return insideNetworks(plan, pool).map(
    (each) => `oifname "${uplink}" ip saddr ${networkText(each)} masquerade ${comment('wan')}`,
  );
}

function insideNetworks(plan: NetworkPlan, given: string | undefined): readonly Network[] {
  const { lan, system } = plan.host;
  const pool = given ?? (system.chuteSubnetPool === 'auto' ? null : system.chuteSubnetPool);
  const inside = [
    ...(pool === null ? [] : [network(pool, 'the subnet pool')]),
    ...wiringsOf(plan).flatMap(({ given: { subnet }, label }) =>
      subnet === null ? [] : [network(subnet, label)],
    ),
  ];
  if (lan.ipaddr !== null) {
    inside.push(network(`${lan.ipaddr}/${lan.netmask ?? '255.255.255.0'}`, 'the LAN'));
  }
  return inside
    .filter(
      (each, at) => !inside.some((other, place) => place !== at && covers(other, each, place < at)),
    )
    .toSorted((left, right) => left.first - right.first);
}

/** Whether `other` makes `each` superfluous; of two that are equal the first one stays. */
function covers(other: Network, each: Network, before: boolean): boolean {
  return contains(other, each) && (before || !contains(each, other));
}

/** Who a rule belongs to; read back from the kernel when somebody asks. */
function comment(label: string): string {
  const [chute = '', ...rest] = label.split('/');
  const name = rest.length === 0 ? '' : `/${plainText(rest.join('/'))}`;
  return `comment "${`ripcord:${plainText(chute)}${name}`.slice(0, COMMENT_MAX)}"`;
}
