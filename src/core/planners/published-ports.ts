import type { Definition, ServiceName } from '../chute.ts';
import { textOrder } from '../text-order.ts';

/** One port that a chute offers to the outside. */
export type PublishedPort = {
  /** `18080/tcp`: what is reserved, and free or taken on the host. */
  readonly key: string;
  readonly external: number;
  readonly internal: number;
  readonly service: ServiceName;
};

/**
 * The ports that a definition publishes, lowest first, once those that may be any are given (`withPorts`).
 * Pure. A web port that is not bound is published as itself: a process listens where it listens.
 */
export function publishedPorts(definition: Definition): readonly PublishedPort[] {
  const bound = Object.entries(definition.services).flatMap(([service, { ports }]) =>
    Object.entries(ports).map(([key, { internal }]) => ({
      key,
      external: Number.parseInt(key, 10),
      internal,
      service,
    })),
  );
  const { web } = definition;
  const webIsBound = bound.some(
    ({ service, internal, key }) =>
      service === web?.service && internal === web.port && key.endsWith('/tcp'),
  );
  const own = web &&
    !webIsBound && {
      key: `${web.port}/tcp`,
      external: web.port,
      internal: web.port,
      service: web.service,
    };
  return [...bound, ...(own ? [own] : [])].toSorted(
    (left, right) =>
      left.external - right.external ||
      textOrder(left.key, right.key) ||
      textOrder(left.service, right.service),
  );
}
