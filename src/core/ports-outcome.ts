import {
  type AssignedPort,
  assignPorts,
  type PortRequest,
  portRequests,
} from './allocate/ports.ts';
import type { Applied, AppliedChute, DynamicPorts } from './applied.ts';
import type { ChuteName, Definition } from './chute.ts';
import type { HostFacts } from './facts.ts';
import { overviewOf } from './overview.ts';
import type { Change, PlainRefusal, PortsOutcome } from './plan.ts';
import { listensOutside, type Runtime } from './planners/dynamic-ports.ts';
import { textOrder } from './text-order.ts';

/** Where ports are taken from that may be any. */
const RANGE = { first: 30_000, last: 32_767 };

type Asking = { readonly change: Change; readonly requests: readonly PortRequest[] };
type Taken = Readonly<Record<string, string>>;

/**
 * The ports of the host that all changed chutes are given, at once: what one is given the next cannot
 * have. Pure.
 *
 * One that is named is given or refused; of several that name it the first by name has it. One that
 * may be any stays what it was, and else is the lowest that nobody has or names.
 */
export function portsOutcome(
  changes: readonly Change[],
  { applied, facts }: { readonly applied: Applied; readonly facts: HostFacts },
): PortsOutcome {
  const asking = changes
    .toSorted((left, right) => textOrder(left.chute, right.chute))
    .map((change): Asking => ({ change, requests: requestsOf(change, facts.runtime) }));
  if (asking.every(({ requests }) => requests.length === 0)) return { given: {}, refusals: {} };
  const requested = new Map(asking.map((each) => [each.change.chute, each]));
  const redirects = redirectsOf(applied, new Set(requested.keys()));
  const before: Record<string, string> = {};
  const scene = { requested, redirects, before, applied, facts };
  const isAnyAsked = asking.some(({ requests }) => requests.some(isAny));
  const named = isAnyAsked ? namedPorts(asking) : {};
  const redirected = isAnyAsked ? redirectedPorts(asking, applied) : {};
  const given: Record<ChuteName, DynamicPorts> = {};
  const refusals: Record<ChuteName, readonly PlainRefusal[]> = {};
  let dynamic: Taken = {};
  for (const { change, requests } of asking) {
    const { chute } = change;
    // Who asks for ports by name alone is in nobody's way on all others.
    const keys = requests.map(({ external, protocol }) => `${external}/${protocol}`);
    const taken = takenFrom(chute, scene, requests.some(isAny) ? null : keys);
    // The first by name has what several name.
    for (const [key, who] of Object.entries(namedPorts([{ change, requests }])))
      before[key] ??= who;
    const common = { chute, before: hadBy(change.before), range: RANGE };
    const fixed = assignPorts(
      requests.filter((each) => !isAny(each)),
      { ...common, taken },
    );
    const open = requests.filter(isAny);
    const any = assignPorts(open, {
      ...common,
      taken: open.length === 0 ? {} : { ...redirected, ...named, ...taken, ...dynamic },
    });
    const wrong = [fixed, any].flatMap((each) => ('refusals' in each ? each.refusals : []));
    if (wrong.length > 0) refusals[chute] = wrong;
    if (!('ports' in any) || any.ports.length === 0) continue;
    given[chute] = dynamicOf(any.ports);
    dynamic = { ...dynamic, ...keysOf(any.ports, `chute ${chute}`) };
  }
  return { given, refusals };
}

function requestsOf({ desired }: Change, runtime: Runtime): readonly PortRequest[] {
  if (desired?.run !== 'running') return [];
  const { definition } = desired;
  return portRequests(definition).map((request) => {
    const service = definition.services[request.service];
    // A process listens where it listens: a web port that is not bound is published as itself.
    const isItself = service !== undefined && listensOutside(service, runtime);
    return request.external === null && isItself && !isAsked(definition, request)
      ? { ...request, external: request.internal }
      : request;
  });
}

const isAsked = ({ services }: Definition, { service, internal, protocol }: PortRequest): boolean =>
  Object.hasOwn(services[service]?.ports ?? {}, `auto:${internal}/${protocol}`);

const isAny = ({ external }: PortRequest): boolean => external === null;

