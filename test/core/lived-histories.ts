import * as fc from 'fast-check';
import { expect } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../src/core/applied.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import type { Planned } from '../../src/core/make-plan.ts';
import { emptyWorld, type SimWorld } from '../../src/drivers/sim/sim-world.ts';
import { anyHistory, type History } from './histories.ts';
import { planned } from './plan-model.ts';
import { SimRun } from './sim-run.ts';

/** Devices whose histories are lived through. */
export const HISTORIES = 1000;

/** A loaded machine takes long over so many. */
export const PATIENCE_MS = 240_000;

type Made = Extract<Planned, { readonly plan: unknown }>;
type Situation = {
  /** The update's number. */
  readonly at: number;
  readonly update: readonly ChuteRequest[];
  readonly answer: Planned;
  readonly applied: Applied;
  readonly world: SimWorld;
};

/**
 * Lives through histories on simulated devices, and looks at every update before it and, where it has a
 * plan, behind it. Resolves with the number of plans.
 */
export async function live(
  look: (situation: Situation, history: History) => Promise<void> | void,
  behind: (made: Made, run: SimRun, history: History) => void = () => undefined,
  histories = HISTORIES,
): Promise<number> {
  let plans = 0;
  const property = fc.asyncProperty(anyHistory, async (history) => {
    let applied = NOTHING_APPLIED;
    let world = emptyWorld();
    world.portsTaken = { ...history.facts.portsTaken };
    for (const [index, update] of history.updates.entries()) {
      const at = index + 1;
      const { facts } = history;
      const answer = planned(update, { applied, facts, allowDowngrade: true });
      await look({ at, update, answer, applied, world }, history);
      if (!('plan' in answer)) continue;
      plans += 1;
      const run = new SimRun(`u${at}`, world, applied);
      expect(await run.run(answer.plan.steps)).toBe(true);
      ({ applied } = run);
      ({ world } = run.device);
      behind(answer, run, history);
    }
  });
  await fc.assert(property, { numRuns: histories, endOnFailure: true });
  return plans;
}
