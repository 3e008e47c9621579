import type { ServiceLimits } from '../applied.ts';
import type { ChuteName, ServiceName } from '../chute.ts';
import { canonical } from '../json.ts';
import { ORDER } from '../phases.ts';
import type { Change, LimitsOutcome, PlanContext, Planner } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';

/**
 * What services may take of the cpus and the memory. They are divided among all services of the device
 * at once (`limitsOutcome`); whoever's part changes by this update has it changed by its plan, and
 * gets it back when the plan is undone.
 */
export const resource: Planner = {
  name: 'resource',
  version: 1,
  plan(change, context) {
    const { limits, changes } = context;
    const refusals = limits.refusals[change.chute] ?? [];
    const warnings = limits.warnings[change.chute] ?? [];
    if (refusals.length > 0) return { refusals, warnings };
    const changed = changedChutes(limits);
    if (changed.length === 0) return { steps: [], warnings };
    // A chute that changes says itself what becomes of it; of the others every change does.
    const others = new Set(changes.map(({ chute }) => chute));
    others.delete(change.chute);
    const chutes = changed.filter((chute) => !others.has(chute));
    return { steps: chutes.map((chute) => limit(chute, limits.after[chute] ?? {})), warnings };
  },
};

/** The step that limits what a change's services may take, if its plan has one. Pure. */
export function limitIdsOf(
  { chute }: Pick<Change, 'chute'>,
  { limits }: Pick<PlanContext, 'limits'>,
): readonly StepId[] {
  return isChanged(limits, chute) ? [limitId(chute)] : [];
}

function changedChutes(limits: LimitsOutcome): readonly ChuteName[] {
  const chutes = new Set([...Object.keys(limits.before), ...Object.keys(limits.after)]);
  return [...chutes].filter((chute) => isChanged(limits, chute)).toSorted(textOrder);
}

const isChanged = ({ before, after }: LimitsOutcome, chute: ChuteName): boolean =>
  canonical(before[chute] ?? {}) !== canonical(after[chute] ?? {});

// It is about what all chutes share, as the host's configuration is.
const limitId = (chute: ChuteName): StepId => `host/resource.limit:${chute}`;

const limit = (
  chute: ChuteName,
  services: Readonly<Record<ServiceName, ServiceLimits>>,
): StepDraft => ({
  id: limitId(chute),
  phase: ORDER['resource.limit@1'],
  kind: 'resource.limit@1',
  args: { chute, services },
  title: titleOf(chute, services),
  undo: 'give it back what it had',
});

function titleOf(chute: ChuteName, services: Readonly<Record<ServiceName, ServiceLimits>>): string {
  const parts = Object.entries(services)
    .toSorted(([left], [right]) => textOrder(left, right))
    .map(([service, { shares, memory }]) => {
      const given = [
        ...(shares === null ? [] : [`${shares} cpu shares`]),
        ...(memory === null ? [] : [`at most ${bytesText(memory)} of memory`]),
      ];
      return `${service} ${given.join(' and ')}`;
    });
  return parts.length === 0
    ? `let ${chute} take what is free`
    : `give ${chute}: ${parts.join(', ')}`;
}

function bytesText(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`;
}
