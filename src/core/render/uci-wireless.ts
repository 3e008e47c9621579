import { encryptionOf } from './encryption.ts';
import { type Air, airOf, type UsedRadio } from './radios.ts';
import { HOST_SECTION, unrenderable } from './rendered.ts';
import { secretToken } from './tokens.ts';
import { sectionName, UCI_OWNER } from './uci-names.ts';
import type { UciSection, UciValue } from './uci-text.ts';
import { identifier } from './wiring.ts';

/** A section and whose it is. */
type OwnedSection = { readonly owner: string; readonly section: UciSection };

/** Radios and what is on them, as OpenWrt has them. Pure. Throws RIPCORD_PLAN_INVALID. */
export function renderUciWireless(radios: readonly UsedRadio[]): readonly OwnedSection[] {
  return radios.flatMap((radio) => [
    ...deviceSections(radio).map((section) => ({ owner: HOST_SECTION, section })),
    ...interfaceSections(radio),
  ]);
}

/** The section that a radio is configured in: OpenWrt's own if it is named, else one of ours. */
function deviceName({ id, settings }: UsedRadio): string {
  const { section } = settings;
  if (section === undefined) return `${UCI_OWNER}__radio__${identifier(id)}`;
  if (typeof section === 'string' && /^[A-Za-z0-9_]+$/.test(section)) return section;
  throw unrenderable(`radio ${id}`, `${JSON.stringify(section)} is not the name of a section`);
}

const BANDS: Readonly<Record<string, string>> = {
  '11a': '5g',
  '11ac': '5g',
  '11b': '2g',
  '11g': '2g',
};

function deviceSections(radio: UsedRadio): readonly UciSection[] {
  const { id, facts, settings } = radio;
  if (settings['section'] !== undefined) return [];
  const options: Record<string, UciValue | null> = {
    type: 'mac80211',
    macaddr: facts === null ? null : plain(facts.mac, `radio ${id}`),
    band: BANDS[String(settings['hwmode'])] ?? null,
  };
  for (const key of Object.keys(settings).toSorted()) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(key)) {
      throw unrenderable(`radio ${id}`, `${JSON.stringify(key)} is not a setting`);
    }
    const value = settings[key];
    if (value === undefined || Object.hasOwn(options, key)) continue;
    options[key] = plain(typeof value === 'boolean' ? flag(value) : String(value), `radio ${id}`);
  }
  return [{ type: 'wifi-device', name: deviceName(radio), options: { ...options, disabled: '0' } }];
}

function interfaceSections(radio: UsedRadio): readonly OwnedSection[] {
  const device = deviceName(radio);
  const points = radio.accessPoints.map(
    ({ chute, interface: ifname, bridge, air, label }): OwnedSection => ({
      owner: chute ?? HOST_SECTION,
      section: {
        type: 'wifi-iface',
        name: sectionName(ifname, null),
        options: {
          device,
          mode: 'ap',
          ifname,
          network: chute === null ? 'lan' : sectionName(bridge, null),
          ...airOptions(air, label),
        },
      },
    }),
  );
  const { client } = radio;
  if (client === null) return points;
  const { zone: ifname, given, label } = client;
  const monitor = given.kind === 'wifi-monitor';
  const section: UciSection = {
    type: 'wifi-iface',
    name: sectionName(ifname, null),
    options: {
      device,
      mode: monitor ? 'monitor' : 'sta',
      ifname,
      ...(monitor ? {} : airOptions(airOf(given.wireless, label), label)),
    },
  };
  return [...points, { owner: client.chute, section }];
}

function airOptions(air: Air, label: string): UciSection['options'] {
  const { key } = encryptionOf(air, label);
  return {
    ssid: plain(air.ssid, label),
    encryption: air.encryption,
    key: key === 'passphrase' ? secret(air.key, label) : null,
    hidden: air.hidden ? '1' : null,
    isolate: air.isolate ? '1' : null,
    maxassoc: air.maxassoc === null ? null : String(air.maxassoc),
    nasid: air.nasid === null ? null : plain(air.nasid, label),
    auth_server: air.authServer === null ? null : plain(air.authServer, label),
    auth_secret: secret(air.authSecret, label),
    acct_server: air.acctServer === null ? null : plain(air.acctServer, label),
    acct_secret: secret(air.acctSecret, label),
    acct_interval: air.acctInterval === null ? null : String(air.acctInterval),
  };
}

function secret(value: unknown, label: string): UciValue | null {
  const token = secretToken(value, 'uci', label);
  return token === null ? null : { tokens: token };
}

const flag = (value: boolean): string => (value ? '1' : '0');

/** A text that OpenWrt passes on to hostapd, where a new line would be a new setting. */
function plain(text: string, label: string): string {
  if (!/\p{Cc}/u.test(text)) return text;
  throw unrenderable(label, `${JSON.stringify(text)} holds a control character`);
}
