import type { RadioSettings } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { portOffers } from './lan-ports.ts';
import { radioOffers, type DeviceContext, type DeviceOffers, type DeviceUse } from './radios.ts';

/** An interface that needs a device. */
export type DeviceRequest = {
  readonly name: string;
  readonly mode: DeviceUse['mode'];
  readonly requirements: RadioSettings;
  /** As `DeviceUse.holder`. */
  readonly holder: string;
  /** What it has now. */
  readonly mine: string | null;
};

/** The device of each interface by name, or why some have none. */
export type Placement =
  | { readonly placed: ReadonlyMap<string, DeviceUse> }
  | { readonly missing: readonly MissingDevice[] };

/** An interface without a device. */
export type MissingDevice = {
  readonly name: string;
  /** Of each device why it will not do. */
  readonly reasons: readonly string[];
  /** Whether one would do if nobody else had it. */
  readonly isPossible: boolean;
};

/** Places that are tried for one chute before it is refused. */
const TRIES_MAX = 1_000;

/**
 * A device for each interface of a chute. Pure; the order of requests is nothing.
 *
 * What an interface has it keeps while that will do. Only when the rest then finds no place are those
 * moved too: a chute that fits is not refused.
 */
export function placeDevices(
  requests: readonly DeviceRequest[],
  context: DeviceContext,
): Placement {
  const byName = requests.toSorted((left, right) => textOrder(left.name, right.name));
  const kept = new Map<string, DeviceUse>();
  for (const request of byName) {
    const { offers } = offersFor(request, withUses(context, kept));
    const same = offers.find(({ device }) => device === request.mine);
    if (same) kept.set(request.name, useOf(request, same));
  }
  const around = withUses(context, kept);
  const open = inPlacingOrder(
    byName.filter(({ name }) => !kept.has(name)),
    around,
  );
  const rest = placeAll(open, around);
  if (rest) return { placed: new Map([...kept, ...rest]) };
  const placed = kept.size === 0 ? null : placeAll(inPlacingOrder(byName, context), context);
  return placed ? { placed } : { missing: missingIn(open, around) };
}

/** Those with the fewest possibilities choose first, and access points before what excludes them. */
function inPlacingOrder(
  requests: readonly DeviceRequest[],
  context: DeviceContext,
): readonly DeviceRequest[] {
  return requests
    .map((request) => ({ request, choice: offersFor(request, context).offers.length }))
    .toSorted(
      (left, right) =>
        left.choice - right.choice ||
        Number(right.request.mode === 'ap') - Number(left.request.mode === 'ap'),
    )
    .map(({ request }) => request);
}

/** Tries what is best first, and goes back where that leaves another without; null: no way found. */
function placeAll(
  requests: readonly DeviceRequest[],
  context: DeviceContext,
): ReadonlyMap<string, DeviceUse> | null {
  let tries = 0;
  const place = (at: number, placed: Placed): Placed | null => {
    const request = requests[at];
    if (!request) return placed;
    for (const offer of offersFor(request, withUses(context, placed)).offers) {
      tries += 1;
      if (tries > TRIES_MAX) return null;
      const all = place(at + 1, new Map([...placed, [request.name, useOf(request, offer)]]));
      if (all) return all;
    }
    return null;
  };
  return place(0, new Map());
}

/** Who finds no place when each takes what is best at once, and why. */
function missingIn(
  requests: readonly DeviceRequest[],
  context: DeviceContext,
): readonly MissingDevice[] {
  const placed = new Map<string, DeviceUse>();
  return requests.flatMap((request) => {
    const { offers, reasons } = offersFor(request, withUses(context, placed));
    const [best] = offers;
    if (!best) {
      const isPossible = offersFor(request, { ...context, uses: [] }).offers.length > 0;
      return [{ name: request.name, reasons, isPossible }];
    }
    placed.set(request.name, useOf(request, best));
    return [];
  });
}

type Placed = ReadonlyMap<string, DeviceUse>;

const withUses = (context: DeviceContext, placed: Placed): DeviceContext => ({
  ...context,
  uses: [...context.uses, ...placed.values()],
});

function offersFor(
  { mode, requirements, mine }: DeviceRequest,
  context: DeviceContext,
): DeviceOffers {
  return mode === 'lan'
    ? portOffers(requirements, context, mine)
    : radioOffers(mode, requirements, context);
}

const useOf = (
  { mode, holder }: DeviceRequest,
  { device, settings }: DeviceOffers['offers'][number],
): DeviceUse => ({ device, mode, holder, settings });
