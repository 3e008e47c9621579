import {
  isNetworkAddress,
  type Network,
  networkAround,
  networkText,
  overlap,
  parseAddress,
} from '../allocate/ipv4.ts';
import { NOT_FOR_HOSTS } from '../allocate/subnets.ts';
import type { JsonObject } from '../json.ts';
import { type HostDocument, isMap, items, RADIO_NAMES, section, textOf } from './document.ts';

/** What is wrong with a host configuration whose fields are right one by one. */
export type WrongField = {
  /** The way to the field. */
  readonly keys: readonly PropertyKey[];
  /** Goes on after the field. */
  readonly message: string;
  readonly hint: string;
};

/** Everything that fits nowhere: found here, it is told with its field. Pure. */
export function wrongIn(document: HostDocument): readonly WrongField[] {
  const found: WrongField[] = [];
  const say: Say = (keys, message, hint) => found.push({ keys, message, hint });
  checkPool(document, say);
  checkLan(document, say);
  checkAddress(section(document, 'wan'), ['wan'], say);
  for (const [at, each] of items(document, 'wifi').entries()) checkRadio(each, ['wifi', at], say);
  for (const [at, each] of items(document, 'wifi-interfaces').entries())
    checkAccessPoint(each, ['wifi-interfaces', at], say);
  checkVlans(document, say);
  return found;
}

type Keys = readonly PropertyKey[];
type Say = (keys: Keys, message: string, hint: string) => void;

/** What an interface has whose netmask nobody gave. */
const PREFIX_DEFAULT = 24;

/** A LAN has a host beside ours. */
const SERVED_PREFIX_MAX = 30;

/** By ParaDrop's names for bands and what they can do. */
const HWMODES: ReadonlySet<string> = new Set(['11a', '11b', '11g', '11ac']);
const CHANNEL_MAX = 196;

const ENCRYPTION = /^(?:none|(?:psk2?|psk-mixed|wpa2?|wpa-mixed)(?:\+(?:ccmp|aes|tkip))*)$/;

function checkPool(document: HostDocument, say: Say): void {
  const { chuteSubnetPool: pool, chutePrefixSize: size } = section(document, 'system');
  const whole = networkAround(textOf(pool));
  if (pool === 'auto' || whole === null || Number(size) >= whole.prefix) return;
  say(
    ['system', 'chutePrefixSize'],
    `is too small for the pool ${networkText(whole)}: no network of /${textOf(size)} fits into it`,
    `at least ${whole.prefix}, or a larger system.chuteSubnetPool`,
  );
}

function checkLan(document: HostDocument, say: Say): void {
  const lan = section(document, 'lan');
  const { proto, ipaddr, netmask, dhcp } = lan;
  if (proto === 'auto' && ipaddr !== undefined)
    say(
      ['lan', 'ipaddr'],
      'has no place beside proto auto, which chooses it',
      'leave one of them out',
    );
  if (netmask !== undefined && ipaddr === undefined && proto !== 'auto')
    say(['lan', 'netmask'], 'is of no use without ipaddr', 'add lan.ipaddr');
  const network = checkAddress(lan, ['lan'], say);
  if (network && network.prefix > SERVED_PREFIX_MAX)
    say(['lan', 'netmask'], 'leaves no address for anybody else', 'for example 255.255.255.0');
  if (!isMap(dhcp)) return;
  if (proto !== 'auto' && ipaddr === undefined)
    say(['lan', 'dhcp'], 'needs an address to serve from', 'add lan.ipaddr, or lan.proto: auto');
  for (const field of ['start', 'limit', 'leasetime'])
    if (dhcp[field] === undefined && dhcp['relay'] === undefined)
      say(['lan', 'dhcp', field], 'is missing', 'for example start 100, limit 100, leasetime 12h');
  if (network) checkRange(dhcp, { network, ipaddr: textOf(ipaddr) }, say);
}

