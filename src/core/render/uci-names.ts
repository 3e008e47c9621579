import { identifier, type Wiring } from './wiring.ts';

/** Every section of ours is named `ripcord__…`: by that it is found again. */
export const UCI_OWNER = 'ripcord';

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
  const taken = new Set<string>(['lan', 'wan']);
  for (const { zone } of wirings) {
    const plain = zone.replaceAll(/[^A-Za-z0-9_]/g, '_').slice(0, ZONE_NAME_MAX);
    let name = plain;
    for (let n = 2; taken.has(name); n++) {
      name = `${plain.slice(0, ZONE_NAME_MAX - String(n).length - 1)}_${n}`;
    }
    taken.add(name);
    names.set(zone, name);
  }
  return names;
}
