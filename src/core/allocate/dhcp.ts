import type { Json, JsonObject } from '../json.ts';
import type { Dhcp } from '../network.ts';
import { addressText, networkText, parseAddress, type Network } from './ipv4.ts';
import { countIn, textOf } from './json-text.ts';
import { wrongField, type InterfacePlace, type PlainRefusal } from './refusal.ts';

/** DHCP as it was asked for: the addresses it is about are not known yet. */
export type WantedDhcp = Omit<Dhcp, 'relay'> & {
  /** One address, to which the host's is to be added, or what dnsmasq is given as it is. */
  readonly relay: string | readonly string[] | null;
};

export type DhcpRead =
  | { readonly dhcp: WantedDhcp }
  | { readonly refusals: readonly PlainRefusal[] };

/** Reads what a definition says of DHCP; `dns` of the interface is that of its DHCP. Pure. */
export function readDhcp(
  place: InterfacePlace,
  given: JsonObject,
  interfaceDns: Json | undefined,
): DhcpRead {
  const refusals: PlainRefusal[] = [];
  const refuse = (field: string, reason: string, hint: string): void => {
    refusals.push(wrongField(place, ['dhcp', field], { reason, hint }));
  };
  const relay = relayOf(given['relay'], refuse);
  const range = {
    leasetime: leasetimeOf(given['leasetime'], refuse),
    start: countOf(given['start'], 'start', refuse),
    limit: countOf(given['limit'], 'limit', refuse),
  };
  for (const [field, value] of Object.entries(range)) {
    const half =
      field !== 'leasetime' && (range.start === undefined) !== (range.limit === undefined);
    if (value === undefined && given[field] === undefined && (relay === null || half))
      refuse(field, 'is missing', 'for example leasetime: 12h, start: 10, limit: 100; or a relay');
  }
  const dns = dnsOf(given['dns'] ?? interfaceDns, refuse);
  if (refusals.length > 0) return { refusals };
  const { leasetime, start, limit } = range;
  return {
    dhcp: {
      ...(leasetime === undefined ? {} : { leasetime }),
      ...(start === undefined || limit === undefined ? {} : { start, limit }),
      dns,
      relay,
    },
  };
}

/**
 * Why addresses cannot be given out in this network, or null. Pure.
 *
 * The first two are ours and the chute's, the last is everybody's.
 */
export function wrongRange(
  { start, limit }: Pick<WantedDhcp, 'start' | 'limit'>,
  network: Network,
): { readonly field: 'start' | 'limit'; readonly reason: string; readonly hint: string } | null {
  if (start === undefined || limit === undefined) return null;
  const last = network.last - network.first - 1;
  if (start < FIRST)
    return {
      field: 'start',
      reason: `is ${start}: ${addressText(network.first + start)} is not for clients`,
      hint: `begin at ${FIRST}: the two before are the host's and the chute's`,
    };
  if (start + limit - 1 > last) {
    const room = last - start + 1;
    return {
      field: 'limit',
      reason: `is ${limit} from ${start}: the range ends outside ${networkText(network)}`,
      hint:
        room > 0
          ? `at most ${room}, or ask for a larger ipv4_network`
          : 'ask for a larger ipv4_network',
    };
  }
  return null;
}

/** DHCP with the host's address known. Pure. */
export function dhcpAt(wanted: WantedDhcp, hostAddress: string): Dhcp {
  const { relay } = wanted;
  if (relay === null) return { ...wanted, relay: [] };
  return { ...wanted, relay: typeof relay === 'string' ? [`${hostAddress},${relay}`] : relay };
}

const FIRST = 3;

type Refuse = (field: string, reason: string, hint: string) => void;

function leasetimeOf(given: Json | undefined, refuse: Refuse): string | undefined {
  if (given === undefined) return undefined;
  const text = textOf(given) ?? '';
  if (!/^([1-9]\d{0,8}[smhdw]?|infinite)$/.test(text))
    refuse('leasetime', `is no time: ${text}`, 'for example 12h, 30m or infinite');
  return text;
}

function countOf(given: Json | undefined, field: string, refuse: Refuse): number | undefined {
  if (given === undefined) return undefined;
  const count = countIn(given);
  if (count === null)
    refuse(field, `is no count: ${JSON.stringify(given)}`, 'a whole number from 1');
  return count ?? undefined;
}

/** A server, or our address and the server's, and perhaps the interface that its answers come by. */
function isRelay(text: string): boolean {
  const [ours = '', server = ours, by = 'any', ...rest] = text
    .split(',')
    .map((part) => part.trim());
  const addresses = parseAddress(ours) !== null && parseAddress(server) !== null;
  return addresses && /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/.test(by) && rest.length === 0;
}

function relayOf(given: Json | undefined, refuse: Refuse): WantedDhcp['relay'] {
  if (given === undefined || given === null) return null;
  if (Array.isArray(given)) {
    const list = textsOf(given as readonly Json[]);
    const wrong = list.find((each) => !isRelay(each));
    if (wrong !== undefined || list.length === 0)
      refuse('relay', `is no relay: ${wrong ?? 'an empty list'}`, 'for example 10.0.0.1,10.0.0.9');
    return list;
  }
  const text = textOf(given) ?? '';
  if (parseAddress(text) === null)
    refuse('relay', `is no IPv4 address: ${text}`, 'the address of the DHCP server, e.g. 10.0.0.9');
  return text;
}

/** Eight groups of hexadecimal digits, or fewer around one `::`. */
function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::');
  const groups = [head, tail ?? ''].flatMap((part) => (part === '' ? [] : part.split(':')));
  const fits = tail === undefined ? groups.length === 8 : groups.length < 8;
  return fits && more.length === 0 && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group));
}

function dnsOf(given: Json | undefined, refuse: Refuse): readonly string[] {
  if (given === undefined || given === null) return [];
  const list = textsOf(Array.isArray(given) ? (given as readonly Json[]) : [given]);
  const wrong = list.find((each) => parseAddress(each) === null && !isIpv6(each));
  if (wrong !== undefined) refuse('dns', `is no IP address: ${wrong}`, 'for example 9.9.9.9');
  return list;
}

const textsOf = (list: readonly Json[]): readonly string[] =>
  list.map((each) => textOf(each) ?? '');
