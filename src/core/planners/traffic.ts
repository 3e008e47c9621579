import type { Planner } from '../plan.ts';

/**
 * Firewall and redirects. What they come to is rendered for all chutes at once (`networkOutcome`), and
 * the steps that write and load it are the host's (`hostSteps`); here it is said why a rule cannot be.
 */
export const traffic: Planner = {
  name: 'traffic',
  version: 1,
  plan({ chute }, { network }) {
    const refusals = network.ruleRefusals[chute] ?? [];
    return refusals.length > 0 ? { refusals } : { steps: [] };
  },
};
