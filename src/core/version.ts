/** A chute's version as its definition gives it; absent: content decides. */
export type Version = number | string | undefined;

/**
 * Which of two versions is older: negative when `left` is, 0 when neither is. Pure.
 *
 * Numbers compare as numbers, dotted numbers part by part (`1.10` is above `1.9`), other texts as
 * text. A number is older than any text, and a missing version is neither older nor newer.
 */
export function compareVersions(left: Version, right: Version): number {
  if (left === undefined || right === undefined) return 0;
  if (typeof left === 'number') return typeof right === 'number' ? left - right : -1;
  if (typeof right === 'number') return 1;
  const parts = dotted(left);
  const others = dotted(right);
  if (!parts || !others) return left < right ? -1 : Number(left > right);
  for (let at = 0; at < Math.max(parts.length, others.length); at++) {
    const difference = (parts[at] ?? 0) - (others[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const dotted = (version: string): readonly number[] | null =>
  /^v?\d{1,15}(\.\d{1,15})*$/.test(version)
    ? version.replace(/^v/, '').split('.').map(Number)
    : null;
