/** What one source may hold, unpacked: gateways have small disks, and an archive may lie about itself. */
export const SOURCE_BYTES_MAX: number = 1024 * 1024 * 1024;
export const SOURCE_ENTRIES_MAX = 100_000;

/** Bits that would let a file run as somebody else. */
export const SET_ID_BITS = 0o6000;

/**
 * Whether a link, wherever it leads through other links that pass this, stays inside the tree: its
 * target is relative, goes up only at its beginning, and not above the tree. Pure.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || target.includes('\0')) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const down = parts.findIndex((part) => part !== '..');
  const ups = down === -1 ? parts.length : down;
  const depth = path.split('/').length - 1;
  return ups <= depth && !parts.slice(ups).includes('..');
}
