import type { StepPlace } from './events.ts';
import { entriesOf, markOf, type State, type UpdateState } from './state.ts';
import type { Step } from './step.ts';

/**
 * Whose doing it is that a step of an update is not needed, because what its key stands for is so
 * already; null where nothing on record says so. Pure.
 *
 * The last step it came after that left nothing to be done for it: a write that changed nothing
 * satisfies its reload. Where no such step ran, the one that did it last, of whichever update. Either
 * holds as long as what it did is not undone.
 */
export function satisfiedBy(
  update: Pick<UpdateState, 'id' | 'plan' | 'marks' | 'succeeded'>,
  step: Step,
  { reloads, reloaded }: Pick<State, 'reloads' | 'reloaded'>,
): StepPlace | null {
  const { key, needs = [] } = step;
  if (key === undefined || Object.hasOwn(reloads, key)) return null;
  for (const { n } of entriesOf(update.succeeded).toReversed()) {
    const before = update.plan?.steps[n - 1];
    if (before && needs.includes(before.id) && markOf(update, n) === 'd')
      return { update: update.id, step: before.id };
  }
  return (Object.hasOwn(reloaded, key) ? reloaded[key] : undefined) ?? null;
}
