import { identifier, type Wiring } from './wiring.ts';

/** Every section of ours is named `ripcord__…`: by that it is found again. */
export const UCI_OWNER = 'ripcord';

/** The zones that OpenWrt itself has. */
export const ZONES_TAKEN: readonly string[] = ['lan', 'wan'];

/** What fw3 takes for the name of a zone. */
const ZONE_NAME_MAX = 14;

/** The name of a section for a device, or for a part of its setup. Pure. */
export function sectionName(device: string, part: string | null): string {
  return [UCI_OWNER, identifier(device), ...(part === null ? [] : [part])].join('__');
}

/**
 * The firewall zones by device: letters, digits and `_`, short, each once. Pure.
 *
 * Two devices whose names differ in other characters only get numbers, in their order.
 */
export function zoneNames(wirings: readonly Wiring[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(ZONES_TAKEN);
  for (const { zone } of wirings) {
    const plain = plainName(zone);
    let name = plain;
    for (let n = 2; taken.has(name); n++) {
      name = `${plain.slice(0, ZONE_NAME_MAX - String(n).length - 1)}_${n}`;
    }
    taken.add(name);
    names.set(zone, name);
  }
  return names;
}

/** What a zone is called after its device, where no other is called like that. Pure. */
export function plainName(zone: string): string {
  const plain = /^\w*$/.test(zone) ? zone : zone.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return plain.slice(0, ZONE_NAME_MAX);
}
