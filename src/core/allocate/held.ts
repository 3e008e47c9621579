import type { ChuteName } from '../chute.ts';
import type { InterfaceAllocation, InterfaceKind } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { networkAround } from './ipv4.ts';
import type { DeviceUse } from './radios.ts';
import type { TakenNetwork } from './subnets.ts';
import type { Allocations } from './surroundings.ts';

/** An allocation, whose it is, and what of the host is taken by it. */
export type Held = {
  readonly chute: ChuteName;
  readonly given: InterfaceAllocation;
  readonly use: DeviceUse | null;
  readonly network: TakenNetwork | null;
};

/** What interfaces of each kind use a device for. */
export const DEVICE_MODES: Readonly<Record<Exclude<InterfaceKind, 'vlan'>, DeviceUse['mode']>> = {
  'wifi-ap': 'ap',
  'wifi-sta': 'sta',
  'wifi-monitor': 'monitor',
  lan: 'lan',
};

/**
 * What a chute holds, in the order of names: refusals name the first who is in the way, and which one
 * that is must not change. Pure.
 */
export function heldBy(chute: ChuteName, allocations: Allocations): readonly Held[] {
  const known = remembered.get(allocations);
  if (known?.chute === chute) return known.held;
  const held = Object.entries(allocations)
    .toSorted(([left], [right]) => textOrder(left, right))
    .map(([, given]) => holding(chute, given));
  remembered.set(allocations, { chute, held });
  return held;
}

/** What chutes hold, in the order of their names. Pure. */
export function heldByAll(chutes: Readonly<Record<ChuteName, Allocations>>): readonly Held[] {
  return Object.entries(chutes)
    .toSorted(([left], [right]) => textOrder(left, right))
    .flatMap(([chute, allocations]) => heldBy(chute, allocations));
}

/** Who has something, in the words of refusals. Pure. */
export function holderOf(name: string, chute: ChuteName): string {
  return `${name} of ${chute}`;
}

/** Read once: a thousand chutes that stay as they are must not cost a thousand readings each time. */
const remembered = new WeakMap<
  Allocations,
  { readonly chute: ChuteName; readonly held: readonly Held[] }
>();

function holding(chute: ChuteName, given: InterfaceAllocation): Held {
  const { kind, inside, device, radio, subnet } = given;
  const holder = holderOf(inside, chute);
  const network = subnet === null ? null : networkAround(subnet);
  return {
    chute,
    given,
    use:
      kind === 'vlan' || device === null
        ? null
        : { device, mode: DEVICE_MODES[kind], holder, settings: radio },
    network: network && { ...network, holder },
  };
}
