import { NEW_CHUTE, type Applied, type AppliedChute, type DynamicPorts } from '../applied.ts';
import { below } from '../compare-chute.ts';
import { canonical, type Json } from '../json.ts';
import { compare, pointer, type Operation, type Patch } from '../patch.ts';
import type { Change, Desired, GivenNetwork, PlanContext } from '../plan.ts';
import { rememberFrozen } from '../remember.ts';
import { textOrder } from '../text-order.ts';
import { wantedPorts } from './runtime.ts';
import type { Fate } from './service-fate.ts';

/**
 * What is left to write into `applied` when all other steps of a change are done: see the table at
 * the head of `plan-graph.ts`. Pure.
 *
 * Ports are written one by one: other chutes' changes may go through at the same time.
 */
export function savePatch(change: Change, context: PlanContext, fate: Fate): Patch {
  const { chute, before, desired } = change;
  const ports = savePorts(change, context);
  const at = pointer('chutes', chute);
  if (!desired) return [...ports, { op: 'remove', path: at }];
  const was = before ?? NEW_CHUTE;
  const definition = compare(sorted(was.definition), sorted(desired.definition));
  return [
    ...below(`${at}/definition`, definition),
    ...(was.run === desired.run
      ? []
      : [{ op: 'replace', path: `${at}/run`, value: desired.run } as const]),
    ...saveServices(at, was, { desired, fate }),
    ...saveNetwork(at, was, context.network.given[chute]),
    ...saveDynamicPorts(`${at}/dynamicPorts`, was, context.ports.given[chute]),
    ...ports,
  ];
}

/** What interfaces were given is written as a whole: what one has depends on what another has. */
function saveNetwork(at: string, was: AppliedChute, given: GivenNetwork | undefined): Patch {
  const { interfaces, redirects } = given ?? NEW_CHUTE;
  return [
    ...below(`${at}/interfaces`, compare(sorted(was.interfaces), sorted(interfaces))),
    ...(canonical(was.redirects) === canonical(redirects)
      ? []
      : [{ op: 'replace', path: `${at}/redirects`, value: sorted(redirects) } as const]),
  ];
}

function saveDynamicPorts(
  path: string,
  { dynamicPorts: had }: AppliedChute,
  given: DynamicPorts | undefined,
): Patch {
  if (canonical(had ?? null) === canonical(given ?? null)) return [];
  return given ? [{ op: 'add', path, value: sorted(given) }] : [{ op: 'remove', path }];
}

/** Services that steps leave otherwise than they shall be: gone ones, and dead ones of a stopped chute. */
function saveServices(
  at: string,
  was: AppliedChute,
  { desired, fate }: { readonly desired: NonNullable<Desired>; readonly fate: Fate },
): Patch {
  const wanted = desired.definition.services;
  const names = new Set([...Object.keys(was.services), ...Object.keys(wanted)]);
  return [...names].toSorted(textOrder).flatMap((name): readonly Operation[] => {
    const path = at + pointer('services', name);
    const left = stateLeft(was, name, fate);
    if (!Object.hasOwn(wanted, name)) return [{ op: 'remove', path }];
    if (left === desired.run) return [];
    if (left !== null) return [{ op: 'replace', path: `${path}/state`, value: desired.run }];
    return [{ op: 'add', path, value: { state: desired.run, spec: null, instance: null } }];
  });
}

/** How the steps before leave a service. */
function stateLeft(was: AppliedChute, name: string, { starting, stopping }: Fate): string | null {
  if (starting.has(name)) return 'running';
  if (stopping.has(name)) return 'stopped';
  return was.services[name]?.state ?? null;
}

function savePorts(change: Change, context: PlanContext): Patch {
  const { chute } = change;
  const { applied, changes } = context;
  const held: Applied['reservations']['ports'] = applied.reservations.ports;
  const wanted = wantedPorts(change, context);
  const unwanted = (keysByChute(held).get(chute) ?? []).filter((key) => !wanted.has(key));
  // One that another chute of this plan takes over is that one's to write.
  const others = unwanted.length > 0 ? changes.filter((each) => each.chute !== chute) : [];
  const freed = unwanted.filter(
    (key) => !others.some((each) => wantedPorts(each, context).has(key)),
  );
  const taken = [...wanted].filter(
    ([key, service]) => held[key]?.chute !== chute || held[key].service !== service,
  );
  return [
    ...freed.toSorted(textOrder).map((key): Operation => ({ op: 'remove', path: portPath(key) })),
    ...taken
      .toSorted(([left], [right]) => textOrder(left, right))
      .map(([key, service]): Operation => ({
        op: 'add',
        path: portPath(key),
        value: { chute, service },
      })),
  ];
}

const keysByChute = rememberFrozen(
  (held: Applied['reservations']['ports']): ReadonlyMap<string, readonly string[]> => {
    const keys = new Map<string, string[]>();
    for (const key of Object.keys(held)) {
      const holder = held[key]?.chute ?? '';
      const known = keys.get(holder);
      if (known) known.push(key);
      else keys.set(holder, [key]);
    }
    return keys;
  },
);

const portPath = (key: string): string => pointer('reservations', 'ports', key);

/** With its keys in order and without `undefined`, so that equal input gives an equal patch. */
const sorted = (value: Json): Json => JSON.parse(canonical(value)) as Json;