function checkRange(
  { start, limit }: JsonObject,
  { network, ipaddr }: { readonly network: Network; readonly ipaddr: string },
  say: Say,
): void {
  if (typeof start !== 'number' || typeof limit !== 'number') return;
  // The last address of a network is everybody's.
  const room = network.last - network.first - start;
  const own = parseAddress(ipaddr) ?? 0;
  if (limit <= room) {
    if (own < network.first + start || own >= network.first + start + limit) return;
    say(
      ['lan', 'dhcp', 'start'],
      `does not fit: ${limit} from number ${start} of ${networkText(network)} include ${ipaddr}, which is the host's own`,
      `a range beside it, for example start ${own - network.first + 1}`,
    );
    return;
  }
  const range = `${limit} address${limit === 1 ? '' : 'es'} from number ${start}`;
  say(
    ['lan', 'dhcp', room < 1 ? 'start' : 'limit'],
    `does not fit: ${networkText(network)} has no ${range}`,
    room < 1 ? 'a smaller start' : `at most ${room}`,
  );
}

/** The network around an address; null where there is none, or what is said is no host's. */
function checkAddress({ ipaddr, netmask }: JsonObject, at: Keys, say: Say): Network | null {
  const address = textOf(ipaddr);
  const number = parseAddress(address);
  const network = networkAround(`${address}/${textOf(netmask) || PREFIX_DEFAULT}`);
  if (number === null || network === null) return null;
  const blocked = NOT_FOR_HOSTS.find((block) => overlap(block, network));
  if (blocked) {
    const message = `is in ${networkText(blocked)}, which is for no network`;
    say([...at, 'ipaddr'], message, 'for example 192.168.1.1');
    return null;
  }
  const isHost =
    network.prefix > 30 || (!isNetworkAddress(address, network) && number !== network.last);
  if (isHost) return network;
  const what = number === network.last ? 'the broadcast address' : 'the address';
  say(
    [...at, 'ipaddr'],
    `is ${what} of ${networkText(network)}, not of a host`,
    'for example the next one',
  );
  return null;
}

function checkRadio(radio: JsonObject, at: Keys, say: Say): void {
  if (!RADIO_NAMES.some((name) => radio[name] !== undefined))
    say(at, 'names no radio', `say which by ${RADIO_NAMES.join(', ')}`);
  const { hwmode, channel, country } = radio;
  if (hwmode !== undefined && !HWMODES.has(textOf(hwmode)))
    say([...at, 'hwmode'], `is none: ${textOf(hwmode)}`, `known are ${[...HWMODES].join(', ')}`);
  const number = Number(textOf(channel) || Number.NaN);
  const isChannel = Number.isInteger(number) && number >= 0 && number <= CHANNEL_MAX;
  if (channel !== undefined && channel !== 'auto' && !isChannel)
    say([...at, 'channel'], `is none: ${textOf(channel)}`, `auto, or 1 to ${CHANNEL_MAX}`);
  if (country !== undefined && !/^[A-Z]{2}$/.test(textOf(country)))
    say([...at, 'country'], 'is no country', 'two capital letters, for example US');
  for (const [key, value] of Object.entries(radio))
    if (/\p{Cc}/u.test(textOf(value)))
      say([...at, key], 'holds a control character', 'write one line');
}

function checkAccessPoint(given: JsonObject, at: Keys, say: Say): void {
  const encryption = textOf(given['encryption']);
  if (encryption !== '' && !ENCRYPTION.test(encryption))
    say(
      [...at, 'encryption'],
      `is none that is known: ${encryption}`,
      'none, psk, psk2, psk-mixed, wpa, wpa2 or wpa-mixed',
    );
  if (encryption.startsWith('psk') && given['key'] === undefined)
    say([...at, 'key'], `is missing: ${encryption} needs one`, 'add a key');
  if (!encryption.startsWith('wpa')) return;
  for (const field of ['auth_server', 'auth_secret'])
    if (given[field] === undefined)
      say(
        [...at, field],
        `is missing: ${encryption} asks a RADIUS server`,
        `add ${field}, or psk2 with a key`,
      );
}

function checkVlans(document: HostDocument, say: Say): void {
  const all = items(document, 'vlan-interfaces');
  const ids = all.map(({ id }) => id);
  for (const [at, each] of all.entries()) {
    checkAddress(each, ['vlan-interfaces', at], say);
    if (ids.indexOf(each['id']) < at)
      say(
        ['vlan-interfaces', at, 'id'],
        `${textOf(each['id'])} is there twice`,
        'give each an id of its own',
      );
  }
}
