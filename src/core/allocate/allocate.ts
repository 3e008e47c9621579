import { assert } from '../assert.ts';
import type { ChuteName } from '../chute.ts';
import type { HostConfig, InterfaceAllocation, NetworkFacts } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { chooseDevices } from './choose-devices.ts';
import { chooseNetworks } from './choose-networks.ts';
import { conflicts } from './conflicts.ts';
import { dhcpAt } from './dhcp.ts';
import { type Held, heldBy } from './held.ts';
import { accessPointName, vlanName } from './interface-names.ts';
import { readInterfaces, type ServiceInterfaces, type WantedInterface } from './interfaces.ts';
import { addressText, networkText, type Network } from './ipv4.ts';
import type { DeviceUse } from './radios.ts';
import { notGiven, type PlainRefusal, type PlainWarning } from './refusal.ts';
import type { Allocations, Surroundings } from './surroundings.ts';

/** What the services of a chute ask for, and what it has now; without services it lets go. */
export type AllocationRequest = {
  readonly chute: ChuteName;
  readonly services: ServiceInterfaces;
  /** Empty for a chute that does not run: a stopped one has let go of everything. */
  readonly before: Allocations;
};

/** The host, and who holds what of it. */
export type AllocationContext = {
  readonly facts: NetworkFacts;
  readonly host: HostConfig;
  /** By all chutes that run and go on running as they are, in the order of names. */
  readonly held: readonly Held[];
};

/** What a chute is given, with what is worth a warning; or every reason why it cannot be. */
export type Allocated =
  | { readonly interfaces: Allocations; readonly warnings: readonly PlainWarning[] }
  | { readonly refusals: readonly PlainRefusal[] };

/**
 * Devices, networks, addresses and names for the interfaces of all chutes that change. Pure.
 *
 * Chutes are asked in the order of their names, and what one is given is taken for the next; the order
 * in which anything is written is nothing. What a chute has it keeps while it satisfies what is asked.
 */
export function allocateInterfaces(
  requests: readonly AllocationRequest[],
  { facts, host, held }: AllocationContext,
): Readonly<Record<ChuteName, Allocated>> {
  const inOrder = requests
    .toSorted((left, right) => textOrder(left.chute, right.chute))
    .map((request) => ({ request, read: readInterfaces(request.chute, request.services) }));
  if (inOrder.every(({ read }) => read.wanted.length === 0 && read.refusals.length === 0))
    return Object.fromEntries(
      inOrder.map(({ request }) => [request.chute, { interfaces: {}, warnings: [] }]),
    );
  const before = inOrder.map(({ request }) => heldBy(request.chute, request.before));
  const seen = Object.keys(facts.ports).length > 0 ? [...held, ...before.flat()] : [];
  const ours = new Set(seen.map(({ given }) => given.outside));
  const kept = inOrder.flatMap(({ read }, at) =>
    (before[at] ?? [])
      .filter((mine) => read.wanted.some((wanted) => couldKeep(wanted, mine.given)))
      .map((mine) => ({ at, mine })),
  );
  const named = inOrder.flatMap(({ read }, at) =>
    read.wanted.filter(({ network }) => network !== null).map((wanted) => ({ at, wanted })),
  );
  const given: Held[] = [];
  const results: Record<ChuteName, Allocated> = {};
  for (const [at, { request, read }] of inOrder.entries()) {
    const waiting = kept.filter((each) => each.at > at).map(({ mine }) => mine);
    const others = [...held, ...given, ...waiting];
    const later = named.filter((each) => each.at > at).map(({ wanted }) => wanted);
    const answer = allocateOne(request, read.wanted, {
      facts,
      host,
      ours,
      others,
      later,
    });
    const refusals = [...read.refusals, ...('refusals' in answer ? answer.refusals : [])];
    if ('interfaces' in answer && refusals.length === 0)
      given.push(...heldBy(request.chute, answer.interfaces));
    results[request.chute] =
      'refusals' in answer || refusals.length > 0
        ? { refusals }
        : { interfaces: answer.interfaces, warnings: read.warnings };
  }
  return results;
}

