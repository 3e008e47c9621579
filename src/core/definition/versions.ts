/**
 * Negative, zero or positive as version `a` is lower than, equal to or greater than `b`. Numbers
 * compare as numbers and are lower than any text; texts compare by their dotted parts: numeric ones
 * as numbers (`1.10` > `1.9`, `1` = `1.0`) and lower than the others, which compare as text. Pure.
 */
export function compareVersions(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number') return -1;
  if (typeof b === 'number') return 1;
  const left = a.split('.');
  const right = b.split('.');
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = compareParts(left[at] ?? '0', right[at] ?? '0');
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareParts(a: string, b: string): number {
  const numericA = /^\d+$/.test(a);
  const numericB = /^\d+$/.test(b);
  // Numeric before text, never "as text" between the two: 2 < 10 < 1a < 2 would be no order at all.
  if (numericA !== numericB) return numericA ? -1 : 1;
  if (numericA) return compareText(withoutZeros(a), withoutZeros(b), true);
  return compareText(a, b, false);
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

/** By UTF-16 code units, which is the same on every device whatever its language. */
function compareText(a: string, b: string, longerIsMore: boolean): number {
  if (a === b) return 0;
  if (longerIsMore && a.length !== b.length) return a.length < b.length ? -1 : 1;
  return a < b ? -1 : 1;
}
