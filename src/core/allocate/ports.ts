import type { ChuteName, Definition, ServiceName } from '../chute.ts';
import { pointer } from '../patch.ts';
import { textOrder } from '../text-order.ts';
import type { PlainRefusal } from './refusal.ts';

export type Protocol = 'tcp' | 'udp';

/** A port that a definition wants to be reached at. */
export type PortRequest = {
  readonly service: ServiceName;
  readonly internal: number;
  readonly protocol: Protocol;
  /** Null: any free one. */
  readonly external: number | null;
  /** Where the definition asks for it, as a JSON pointer. */
  readonly path: string;
};

/** A port of the host, and where what comes to it goes. */
export type AssignedPort = Omit<PortRequest, 'external' | 'path'> & { readonly external: number };

export type PortContext = {
  readonly chute: ChuteName;
  /** What the applied version has. */
  readonly before: readonly AssignedPort[];
  /** Ports of others by `80/tcp`, those that others of this update ask for included; who, in words. */
  readonly taken: Readonly<Record<string, string>>;
  readonly range: { readonly first: number; readonly last: number };
};

/**
 * The ports that a definition asks for: those it binds, and any free one for its web port where that
 * is not bound. Pure; in the order of services and ports.
 */
export function portRequests({ services, web }: Definition): readonly PortRequest[] {
  const bound = Object.entries(services).flatMap(([service, { ports }]) =>
    Object.entries(ports).map(([key, { internal }]): PortRequest => {
      const [port = '', protocol] = key.split('/');
      return {
        service,
        internal,
        protocol: protocol === 'udp' ? 'udp' : 'tcp',
        external: port.startsWith('auto:') ? null : Number(port),
        path: pointer('services', service, 'ports', key),
      };
    }),
  );
  const webIsBound = bound.some(
    ({ service, internal, protocol }) =>
      service === web?.service && internal === web.port && protocol === 'tcp',
  );
  const own: readonly PortRequest[] =
    web && !webIsBound
      ? [
          {
            service: web.service,
            internal: web.port,
            protocol: 'tcp',
            external: null,
            path: '/web/port',
          },
        ]
      : [];
  return [...bound, ...own].toSorted(requestOrder);
}

/**
 * A port of the host for each that is asked for. Pure; the order of requests is nothing.
 *
 * One that is named is given or refused, never another. One that may be any stays what it was, and
 * else is the lowest that is free in the range.
 */
export function assignPorts(
  requests: readonly PortRequest[],
  context: PortContext,
): { readonly ports: readonly AssignedPort[] } | { readonly refusals: readonly PlainRefusal[] } {
  const { chute, before } = context;
  const inOrder = requests.toSorted(requestOrder);
  const taken = new Map(Object.entries(context.taken));
  const ports: AssignedPort[] = [];
  const refusals: PlainRefusal[] = [];
  const give = (request: PortRequest, external: number): void => {
    const { service, internal, protocol } = request;
    ports.push({ service, internal, protocol, external });
    taken.set(`${external}/${protocol}`, `service ${service}`);
  };
  for (const request of inOrder) {
    const { external, protocol } = request;
    if (external === null) continue;
    const holder = taken.get(`${external}/${protocol}`);
    if (holder === undefined) give(request, external);
    else refusals.push(portRefused(chute, request, holder));
  }
  const open = inOrder.filter(({ external }) => external === null);
  const had = (request: PortRequest): number | null => {
    const same = before.find(
      (each) => isSamePort(each, request) && !taken.has(`${each.external}/${each.protocol}`),
    );
    return same?.external ?? null;
  };
  const fresh = open.filter((request) => {
    const external = had(request);
    if (external !== null) give(request, external);
    return external === null;
  });
  for (const request of fresh) {
    const free = lowestFree(request.protocol, taken, context.range);
    if (free === null) refusals.push(noneFree(chute, request, context.range));
    else give(request, free);
  }
  return refusals.length > 0 ? { refusals } : { ports: ports.toSorted(portOrder) };
}

function lowestFree(
  protocol: Protocol,
  taken: ReadonlyMap<string, string>,
  { first, last }: PortContext['range'],
): number | null {
  for (let port = first; port <= last; port++) {
    if (!taken.has(`${port}/${protocol}`)) return port;
  }
  return null;
}

const isSamePort = (
  left: Pick<PortRequest, 'service' | 'internal' | 'protocol'>,
  right: Pick<PortRequest, 'service' | 'internal' | 'protocol'>,
): boolean =>
  left.service === right.service &&
  left.internal === right.internal &&
  left.protocol === right.protocol;

const portOrder = (
  left: Pick<AssignedPort, 'service' | 'internal' | 'protocol'> & { external: number | null },
  right: Pick<AssignedPort, 'service' | 'internal' | 'protocol'> & { external: number | null },
): number =>
  textOrder(left.service, right.service) ||
  left.internal - right.internal ||
  textOrder(left.protocol, right.protocol) ||
  (left.external ?? 0) - (right.external ?? 0);

const requestOrder = (left: PortRequest, right: PortRequest): number => portOrder(left, right);

const portRefused = (
  chute: ChuteName,
  { external, protocol, service, path }: PortRequest,
  holder: string,
): PlainRefusal => ({
  code: 'RIPCORD_PORT_TAKEN',
  message: `cannot publish port ${external}/${protocol} of service ${service} of ${chute}: ${holder} has it`,
  path,
  hint: `take another port, or stop ${holder}`,
});

const noneFree = (
  chute: ChuteName,
  { internal, protocol, service, path }: PortRequest,
  { first, last }: PortContext['range'],
): PlainRefusal => ({
  code: 'RIPCORD_PORT_TAKEN',
  message: `cannot publish port ${internal}/${protocol} of service ${service} of ${chute}: all ports from ${first} to ${last} are taken`,
  path,
  hint: 'publish it as a port outside of these',
});
