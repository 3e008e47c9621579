import type { Reloads } from '../core/driver.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Step } from '../core/step.ts';

/** What a step, or its undo, leaves to be reloaded, and what it reloaded. Pure. */
export function reloadEvents(
  update: UpdateId,
  { id: step }: Step,
  { owes = [], pays = [] }: Reloads,
): readonly ChuteEvent[] {
  const about = { update, step };
  return [
    ...owes.map(
      ({ key, hash }) => ({ type: 'reload.owed', ...about, key, contentHash: hash }) as const,
    ),
    ...pays.map(
      ({ key, hash }) => ({ type: 'reload.paid', ...about, key, contentHash: hash }) as const,
    ),
  ];
}
