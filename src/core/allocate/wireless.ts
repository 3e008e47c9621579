import type { SecretRef } from '../chute.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Wireless } from '../network.ts';
import { parseAddress } from './ipv4.ts';
import { countIn, textOf } from './json-text.ts';
import {
  warnField,
  wrongField,
  type InterfacePlace,
  type PlainRefusal,
  type PlainWarning,
} from './refusal.ts';

/** Wireless settings as they will be, with what of them is worth a warning; or why they cannot be. */
export type WirelessRead =
  | { readonly wireless: Wireless; readonly warnings: readonly PlainWarning[] }
  | { readonly refusals: readonly PlainRefusal[] };

/** What encryption may be called, before a cipher such as `+ccmp`. */
const ENCRYPTIONS = ['none', 'psk', 'psk2', 'psk-mixed', 'wpa', 'wpa2', 'wpa-mixed'] as const;

const SSID_BYTES_MAX = 32;
/** As many stations as 802.11 can tell apart on one access point. */
const STATIONS_MAX = 2007;
const KEY_MIN = 8;
const KEY_MAX = 63;

/** Reads the wireless settings of an access point or a station. Pure. */
export function readWireless(place: InterfacePlace, given: JsonObject): WirelessRead {
  const refusals: PlainRefusal[] = [];
  const refuse = (field: string, reason: string, hint: string): void => {
    refusals.push(wrongField(place, ['wireless', field], { reason, hint }));
  };
  const ssid = ssidOf(given['ssid'], refuse);
  const key = keyOf(given['key'], refuse);
  const encryption = encryptionOf(given, refuse);
  const wireless: Wireless = {
    ssid,
    encryption,
    ...(key === undefined ? {} : { key }),
    ...member('hidden', booleanOf(given['hidden'], 'hidden', refuse)),
    ...member('isolate', booleanOf(given['isolate'], 'isolate', refuse)),
    ...member('maxassoc', stationsOf(given['maxassoc'], refuse)),
    ...member('nasid', lineOf(given['nasid'], 'nasid', refuse)),
    ...member('authServer', serverOf(given['auth_server'], 'auth_server', refuse)),
    ...member('authSecret', secretOf(given['auth_secret'], 'auth_secret', refuse)),
    ...member('acctServer', serverOf(given['acct_server'], 'acct_server', refuse)),
    ...member('acctSecret', secretOf(given['acct_secret'], 'acct_secret', refuse)),
    ...member('acctInterval', countOf(given['acct_interval'], 'acct_interval', refuse)),
  };
  for (const kind of ['auth', 'acct'] as const)
    if (given[`${kind}_server`] !== undefined && given[`${kind}_secret`] === undefined)
      refuse(
        `${kind}_secret`,
        `is missing: ${kind}_server needs it`,
        'what the server knows us by',
      );
  if (refusals.length > 0) return { refusals };
  const open = encryption === 'none' && key !== undefined;
  const warning = warnField(place, ['wireless', 'encryption'], {
    reason: 'has a key, and is open: its encryption is none',
    hint: 'leave out encryption, or name one such as psk2',
  });
  return { wireless, warnings: open ? [warning] : [] };
}

type Refuse = (field: string, reason: string, hint: string) => void;

function ssidOf(given: Json | undefined, refuse: Refuse): string {
  const ssid = textOf(given);
  if (ssid === null || ssid === '') {
    refuse('ssid', 'is missing: how is the network called?', 'for example ssid: guests');
    return '';
  }
  const bytes = new TextEncoder().encode(ssid).length;
  if (bytes > SSID_BYTES_MAX)
    refuse('ssid', `is too long: ${bytes} bytes`, `an ssid has 1 to ${SSID_BYTES_MAX} bytes`);
  if (!isOneLine(ssid)) refuse('ssid', 'holds control characters', 'write it as it is to be seen');
  return ssid;
}

/** A key that is kept as a secret cannot be looked at here: its length was seen when it was read. */
function keyOf(given: Json | undefined, refuse: Refuse): Wireless['key'] | undefined {
  if (given === undefined || given === null) return undefined;
  if (isSecret(given)) return given;
  const key = textOf(given) ?? '';
  if (key.length < KEY_MIN || key.length > KEY_MAX)
    refuse('key', `has ${key.length} characters`, `a key has ${KEY_MIN} to ${KEY_MAX} characters`);
  else if (!/^[\x20-\x7e]*$/.test(key))
    refuse('key', 'holds other than printable ASCII characters', 'stations could not type it');
  return key;
}

function encryptionOf(given: JsonObject, refuse: Refuse): string {
  const hasKey = given['key'] !== undefined && given['key'] !== null;
  const written = textOf(given['encryption']);
  if (written === null) return hasKey ? 'psk2' : 'none';
  const [base = '', ...ciphers] = written.split('+');
  const isKnown = ENCRYPTIONS.some((each) => each === base);
  if (!isKnown || !ciphers.every((each) => /^(ccmp|tkip|aes)$/.test(each))) {
    refuse('encryption', `is unknown: ${written}`, `known are ${ENCRYPTIONS.join(', ')}`);
    return written;
  }
  if (base.startsWith('psk') && !hasKey)
    refuse('encryption', `is ${written}, which needs a key`, 'give it a key, or encryption: none');
  if (base.startsWith('wpa') && textOf(given['auth_server']) === null)
    refuse('encryption', `is ${written}, which needs an auth_server`, 'name one, or use psk2');
  return written;
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

function booleanOf(given: Json | undefined, field: string, refuse: Refuse): boolean | undefined {
  const text = textOf(given)?.toLowerCase();
  if (text === undefined) return undefined;
  if (TRUE.has(text)) return true;
  if (!FALSE.has(text)) refuse(field, `is neither true nor false: ${text}`, 'write true or false');
  return false;
}

function countOf(given: Json | undefined, field: string, refuse: Refuse): number | undefined {
  if (given === undefined || given === null) return undefined;
  const count = countIn(given);
  if (count === null)
    refuse(field, `is no count: ${JSON.stringify(given)}`, 'a whole number from 1');
  return count ?? undefined;
}

function stationsOf(given: Json | undefined, refuse: Refuse): number | undefined {
  const count = countOf(given, 'maxassoc', refuse);
  if (count !== undefined && count > STATIONS_MAX)
    refuse('maxassoc', `is ${count}: more than can be served`, `at most ${STATIONS_MAX}`);
  return count;
}

function lineOf(given: Json | undefined, field: string, refuse: Refuse): string | undefined {
  const text = textOf(given);
  if (text === null) return undefined;
  if (text === '' || !isOneLine(text)) refuse(field, 'is no text of one line', 'write one line');
  else if (field === 'nasid' && (text.length > 48 || text.includes('{{')))
    refuse(field, 'is no name for an access server', 'a line of at most 48 characters');
  return text;
}

function serverOf(given: Json | undefined, field: string, refuse: Refuse): string | undefined {
  const text = textOf(given);
  if (text === null) return undefined;
  if (parseAddress(text) === null)
    refuse(field, `is no IPv4 address: ${text}`, 'for example 192.168.1.5');
  return text;
}

function secretOf(
  given: Json | undefined,
  field: string,
  refuse: Refuse,
): SecretRef | string | undefined {
  return isSecret(given) ? given : lineOf(given, field, refuse);
}

const isSecret = (given: Json | undefined): given is SecretRef =>
  typeof given === 'object' && given !== null && '$secret' in given;

/** What is put into configuration files: one more line would be one more setting. */
const isOneLine = (text: string): boolean =>
  // oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
  !/[\x00-\x1f\x7f]/.test(text);

function member<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
