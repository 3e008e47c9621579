import { sha256 } from '../../journal/chain.ts';
import type { Applied } from '../core/applied.ts';
import type { HostFacts } from '../core/facts.ts';
import { spelledOut } from '../core/host-config/spelled-out.ts';
import type { Planned } from '../core/make-plan.ts';
import { PLANNERS } from '../core/planners/all.ts';
import type { State } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import type { Asked, Said } from '../engine/asked.ts';
import { planOn, withDrift } from '../engine/planning.ts';
import { hostFacts, observe } from '../library/local-host.ts';
import { chooseConfigured } from '../library/root-config.ts';

/** A request as it is planned, on the device as it is; what a simulation of it begins with. */
export type PlanScene = {
  readonly asked: Asked;
  /** With services as they were seen. */
  readonly applied: Applied;
  readonly facts: HostFacts;
  readonly planned: Planned;
};

export type PlanOptions = {
  /** Another host than this one. */
  readonly facts?: HostFacts | undefined;
  /** Steps of what is asked for before it: their ports are taken. */
  readonly promised?: readonly Step[];
};

/**
 * What a request would be planned as on the device as it is, dead services included. Reads only: no
 * lock is taken and the root need not exist. With `given` facts it is planned for that host instead.
 */
export async function planScene(
  root: string,
  state: State,
  said: Said,
  { facts: given, promised = [] }: PlanOptions = {},
): Promise<PlanScene> {
  const asked = spelledOut(said, state);
  const busy = Object.values(state.updates).flatMap(({ request }) => request.chutes);
  // What an update is at work on may look dead for a moment.
  const quiet = asked.chutes
    .map(({ chute }) => chute)
    .filter((chute) => !busy.some((each) => each.chute === chute));
  const { applied } = withDrift(state.applied, await observe(root, state.applied, quiet));
  const facts = given ?? (await hostFacts(root, chooseConfigured(root, {})));
  const planned = planOn(state, asked, { facts, planners: PLANNERS, sha256, applied, promised });
  return { asked, applied, facts, planned };
}

/** The plan of `planScene` alone. */
export async function planRequest(root: string, state: State, said: Said): Promise<Planned> {
  return (await planScene(root, state, said)).planned;
}