/** What others have that a chute may not name: before it by name, and those that stay as they are. Of `keys`, or of all. */
function takenFrom(
  chute: ChuteName,
  {
    requested,
    redirects,
    before,
    applied,
    facts,
  }: {
    readonly requested: ReadonlyMap<ChuteName, Asking>;
    readonly redirects: Taken;
    readonly before: Taken;
    readonly applied: Applied;
    readonly facts: HostFacts;
  },
  keys: readonly string[] | null,
): Taken {
  const reserved = applied.reservations.ports;
  const foreign = Object.entries(facts.portsTaken).filter(([key]) => !Object.hasOwn(reserved, key));
  const held = (keys ?? Object.keys(reserved)).flatMap((key) => {
    const holder = reserved[key];
    if (!holder || holder.chute === chute) return [];
    const holding = requested.get(holder.chute);
    return !holding || keeps(holding, key) ? [[key, `chute ${holder.chute}`] as const] : [];
  });
  return {
    ...Object.fromEntries(foreign),
    ...only(redirects, keys),
    ...only(before, keys),
    ...Object.fromEntries(held),
  };
}

function only(taken: Taken, keys: readonly string[] | null): Taken {
  if (keys === null) return taken;
  const known = keys.flatMap((key) => {
    const who = taken[key];
    return who === undefined ? [] : [[key, who] as const];
  });
  return Object.fromEntries(known);
}

/** Whether a chute that changes goes on having a port: it names it, or has it as any free one. */
function keeps({ change, requests }: Asking, key: string): boolean {
  if (Object.hasOwn(namedPorts([{ change, requests }]), key)) return true;
  return hadBy(change.before).some(
    (had) =>
      `${had.external}/${had.protocol}` === key &&
      requests.some(
        ({ external, service, internal, protocol }) =>
          external === null &&
          service === had.service &&
          internal === had.internal &&
          protocol === had.protocol,
      ),
  );
}

function namedPorts(asking: readonly Asking[]): Taken {
  return Object.fromEntries(
    // The first by name has it: written last.
    asking
      .toReversed()
      .flatMap(({ change, requests }) =>
        requests.flatMap(({ external, protocol }) =>
          external === null ? [] : [[`${external}/${protocol}`, `chute ${change.chute}`] as const],
        ),
      ),
  );
}

/** Ports that redirects catch: of chutes that stay, and those that the changed ones ask for. */
function redirectedPorts(asking: readonly Asking[], applied: Applied): Taken {
  const asked = asking.flatMap(({ change }) =>
    Object.values(change.desired?.definition.firewall ?? {}).flatMap(({ from }) => {
      const [, port] = /^@[^:]*:(\d+)$/.exec(typeof from === 'string' ? from.trim() : '') ?? [];
      return port === undefined ? [] : bothProtocols(Number(port), change.chute);
    }),
  );
  const changing = new Set(asking.map(({ change }) => change.chute));
  return { ...redirectsOf(applied, changing), ...Object.fromEntries(asked) };
}

function redirectsOf({ chutes }: Applied, changing: ReadonlySet<ChuteName>): Taken {
  return Object.fromEntries(
    overviewOf(chutes).redirecting.flatMap(({ chute, applied }) =>
      changing.has(chute)
        ? []
        : applied.redirects.flatMap(({ fromPort }) =>
            fromPort === null ? [] : bothProtocols(fromPort, chute),
          ),
    ),
  );
}

const bothProtocols = (port: number, chute: ChuteName): readonly (readonly [string, string])[] =>
  ['tcp', 'udp'].map((protocol) => [`${port}/${protocol}`, `chute ${chute}`]);

/** The ports that a chute was given and did not name. */
function hadBy(before: AppliedChute | null): readonly AssignedPort[] {
  return Object.entries(before?.dynamicPorts ?? {}).flatMap(([service, ports]) =>
    Object.entries(ports).map(([key, external]): AssignedPort => {
      const [internal = '', protocol] = key.slice('auto:'.length).split('/');
      return {
        service,
        internal: Number(internal),
        protocol: protocol === 'udp' ? 'udp' : 'tcp',
        external,
      };
    }),
  );
}

function dynamicOf(ports: readonly AssignedPort[]): DynamicPorts {
  const given: Record<string, Record<string, number>> = {};
  for (const { service, internal, protocol, external } of ports)
    given[service] = { ...given[service], [`auto:${internal}/${protocol}`]: external };
  return given;
}

const keysOf = (ports: readonly AssignedPort[], who: string): Taken =>
  Object.fromEntries(ports.map(({ external, protocol }) => [`${external}/${protocol}`, who]));
