import type { HostConfig, NetworkFacts, Radio, RadioSettings } from '../network.ts';
import { naturalOrder } from './natural-order.ts';
import { isCalled, namesAsked, settle } from './radio-settings.ts';

export type RadioMode = 'ap' | 'sta' | 'monitor';

/** Who uses a device of the host, and how. */
export type DeviceUse = {
  /** Radio id or port. */
  readonly device: string;
  readonly mode: RadioMode | 'lan';
  /** In words, e.g. `wlan0 of camera` or `the host`. */
  readonly holder: string;
  /** What was chosen for a radio that the host left open. */
  readonly settings: RadioSettings;
};

/** Devices that will do, the best first, and of each other one why it will not. */
export type DeviceOffers = {
  readonly offers: readonly { readonly device: string; readonly settings: RadioSettings }[];
  readonly reasons: readonly string[];
};

/** The host as devices are chosen from it, and what is in use there. */
export type DeviceContext = {
  readonly facts: NetworkFacts;
  readonly host: HostConfig;
  readonly uses: readonly DeviceUse[];
};

/** How many access points share a radio, those of the host included. */
const ACCESS_POINTS_MAX = 8;

/** The radio that is called this: by id, MAC, phy or interface. Pure. */
export function radioNamed(radios: NetworkFacts['radios'], name: string): Radio | null {
  return Object.values(radios).find((radio) => isCalled(radio, name)) ?? null;
}

/** What the host itself does with its radios. Pure. */
export function hostRadioUses(facts: NetworkFacts, host: HostConfig): readonly DeviceUse[] {
  return Object.values(facts.radios).flatMap((radio) => {
    const own = host.wifiInterfaces.filter(({ device }) => isCalled(radio, String(device)));
    const modes = own.map(
      ({ mode }): RadioMode => RADIO_MODES.find((each) => each === mode) ?? 'ap',
    );
    // Access points that nobody configured are there all the same.
    const unseen = radio.hostAccessPoints - modes.filter((mode) => mode === 'ap').length;
    if (unseen > 0) modes.push(...Array<RadioMode>(unseen).fill('ap'));
    if (facts.uplink?.interface === radio.interface && !modes.includes('sta')) modes.push('sta');
    return modes.map((mode) => ({ device: radio.id, mode, holder: 'the host', settings: {} }));
  });
}

/**
 * Radios for one interface, the best first. Pure.
 *
 * A station or a monitor has a radio for itself, the first that will do; access points share one, and
 * prefer the one that has most, so that others stay free.
 */
export function radioOffers(
  mode: RadioMode,
  requirements: RadioSettings,
  { facts, host, uses }: DeviceContext,
): DeviceOffers {
  const offers: { device: string; settings: RadioSettings; shared: number }[] = [];
  const reasons: string[] = [];
  const radios = Object.values(facts.radios);
  for (const radio of radios.toSorted((left, right) => naturalOrder(left.id, right.id))) {
    const held = uses.filter(({ device }) => device === radio.id);
    const chosen: RadioSettings = Object.assign({}, ...held.map(({ settings }) => settings));
    const settled = settle(radio, requirements, { host, chosen });
    const reason =
      wrongRadio(radio, mode, requirements) ??
      ('reason' in settled ? settled.reason : null) ??
      (mode === 'ap' ? unshareable(radio, held) : inUse(held));
    if (reason !== null || 'reason' in settled) reasons.push(`${radio.id} ${reason}`);
    else offers.push({ device: radio.id, settings: settled.settings, shared: held.length });
  }
  if (mode === 'ap') offers.sort((left, right) => right.shared - left.shared);
  return { offers: offers.map(({ device, settings }) => ({ device, settings })), reasons };
}

const RADIO_MODES = ['ap', 'sta', 'monitor'] as const;

const MODE_WORDS = { ap: 'an access point', sta: 'a station', monitor: 'a monitor', lan: 'a port' };

function wrongRadio(radio: Radio, mode: RadioMode, requirements: RadioSettings): string | null {
  const other = namesAsked(requirements).find((name) => !isCalled(radio, name));
  if (other !== undefined) return `is not ${other}`;
  return (radio.modes ?? RADIO_MODES).includes(mode) ? null : `cannot be ${MODE_WORDS[mode]}`;
}

function unshareable(radio: Radio, held: readonly DeviceUse[]): string | null {
  const alone = held.filter(({ mode }) => mode !== 'ap');
  if (alone.length > 0) return inUse(alone);
  const most = Math.min(ACCESS_POINTS_MAX, radio.accessPointsMax ?? ACCESS_POINTS_MAX);
  if (held.length < most) return null;
  if (held.length === 0) return `cannot be ${MODE_WORDS.ap}`;
  return `has its ${most} access point${most === 1 ? '' : 's'}: ${holders(held)}`;
}

/** Why a device cannot be had alone. Pure. */
export function inUse(held: readonly DeviceUse[]): string | null {
  const [first] = held;
  if (!first) return null;
  if (first.mode === 'lan') return `is taken by ${holders(held)}`;
  return `is ${MODE_WORDS[first.mode]} of ${holders(held)}`;
}

const holders = (held: readonly DeviceUse[]): string =>
  [...new Set(held.map(({ holder }) => holder))].join(', ');
