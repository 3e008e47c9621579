import { type Held, heldBy } from './allocate/held.ts';
import type { Applied, AppliedChute } from './applied.ts';
import type { ChuteName, Definition } from './chute.ts';
import { type Wired, type WiredChute, wiredOf } from './render/wiring.ts';
import { textOrder } from './text-order.ts';

/** What planning asks of a chute that stays as it is, each worked out once. */
export class ChuteView {
  readonly chute: ChuteName;
  readonly applied: AppliedChute;
  readonly isFrozen: boolean;
  #asks: boolean | undefined;
  #held: readonly Held[] | undefined;
  #wired: WiredChute | null | undefined;

  constructor(chute: ChuteName, applied: AppliedChute) {
    this.chute = chute;
    this.applied = applied;
    this.isFrozen = Object.isFrozen(applied);
  }

  /** Whether a service of it that runs asks for a part of the cpus or the memory. */
  get asksForLimits(): boolean {
    const { run, definition } = this.applied;
    this.#asks ??= run === 'running' && asksForLimits(definition);
    return this.#asks;
  }

  /** What of the host its interfaces have. */
  get held(): readonly Held[] {
    this.#held ??= heldBy(this.chute, this.applied.interfaces);
    return this.#held;
  }

  /** Its part of the network; null when it has none. Throws RIPCORD_PLAN_INVALID. */
  get wired(): WiredChute | null {
    if (this.#wired === undefined) this.#wired = wiredChute(this.chute, this.applied);
    return this.#wired;
  }

  get isRedirecting(): boolean {
    return this.applied.redirects.length > 0;
  }
}

/** A chute's part of the network; null when it has none. Pure. Throws RIPCORD_PLAN_INVALID. */
export function wiredChute(
  chute: ChuteName,
  { interfaces, redirects }: Pick<AppliedChute, 'interfaces' | 'redirects'>,
): WiredChute | null {
  const wired: Wired = wiredOf(chute, interfaces);
  return wired.wirings.length > 0 || redirects.length > 0 ? { wired, redirects } : null;
}

/** Whether a service of a definition asks for a part of the cpus or the memory. Pure. */
export function asksForLimits(definition: Definition | null): boolean {
  return Object.values(definition?.services ?? {}).some(
    ({ requests }) => (requests.cpuFraction ?? 0) > 0 || requests.memory !== undefined,
  );
}

/** All chutes, and those of them that have to be asked something, by name. */
export type Overview = {
  readonly views: readonly ChuteView[];
  readonly asking: readonly ChuteView[];
  readonly redirecting: readonly ChuteView[];
  /** Who has which device of the host by its interfaces. Throws RIPCORD_PLAN_INVALID. */
  readonly holderOf: (device: string) => ChuteName | undefined;
};

/**
 * What there is. Pure: that of the map that was asked for last is remembered, and of another one those
 * chutes are viewed anew that are other objects, or that could be changed. A plan must not cost what a
 * thousand chutes hold that stay as they are.
 */
export function overviewOf(chutes: Applied['chutes']): Overview {
  if (last.chutes === chutes && last.isFrozen) return last;
  const names = Object.keys(chutes);
  const isSameOrder =
    names.length === last.names.length && names.every((name, at) => name === last.names[at]);
  const ordered = isSameOrder ? last.ordered : names.toSorted(textOrder);
  const known = isSameOrder ? null : new Map(last.views.map((view) => [view.chute, view]));
  const views: ChuteView[] = [];
  const fresh: ChuteView[] = [];
  for (let at = 0; at < ordered.length; at++) {
    const chute = ordered[at] ?? '';
    const applied = chutes[chute];
    if (!applied) continue;
    const view = known ? known.get(chute) : last.views[at];
    // What is frozen stays so.
    if (view?.applied === applied && view.isFrozen) {
      views.push(view);
      continue;
    }
    const made = new ChuteView(chute, applied);
    views.push(made);
    fresh.push(made);
  }
  const isFrozen = Object.isFrozen(chutes) && fresh.every((view) => view.isFrozen);
  const stays = isSameOrder && views.length === last.views.length;
  const anew = new Set(fresh.map(({ chute }) => chute));
  const among = (
    was: readonly ChuteView[],
    has: (view: ChuteView) => boolean,
  ): readonly ChuteView[] =>
    stays && !fresh.some(has) && !was.some(({ chute }) => anew.has(chute))
      ? was
      : views.filter(has);
  const { devices } = last;
  if (stays) for (const view of fresh) devices.change(view);
  const held = stays ? devices : new Devices(views);
  last = {
    devices: held,
    holderOf: (device) => held.holderOf(device),
    chutes,
    names,
    ordered,
    views,
    isFrozen,
    asking: among(last.asking, (view) => view.asksForLimits),
    redirecting: among(last.redirecting, (view) => view.isRedirecting),
  };
  return last;
}

/** Who has which device, put together when it is asked for and kept up from then on. */
class Devices {
  readonly #holders = new Map<string, ChuteName>();
  readonly #devices = new Map<ChuteName, readonly string[]>();
  readonly #waiting: Map<ChuteName, ChuteView>;

  constructor(views: readonly ChuteView[]) {
    this.#waiting = new Map(views.map((view) => [view.chute, view]));
  }

  /** Another view of a chute that was there already. */
  change(view: ChuteView): void {
    this.#waiting.set(view.chute, view);
  }

  holderOf(device: string): ChuteName | undefined {
    for (const chute of this.#waiting.keys())
      for (const each of this.#devices.get(chute) ?? []) this.#holders.delete(each);
    for (const [chute, view] of this.#waiting) {
      const devices = view.wired?.wired.devices ?? [];
      this.#devices.set(chute, devices);
      for (const each of devices) this.#holders.set(each, chute);
    }
    this.#waiting.clear();
    return this.#holders.get(device);
  }
}

let last: Overview & {
  readonly devices: Devices;
  readonly chutes: Applied['chutes'];
  readonly names: readonly ChuteName[];
  readonly ordered: readonly ChuteName[];
  readonly isFrozen: boolean;
} = {
  devices: new Devices([]),
  holderOf: () => undefined,
  chutes: {},
  names: [],
  ordered: [],
  views: [],
  isFrozen: false,
  asking: [],
  redirecting: [],
};
