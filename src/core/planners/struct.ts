import type { Planner } from '../plan.ts';

/**
 * Devices, networks, addresses and names for interfaces. They are chosen for all chutes of an update
 * at once (`networkOutcome`); here it is said why a chute cannot have what it asks for.
 */
export const struct: Planner = {
  name: 'struct',
  version: 1,
  plan({ chute }, { network }) {
    const refusals = network.refusals[chute] ?? [];
    const warnings = network.warnings[chute] ?? [];
    return refusals.length > 0 ? { refusals } : { steps: [], warnings };
  },
};
