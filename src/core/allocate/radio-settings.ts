import type { HostConfig, Radio, RadioSettings } from '../network.ts';

/** Requirements and settings that say which device, not how it is set. */
const NAMES: ReadonlySet<string> = new Set(['id', 'mac', 'phy', 'interface', 'device']);

/** Whether a device is meant by this name: its id, MAC, phy or interface. Pure. */
export function isCalled(
  device: {
    readonly id?: string;
    readonly mac: string;
    readonly phy?: string;
    readonly interface: string;
  },
  name: string,
): boolean {
  const wanted = name.toLowerCase();
  return [device.id, device.mac, device.phy, device.interface].some(
    (each) => each?.toLowerCase() === wanted,
  );
}

/** The names by which requirements ask for one device. Pure. */
export function namesAsked(requirements: RadioSettings): readonly string[] {
  return Object.entries(requirements)
    .filter(([key]) => NAMES.has(key))
    .map(([, name]) => String(name));
}

/** What is left of requirements or of a configured radio when its names are taken away. Pure. */
export function withoutNames(settings: RadioSettings): RadioSettings {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !NAMES.has(key)));
}

/** Whether every required key has exactly the required value. Pure. */
export function satisfies(settings: RadioSettings, requirements: RadioSettings): boolean {
  return missed(settings, requirements) === null;
}

/** What the host set a radio to; empty: nothing yet. Pure. */
export function configuredSettings(radio: Radio, host: HostConfig): RadioSettings {
  const written = Object.entries(host.wifi).filter(([name]) => isCalled(radio, name));
  return withoutNames(Object.assign({ ...radio.configured }, ...written.map(([, each]) => each)));
}

/**
 * What has to be set on a radio so that it is as required, or why it cannot be. Pure.
 *
 * A radio that the host configured is left as it is, and asks for no choice. One that nobody has set
 * is set as required where it can be, and then is so for everyone: `chosen` is what it has been set to
 * for others.
 */
export function settle(
  radio: Radio,
  requirements: RadioSettings,
  { host, chosen }: { readonly host: HostConfig; readonly chosen: RadioSettings },
): { readonly settings: RadioSettings } | { readonly reason: string } {
  const required = withoutNames(requirements);
  const configured = configuredSettings(radio, host);
  if (Object.keys(configured).length > 0) {
    const key = missed(configured, required);
    return key === null ? { settings: {} } : { reason: `has ${shown(configured, key)}` };
  }
  const settled = Object.keys(required).find(
    (key) => Object.hasOwn(chosen, key) && chosen[key] !== required[key],
  );
  if (settled !== undefined) return { reason: `was set to ${shown(chosen, settled)} for another` };
  const beyond = incapable(radio, { ...chosen, ...required });
  return beyond === null ? { settings: required } : { reason: `cannot have ${beyond}` };
}

function missed(settings: RadioSettings, requirements: RadioSettings): string | null {
  const keys = Object.keys(requirements);
  return (
    keys.find((key) => !Object.hasOwn(settings, key) || settings[key] !== requirements[key]) ?? null
  );
}

/** The first setting that is beyond a radio, or that contradicts another. */
function incapable(radio: Radio, settings: RadioSettings): string | null {
  const { hwmode, channel } = settings;
  if (radio.hwmodes === null && (hwmode !== undefined || channel !== undefined))
    return `${hwmode === undefined ? `channel ${channel}` : `hwmode ${hwmode}`} for sure: its bands are unknown, as iw is not installed`;
  const modes = (radio.hwmodes ?? []).filter((each) => hwmode === undefined || each === hwmode);
  if (hwmode !== undefined && modes.length === 0) return `hwmode ${hwmode}`;
  if (channel !== undefined && !modes.some((each) => isChannelOf(each, channel)))
    return hwmode === undefined ? `channel ${channel}` : `channel ${channel} with hwmode ${hwmode}`;
  // Of anything else nobody can tell before it is configured.
  const other = Object.keys(settings).find((key) => key !== 'hwmode' && key !== 'channel');
  return other === undefined ? null : shown(settings, other);
}

/** 2.4 GHz has the channels 1 to 14; those of 5 GHz begin at 32 and end at 177. */
function isChannelOf(hwmode: string, channel: string | number | boolean): boolean {
  if (channel === 'auto') return true;
  const number = Number(channel);
  if (!Number.isInteger(number)) return false;
  return hwmode === '11a' ? number >= 32 && number <= 177 : number >= 1 && number <= 14;
}

const shown = (settings: RadioSettings, key: string): string =>
  Object.hasOwn(settings, key) ? `${key} ${settings[key]}` : `no ${key} set`;
