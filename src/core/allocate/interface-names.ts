/** What the kernel takes. */
export const INTERFACE_NAME_MAX = 15;

const NUMBERS = 2 ** 16;

/**
 * The name on the host for a chute's access point: `vwlan` and four hexadecimal digits, made from
 * both names, so that the same interface has the same name on every device. Pure.
 *
 * A name that is taken gives the next number; null when all are. The `v` keeps the host from renaming
 * it as it would a `wlan…` of its own.
 */
export function accessPointName(
  chute: string,
  inside: string,
  taken: ReadonlySet<string>,
): string | null {
  const first = hash16(`${chute}:${inside}`);
  for (let at = 0; at < NUMBERS; at++) {
    const number = (first + at) % NUMBERS;
    const name = `vwlan${number.toString(16).padStart(4, '0')}`;
    if (!taken.has(name)) return name;
  }
  return null;
}

/** The name on the host for a network of the LAN's bridge: one for each id. Pure. */
export function vlanName(id: number): string {
  return `br-lan.${id}`;
}

/** FNV-1a of a text's UTF-16 units, folded to 16 bits: spreads well enough to rarely meet. */
function hash16(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return ((hash >>> 16) ^ hash) & 0xffff;
}
