import type { RadioSettings } from '../network.ts';
import { address } from './addresses.ts';
import { encryptionOf } from './encryption.ts';
import type { AccessPoint, Air, UsedRadio } from './radios.ts';
import {
  type FilePart,
  HASH_HEADER,
  HOST_SECTION,
  joinParts,
  placeNumber,
  unrenderable,
} from './rendered.ts';
import { secretToken } from './tokens.ts';

/**
 * The file of one radio for hostapd, null when no access point is on it. Pure.
 * Throws RIPCORD_PLAN_INVALID.
 */
export function renderHostapd(radio: UsedRadio): readonly FilePart[] | null {
  if (radio.accessPoints.length === 0) return null;
  const points = radio.accessPoints.map((point, at) => {
    const begin = `\n${at === 0 ? 'interface' : 'bss'}=${point.interface}\n`;
    const text = `${begin}${pointLines(point).join('\n')}\n`;
    return [point.chute ?? HOST_SECTION, { [`1 access point ${placeNumber(at)}`]: text }] as const;
  });
  const head = { '0 radio': `${HASH_HEADER}${radioLines(radio).join('\n')}\n` };
  return joinParts([[HOST_SECTION, head], ...points]);
}

/**
 * The same file in parts that hostapd can be asked about on any host, one for each access point:
 * without a driver it knows neither radios nor a second access point. Pure.
 *
 * A right one stays up until it is ended, a wrong one exits with 1 and tells the line.
 */
export function hostapdChecks(content: string): readonly string[] {
  const [radio = '', ...sections] = content.split(/\n\n(?=interface=|bss=)/);
  // A country is set by the driver: without one hostapd waits for it forever.
  const alone = radio
    .replace('driver=nl80211', 'driver=none')
    .replace(/\n(?:country_code|ieee80211d)=.*/g, '');
  return sections.map((section) => {
    const lines = section.replace(/^bss=/, 'interface=').replace(/\nbridge=.*/, '');
    return `${alone}\n${lines.trimEnd()}\n`;
  });
}

/** Bands by ParaDrop's hwmode, and the channel where none is chosen. */
const BANDS: Readonly<Record<string, { readonly mode: string; readonly channel: number }>> = {
  '11a': { mode: 'a', channel: 36 },
  '11b': { mode: 'b', channel: 1 },
  '11g': { mode: 'g', channel: 1 },
  '11ac': { mode: 'a', channel: 36 },
};

type Setting = RadioSettings[string] | undefined;

function radioLines({ id, settings }: UsedRadio): readonly string[] {
  const label = `radio ${id}`;
  const hwmode = String(settings['hwmode'] ?? '11g');
  const band = Object.hasOwn(BANDS, hwmode) ? BANDS[hwmode] : undefined;
  if (band === undefined) throw unrenderable(label, `${JSON.stringify(hwmode)} is no hwmode`);
  const channel = settings['channel'];
  const number = channel === undefined || channel === 'auto' ? band.channel : Number(channel);
  if (!Number.isInteger(number) || number < 0 || number > 196) {
    throw unrenderable(label, `${JSON.stringify(channel)} is not a channel`);
  }
  return [
    'driver=nl80211',
    ...countryLines(settings['country'], label),
    `hw_mode=${band.mode}`,
    `channel=${number}`,
    ...widthLines(settings['htmode'], number, label),
  ];
}

function countryLines(country: Setting, label: string): readonly string[] {
  if (country === undefined) return [];
  if (typeof country !== 'string' || !/^[A-Z]{2}$/.test(country)) {
    throw unrenderable(label, `${JSON.stringify(country)} is not a country`);
  }
  return [`country_code=${country}`, 'ieee80211d=1'];
}

/** How wide a channel is, by OpenWrt's htmode: `HT20`, `HT40+`, `VHT80` and the like. */
function widthLines(htmode: Setting, channel: number, label: string): readonly string[] {
  if (htmode === undefined || htmode === 'NOHT') return [];
  const [, kind = '', width = '', side = ''] =
    /^(HT|VHT)(20|40|80)([+-]?)$/.exec(String(htmode)) ?? [];
  if (kind === '' || (kind === 'HT' && width === '80')) {
    throw unrenderable(label, `${JSON.stringify(htmode)} is no htmode it knows`);
  }
  const lines = ['ieee80211n=1'];
  if (width !== '20') lines.push(`ht_capab=[HT40${side === '' ? sideOf(channel) : side}]`);
  if (kind === 'HT') return lines;
  lines.push('ieee80211ac=1', `vht_oper_chwidth=${width === '80' ? 1 : 0}`);
  if (width === '80') lines.push(`vht_oper_centr_freq_seg0_idx=${centreOf(channel, label)}`);
  return lines;
}

