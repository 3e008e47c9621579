/** A network of IPv4 addresses; addresses are numbers, so that they compare and add. */
export type Network = {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
};

/** The number of an address written `10.0.0.1`, or null. Pure. */
export function parseAddress(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let address = 0;
  for (const part of parts) {
    // A leading zero means octal to some programs and nothing to others.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    address = address * 256 + Number(part);
  }
  return address;
}

/** An address as it is written. Pure. */
export function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/**
 * The network that an address lies in, from `10.0.0.1/8`, `10.0.0.1/255.0.0.0` or a lone address,
 * which is a network of one; null for anything else. Pure.
 */
export function networkAround(text: string): Network | null {
  const [written = '', mask = '32', ...rest] = text.trim().split('/');
  const address = parseAddress(written);
  const prefix = prefixOf(mask);
  if (address === null || prefix === null || rest.length > 0) return null;
  return networkAt(address, prefix);
}

/** The network of this prefix that an address lies in. Pure. */
export function networkAt(address: number, prefix: number): Network {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

/** Whether what was written names the network itself, not one of its hosts. Pure. */
export function isNetworkAddress(text: string, network: Network): boolean {
  return parseAddress(text.trim().split('/')[0] ?? '') === network.first;
}

/** A network as it is written: `10.0.0.0/8`. Pure. */
export function networkText({ first, prefix }: Network): string {
  return `${addressText(first)}/${prefix}`;
}

/** Whether two networks share an address. Pure. */
export function overlap(left: Network, right: Network): boolean {
  return left.first <= right.last && right.first <= left.last;
}

function prefixOf(mask: string): number | null {
  if (/^\d{1,2}$/.test(mask)) return Number(mask) <= 32 ? Number(mask) : null;
  const address = parseAddress(mask);
  if (address === null) return null;
  const prefix = 32 - Math.log2(2 ** 32 - address);
  return Number.isInteger(prefix) ? prefix : null;
}
