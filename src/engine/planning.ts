import type { Applied } from '../core/applied.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { HostFacts } from '../core/facts.ts';
import { paysDebts } from '../core/in-the-way.ts';
import type { Sha256 } from '../core/json.ts';
import type { PlanRequest } from '../core/make-change.ts';
import { makePlan, type Planned } from '../core/make-plan.ts';
import { owedServices } from '../core/network-outcome.ts';
import { applyPatch, invert } from '../core/patch.ts';
import type { Planner } from '../core/plan.ts';
import { withPromisedPorts } from '../core/promised-ports.ts';
import type { State } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { driftOf } from './drift.ts';
import type { ObservedService } from './host.ts';

/** Everything a plan is made from beside the request and the state. */
export type PlanScene = {
  readonly facts: HostFacts;
  readonly planners: readonly Planner[];
  readonly sha256: Sha256;
  /** What is applied, drift included, where it was looked at; else as the state has it. */
  readonly applied?: Applied;
  /** The update that is planned, when it is in the state already. */
  readonly update?: UpdateId;
  /** Steps of others that are asked for before it and in the state not yet. */
  readonly promised?: readonly Step[];
};

/**
 * What a request comes to on a device. Pure. The one way in which `plan` and `apply` ask, so that they
 * answer alike: ports promised to updates under way are taken, and reloads that are owed are planned,
 * unless others are at work on what owes them.
 */
export function planOn(state: State, request: PlanRequest, scene: PlanScene): Planned {
  const { facts, planners, sha256, applied = state.applied, update, promised = [] } = scene;
  const others = Object.values(state.updates).filter(({ id }) => id !== update);
  const underWay = others.flatMap(({ plan }) => plan?.steps ?? []);
  return makePlan({
    request,
    applied: withPromisedPorts(applied, [...underWay, ...promised]),
    facts,
    planners,
    sha256,
    owed: isPaying(state, request, scene) ? owedServices(state) : [],
  });
}

function isPaying(state: State, request: PlanRequest, { update, promised }: PlanScene): boolean {
  const asking = { id: '', seq: Number.POSITIVE_INFINITY, request };
  const planned = update === undefined ? asking : (state.updates[update] ?? asking);
  return (
    paysDebts(planned, state) && !(promised ?? []).some(({ id }) => id.startsWith('host/config.'))
  );
}

/** What is applied with services as they were seen, and the events that say so. Pure. */
export function withDrift(
  applied: Applied,
  seen: readonly ObservedService[],
): { readonly applied: Applied; readonly drift: readonly ChuteEvent[] } {
  // Without drift it stays the frozen one: what was worked out of it is known.
  if (seen.every((each) => driftOf(applied, each) === null)) return { applied, drift: [] };
  const after = structuredClone(applied);
  const drift = seen.flatMap((each): ChuteEvent[] => {
    const found = driftOf(applied, each);
    if (!found) return [];
    const inverse = invert(after, found.patch);
    applyPatch(after, found.patch);
    return [{ type: 'drift.found', ...found, inverse }];
  });
  return { applied: after, drift };
}