/** Where the second half of a channel of 40 MHz lies. */
function sideOf(channel: number): '+' | '-' {
  if (channel <= 14) return channel <= 7 ? '+' : '-';
  const first = channel >= 149 ? 149 : 36;
  return ((channel - first) / 4) % 2 === 0 ? '+' : '-';
}

/** The middle of the channel of 80 MHz that this one is part of. */
function centreOf(channel: number, label: string): number {
  const first = [36, 52, 100, 116, 132, 149].find(
    (start) => channel >= start && channel <= start + 12 && (channel - start) % 4 === 0,
  );
  if (first === undefined) throw unrenderable(label, `channel ${channel} cannot be 80 MHz wide`);
  return first + 6;
}

function pointLines({ bridge, air, label }: AccessPoint): readonly string[] {
  return [
    `bridge=${bridge}`,
    ...ssidLines(air.ssid),
    ...(air.hidden ? ['ignore_broadcast_ssid=1'] : []),
    ...(air.isolate ? ['ap_isolate=1'] : []),
    ...(air.maxassoc === null ? [] : [`max_num_sta=${air.maxassoc}`]),
    ...securityLines(air, label),
    ...radiusLines(air, label),
  ];
}

/** A name of plain characters as it is, any other one by its bytes: no name can end a line. */
function ssidLines(ssid: string): readonly string[] {
  if (/^[A-Za-z0-9_.:@/+-](?:[A-Za-z0-9_.:@/+ -]*[A-Za-z0-9_.:@/+-])?$/.test(ssid)) {
    return [`ssid=${ssid}`];
  }
  const bytes = [...new TextEncoder().encode(ssid)];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [`ssid2=${hex}`, ...(bytes.some((byte) => byte > 127) ? ['utf8_ssid=1'] : [])];
}

function securityLines(air: Air, label: string): readonly string[] {
  const { wpa, key } = encryptionOf(air, label);
  if (wpa === 0) return ['auth_algs=1'];
  const lines = ['auth_algs=1', `wpa=${wpa}`];
  if (wpa !== 2) lines.push('wpa_pairwise=TKIP');
  if (wpa !== 1) lines.push('rsn_pairwise=CCMP');
  if (key === 'radius') {
    if (air.authServer === null) throw unrenderable(label, `${air.encryption} needs auth_server`);
    return [...lines, 'wpa_key_mgmt=WPA-EAP', 'ieee8021x=1'];
  }
  const token = secretToken(air.key, 'line', label);
  return [...lines, 'wpa_key_mgmt=WPA-PSK', `wpa_passphrase=${token}`];
}

function radiusLines(air: Air, label: string): readonly string[] {
  const lines: string[] = [];
  if (air.nasid !== null) lines.push(`nas_identifier=${oneLine(air.nasid, label)}`);
  const servers = [
    { kind: 'auth', server: air.authServer, secret: air.authSecret, port: 1812 },
    { kind: 'acct', server: air.acctServer, secret: air.acctSecret, port: 1813 },
  ];
  for (const { kind, server, secret, port } of servers) {
    if (server === null) continue;
    const token = secretToken(secret, 'line', label);
    if (token === null) throw unrenderable(label, `${kind}_server needs ${kind}_secret`);
    lines.push(
      `${kind}_server_addr=${address(server, label)}`,
      `${kind}_server_port=${port}`,
      `${kind}_server_shared_secret=${token}`,
    );
  }
  if (air.acctInterval !== null) lines.push(`radius_acct_interim_interval=${air.acctInterval}`);
  return lines;
}

/** A text that hostapd reads to the end of its line, and that cannot pass for a token of ours. */
function oneLine(text: string, label: string): string {
  if (/^\P{Cc}{1,48}$/u.test(text) && !text.includes('{{')) return text;
  throw unrenderable(label, `${JSON.stringify(text)} cannot be a nasid`);
}
