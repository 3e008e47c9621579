import { sha256 } from '../../journal/chain.ts';
import type { HostFacts } from '../core/facts.ts';
import { makePlan, type Planned } from '../core/make-plan.ts';
import { owedServices } from '../core/network-outcome.ts';
import { applyPatch } from '../core/patch.ts';
import { PLANNERS } from '../core/planners/all.ts';
import type { State } from '../core/state.ts';
import { observeHost } from '../drivers/process/observe.ts';
import { driftOf } from '../engine/drift.ts';
import type { Asked } from '../engine/requests.ts';
import { observe } from '../library/local-host.ts';
import { chooseConfigured } from '../library/root-config.ts';

/**
 * What a request would be planned as on the device as it is, dead services included. Reads only: no
 * lock is taken and the root need not exist. With `given` facts it is planned for that host instead.
 */
export function planRequest(root: string, state: State, asked: Asked, given?: HostFacts): Planned {
  const applied = structuredClone(state.applied);
  const names = asked.chutes.map(({ chute }) => chute);
  for (const seen of observe(root, state.applied, names)) {
    const found = driftOf(state.applied, seen);
    if (found) applyPatch(applied, found.patch);
  }
  const facts = given ?? observeHost(root, chooseConfigured(root, {}));
  const owed = owedServices(state);
  return makePlan({ request: asked, applied, facts, planners: PLANNERS, sha256, owed });
}
