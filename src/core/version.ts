/** A chute's version as its definition gives it; absent: content decides. */
export type Version = number | string | undefined;

/**
 * Which of two versions is older: negative when `left` is, 0 when neither is. Pure.
 *
 * Numbers compare as numbers, texts by their dotted parts (`1.10` is above `1.9`), a number is older
 * than any text, and a missing version is neither older nor newer than another.
 */
export function compareVersions(left: Version, right: Version): number {
  if (left === undefined || right === undefined) return 0;
  if (typeof left === 'number') return typeof right === 'number' ? left - right : -1;
  if (typeof right === 'number') return 1;
  const parts = left.split('.');
  const others = right.split('.');
  for (let at = 0; at < Math.max(parts.length, others.length); at++) {
    const difference = compareParts(parts[at] ?? '0', others[at] ?? '0');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numeric parts below the others, never "as text" between the two: 2 < 10 < 1a < 2 is no order. */
function compareParts(left: string, right: string): number {
  const isNumber = /^\d+$/.test(left);
  if (isNumber !== /^\d+$/.test(right)) return isNumber ? -1 : 1;
  const [part, other] = isNumber ? [withoutZeros(left), withoutZeros(right)] : [left, right];
  if (isNumber && part.length !== other.length) return part.length - other.length;
  return part < other ? -1 : Number(part > other);
}

const withoutZeros = (digits: string): string => digits.replace(/^0+(?=\d)/, '');
