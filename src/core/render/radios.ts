import type { ChuteName } from '../chute.ts';
import type { NetworkPlan, Radio, RadioSettings, Wireless } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { unrenderable } from './rendered.ts';
import {
  collected,
  derived,
  HOST_BRIDGE,
  linkName,
  type WiredChute,
  type Wiring,
} from './wiring.ts';

/** How many access points a radio can be. */
const ACCESS_POINTS_MAX = 8;

/** The settings of an access point or station; what is not set is null. */
export type Air = {
  readonly ssid: string;
  readonly encryption: string;
  /** A secret's mark: `secretToken` refuses everything else. */
  readonly key: unknown;
  readonly hidden: boolean;
  readonly isolate: boolean;
  readonly maxassoc: number | null;
  readonly nasid: string | null;
  readonly authServer: string | null;
  readonly authSecret: unknown;
  readonly acctServer: string | null;
  readonly acctSecret: unknown;
  readonly acctInterval: number | null;
};

/** An access point: one of a chute or of the host itself. */
export type AccessPoint = {
  /** Null: the host's own. */
  readonly chute: ChuteName | null;
  readonly interface: string;
  /** The bridge it is in. */
  readonly bridge: string;
  readonly air: Air;
  readonly label: string;
};

/** A radio that something is configured on. */
export type UsedRadio = {
  readonly id: string;
  /** Null when the facts of the host were not given. */
  readonly facts: Radio | null;
  /** As observed, under what the host asks for, under what was chosen for chutes. */
  readonly settings: RadioSettings;
  /** The host's own first. */
  readonly accessPoints: readonly AccessPoint[];
  /** The station or monitor that has the radio for itself. */
  readonly client: Wiring | null;
};

/** Every radio that is used or configured, by id. Pure. Throws RIPCORD_PLAN_INVALID. */
export function usedRadios(
  host: NetworkPlan['host'],
  chutes: readonly WiredChute[],
  facts: Readonly<Record<string, Radio>> = {},
): readonly UsedRadio[] {
  const wireless = collected(chutes, 'wireless');
  const own = host.wifiInterfaces.map(hostAccessPoint);
  const ids = [
    ...Object.keys(host.wifi),
    ...own.map(({ radio }) => radio),
    ...wireless.map(radioOf),
  ];
  return [...new Set(ids)].toSorted(textOrder).map((id) => {
    const here = wireless.filter((wiring) => radioOf(wiring) === id);
    const radio = facts[id] ?? null;
    const accessPoints = [
      ...own.flatMap((each) => (each.radio === id ? [each.point] : [])),
      ...here.filter(({ given }) => given.kind === 'wifi-ap').map(accessPoint),
    ];
    const clients = here.filter(({ given }) => given.kind !== 'wifi-ap');
    checkCapacity(id, accessPoints, clients);
    let settings: RadioSettings = { ...radio?.configured, ...host.wifi[id] };
    for (const { given } of here) settings = { ...settings, ...given.radio };
    return { id, facts: radio, settings, accessPoints, client: clients[0] ?? null };
  });
}

function radioOf({ given, label }: Wiring): string {
  if (given.device === null) throw unrenderable(label, 'it was given no radio');
  return given.device;
}

function checkCapacity(
  id: string,
  accessPoints: readonly AccessPoint[],
  [client, ...others]: readonly Wiring[],
): void {
  if (accessPoints.length > ACCESS_POINTS_MAX) {
    const reason = `${accessPoints.length} access points are more than ${ACCESS_POINTS_MAX}`;
    throw unrenderable(`radio ${id}`, reason);
  }
  const second = others[0]?.label ?? accessPoints[0]?.label;
  if (client === undefined || second === undefined) return;
  throw unrenderable(`radio ${id}`, `${client.label} needs it for itself, ${second} is on it`);
}

function accessPoint({ chute, given, zone, port, label }: Wiring): AccessPoint {
  if (port === null) throw unrenderable(label, 'it is no access point');
  return { chute, interface: port, bridge: zone, air: airOf(given.wireless, label), label };
}

/** The settings of a wireless interface. Pure. Throws RIPCORD_PLAN_INVALID. */
export function airOf(wireless: Wireless | null, label: string): Air {
  if (wireless === null) throw unrenderable(label, 'it has no ssid');
  return {
    ssid: checkedSsid(wireless.ssid, label),
    encryption: wireless.encryption,
    key: wireless.key,
    hidden: wireless.hidden ?? false,
    isolate: wireless.isolate ?? false,
    maxassoc: whole(wireless.maxassoc, 'maxassoc', label),
    nasid: wireless.nasid ?? null,
    authServer: wireless.authServer ?? null,
    authSecret: wireless.authSecret,
    acctServer: wireless.acctServer ?? null,
    acctSecret: wireless.acctSecret,
    acctInterval: whole(wireless.acctInterval, 'acct_interval', label),
  };
}

function checkedSsid(ssid: string, label: string): string {
  const bytes = new TextEncoder().encode(ssid).length;
  if (bytes >= 1 && bytes <= 32) return ssid;
  throw unrenderable(label, `an ssid has 1 to 32 bytes, not ${bytes}`);
}

function whole(value: number | undefined, name: string, label: string): number | null {
  if (value === undefined) return null;
  if (Number.isInteger(value) && value >= 0) return value;
  throw unrenderable(label, `${name} ${JSON.stringify(value)} is not a whole number`);
}

/** An access point of the host's own configuration; it is in the LAN's bridge. */
function hostAccessPoint(
  given: Readonly<Record<string, unknown>>,
  at: number,
): { readonly radio: string; readonly point: AccessPoint } {
  const label = `access point ${at + 1} of the host`;
  const text = (key: string): string | undefined => textOf(given[key]);
  const flag = (key: string): boolean => ['true', '1'].includes(text(key) ?? '');
  const radio = text('device');
  if (radio === undefined) throw unrenderable(label, 'it names no device');
  const air: Air = {
    ssid: checkedSsid(text('ssid') ?? '', label),
    encryption: text('encryption') ?? (given['key'] === undefined ? 'none' : 'psk2'),
    key: given['key'],
    hidden: flag('hidden'),
    isolate: flag('isolate'),
    maxassoc: whole(number(given['maxassoc']), 'maxassoc', label),
    nasid: text('nasid') ?? null,
    authServer: text('auth_server') ?? null,
    authSecret: given['auth_secret'],
    acctServer: text('acct_server') ?? null,
    acctSecret: given['acct_secret'],
    acctInterval: whole(number(given['acct_interval']), 'acct_interval', label),
  };
  const interfaceName = linkName(text('ifname') ?? derived(`hostap${at}`, 'w'), label);
  return {
    radio,
    point: { chute: null, interface: interfaceName, bridge: HOST_BRIDGE, air, label },
  };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;

const number = (value: unknown): number | undefined =>
  value === undefined ? undefined : Number(value);
