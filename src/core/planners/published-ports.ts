import type { Definition, ServiceName } from '../chute.ts';
import { pointer } from '../patch.ts';
import { textOrder } from '../text-order.ts';

/** One port that a chute offers to the outside. */
export type PublishedPort = {
  /** `18080/tcp`: what is reserved, and free or taken on the host. */
  readonly key: string;
  readonly external: number;
  readonly internal: number;
  readonly service: ServiceName;
  /** Where the definition asks for it, as a JSON pointer. */
  readonly path: string;
};

/**
 * The ports that a definition publishes, lowest first. Pure.
 *
 * A port that may be any free one, and a web port that is not bound, are published as themselves: a
 * process listens where it listens.
 */
export function publishedPorts(definition: Definition): readonly PublishedPort[] {
  const bound = Object.entries(definition.services).flatMap(([service, { ports }]) =>
    Object.entries(ports).map(([key, { internal }]) => ({
      ...parsed(key, internal),
      internal,
      service,
      path: pointer('services', service, 'ports', key),
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
      path: '/web/port',
    };
  return [...bound, ...(own ? [own] : [])].toSorted(
    (left, right) =>
      left.external - right.external ||
      textOrder(left.key, right.key) ||
      textOrder(left.service, right.service),
  );
}

/** `18080/tcp` is itself; `auto:5000/tcp` is any, and here 5000. */
function parsed(key: string, internal: number): Pick<PublishedPort, 'key' | 'external'> {
  const [port = '', protocol = 'tcp'] = key.split('/');
  if (port.startsWith('auto:')) return { key: `${internal}/${protocol}`, external: internal };
  return { key: `${port}/${protocol}`, external: Number(port) };
}
