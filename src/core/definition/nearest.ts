import type { Report } from './complaint.ts';
import { isForbiddenName } from './read-guard.ts';

/** Chutes, services and volumes have directories of their name, and this one is the journal's. */
const RESERVED = 'index';

/** The shape of names that end up in paths, container names and host names. */
export const CHUTE_NAME: RegExp = /^(?!(?:index|constructor|prototype)$)[a-z0-9][a-z0-9-]{1,62}$/;

/** A name inside a chute: never alone in a path or a container's name, so one letter will do. */
export const INNER_NAME: RegExp = /^(?!(?:index|constructor|prototype)$)[a-z0-9][a-z0-9-]{0,62}$/;

/** Why a name is none, in words behind its place. Pure. */
export function whyNoName(given: string, what: string): string {
  const reason = given === RESERVED || isForbiddenName(given) ? ', that name is reserved' : '';
  return `is not a name for ${what}: ${JSON.stringify(given)}${reason}`;
}

/** The candidate that a person most likely meant, or null when none is near. Pure. */
export function nearest(given: string, candidates: readonly string[]): string | null {
  const wanted = fold(given);
  // Two wrong letters in a word of six is a slip; in a word of three it is another word.
  const distanceMax = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | null = null;
  let bestDistance = distanceMax + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(wanted, fold(candidate), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The valid name that is nearest to what was given, or null when nothing of it is left. Pure. */
export function nearestName(given: string, shape: RegExp = CHUTE_NAME): string | null {
  const name = given
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
    .replaceAll(/-+$/g, '');
  if (shape.test(name)) return name;
  const longer = `${name}-chute`;
  return name !== '' && shape.test(longer) ? longer : null;
}

function fold(text: string): string {
  return text.slice(0, 64).toLowerCase().replaceAll(/[_-]/g, '');
}

/** Letters to insert, drop, change or swap; `limit` when it is that many or more. */
function distanceOf(source: string, target: string, limit: number): number {
  if (Math.abs(source.length - target.length) >= limit) return limit;
  let before: number[] = [];
  let row = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let at = 1; at <= source.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= target.length; to += 1) {
      const same = source[at - 1] === target[to - 1];
      const swapped = source[at - 1] === target[to - 2] && source[at - 2] === target[to - 1];
      next.push(
        Math.min(
          (next[to - 1] ?? limit) + 1,
          (row[to] ?? limit) + 1,
          (row[to - 1] ?? limit) + (same ? 0 : 1),
          swapped ? (before[to - 2] ?? limit) + 1 : limit,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return Math.min(limit, row[target.length] ?? limit);
}

/** Says that a name inside a chute is not valid, and which would be. */
export function complainName(name: string, path: string, what: string, report: Report): void {
  const near = nearestName(name, INNER_NAME);
  report.complain('name-invalid', path, whyNoName(name, what), {
    spot: 'key',
    hint: near === null ? 'lower-case letters, digits and -' : `the nearest valid one is ${near}`,
  });
}