function allocateOne(
  request: AllocationRequest,
  wanted: readonly WantedInterface[],
  around: Surroundings,
): { readonly interfaces: Allocations } | { readonly refusals: readonly PlainRefusal[] } {
  const { before } = request;
  const conflicting = conflicts(wanted, around);
  const devices = chooseDevices(wanted, before, around);
  const networks = chooseNetworks(wanted, before, around);
  const refusals = [...conflicting, ...devices.refusals, ...networks.refusals];
  const names = namesFor(wanted, before, { ...around, placed: devices.placed });
  const nameless = wanted.filter(({ name }) => !names.has(name));
  if (refusals.length > 0) return { refusals };
  if (nameless.length > 0) return { refusals: nameless.map(noName) };
  const interfaces = wanted.map((each): readonly [string, InterfaceAllocation] => {
    const outside = names.get(each.name);
    assert(outside !== undefined, `interface ${each.name} of ${each.chute} has no name outside`);
    const network = networks.chosen.get(each.name) ?? null;
    const use = devices.placed.get(each.name) ?? null;
    return [each.name, allocation(each, { outside, network, use })];
  });
  return { interfaces: Object.fromEntries(interfaces) };
}

function allocation(
  { kind, service, name, vlanId, wireless, dhcp, l3bridge }: WantedInterface,
  chosen: {
    readonly outside: string;
    readonly network: Network | null;
    readonly use: DeviceUse | null;
  },
): InterfaceAllocation {
  const { outside, network, use } = chosen;
  const hostAddress = network && addressText(network.first + 1);
  return {
    kind,
    service,
    inside: name,
    outside,
    device: use?.device ?? null,
    radio: use?.settings ?? {},
    vlanId,
    subnet: network && networkText(network),
    hostAddress,
    chuteAddress: network && addressText(network.first + 2),
    wireless,
    dhcp: dhcp && hostAddress ? dhcpAt(dhcp, hostAddress) : null,
    l3bridge,
  };
}

/** Access points have names of their own; all others that of the device or network they are. */
function namesFor(
  wanted: readonly WantedInterface[],
  before: Allocations,
  {
    facts,
    host,
    ours,
    others,
    placed,
  }: Surroundings & {
    readonly placed: ReadonlyMap<string, DeviceUse>;
  },
): ReadonlyMap<string, string> {
  const isNamed = wanted.some(({ kind }) => kind === 'wifi-ap');
  const taken = new Set([
    ...Object.values(facts.radios).map((radio) => radio.interface),
    ...Object.keys(facts.ports).filter((name) => !ours.has(name)),
    ...host.wifiInterfaces.map(({ ifname }) => String(ifname)),
    // Only access points are called what nobody else is.
    ...(isNamed ? others.map(({ given }) => given.outside) : []),
  ]);
  const names = new Map<string, string>();
  for (const { name, kind, vlanId } of wanted) {
    const device = placed.get(name)?.device ?? '';
    const had = before[name];
    if (kind === 'vlan' && vlanId !== null) names.set(name, vlanName(vlanId));
    else if (kind === 'lan') names.set(name, device);
    else if (kind !== 'wifi-ap') names.set(name, facts.radios[device]?.interface ?? '');
    else if (had?.kind === kind && !taken.has(had.outside)) names.set(name, had.outside);
  }
  // Names that interfaces of this chute had are free for nobody as long as it is under way.
  for (const { outside } of Object.values(before)) taken.add(outside);
  for (const { name, chute } of wanted) {
    if (names.has(name)) continue;
    const outside = accessPointName(chute, name, taken);
    if (outside === null) continue;
    names.set(name, outside);
    taken.add(outside);
  }
  return names;
}

const noName = (place: WantedInterface): PlainRefusal =>
  notGiven(place, [], {
    code: 'RIPCORD_RESOURCE_TAKEN',
    what: 'a name on the host',
    reason: 'all 65536 are taken',
    hint: 'stop chutes with access points',
  });

/** Whether an interface may still have what it has when its chute's turn comes. */
function couldKeep(wanted: WantedInterface, had: InterfaceAllocation): boolean {
  const { name, kind, vlanId, network } = wanted;
  return (
    name === had.inside &&
    kind === had.kind &&
    vlanId === had.vlanId &&
    (network === null || networkText(network) === had.subnet)
  );
}
