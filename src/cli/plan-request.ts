import { sha256 } from '../../journal/chain.ts';
import { makePlan, type Planned } from '../core/make-plan.ts';
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
 * lock is taken and the root need not exist.
 */
export function planRequest(root: string, state: State, asked: Asked): Planned {
  const applied = structuredClone(state.applied);
  const names = asked.chutes.map(({ chute }) => chute);
  for (const seen of observe(root, state.applied, names)) {
    const found = driftOf(state.applied, seen);
    if (found) applyPatch(applied, found.patch);
  }
  const facts = observeHost(root, chooseConfigured(root, {}));
  return makePlan({ request: asked, applied, facts, planners: PLANNERS, sha256 });
}
