import type { ServiceName } from '../chute.ts';

/**
 * Services that need each other in a ring, the first of them repeated at the end; null when there is
 * none. Names that are no service are passed over. Pure.
 */
export function findCycle(
  needs: Readonly<Record<ServiceName, readonly ServiceName[]>>,
): readonly ServiceName[] | null {
  const done = new Set<ServiceName>();
  for (const start of Object.keys(needs).toSorted()) {
    // An own stack, not recursion: a definition may name thousands of services in a row.
    const trail: { name: ServiceName; left: ServiceName[] }[] = [];
    const enter = (name: ServiceName): void => {
      trail.push({ name, left: [...(needs[name] ?? [])] });
    };
    if (!done.has(start)) enter(start);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const next = top.left.pop();
      if (next === undefined) {
        done.add(top.name);
        trail.pop();
        continue;
      }
      const from = trail.findIndex(({ name }) => name === next);
      if (from >= 0) return [...trail.slice(from).map(({ name }) => name), next];
      if (!done.has(next) && Object.hasOwn(needs, next)) enter(next);
    }
  }
  return null;
}
