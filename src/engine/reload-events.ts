import type { Reloads, Skip } from '../core/driver.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import { satisfiedBy } from '../core/satisfied-by.ts';
import type { State, UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';

/** What a step, or its undo, leaves to be reloaded, and what it reloaded. Pure. */
export function reloadEvents(
  update: UpdateId,
  { id: step }: Step,
  { owes = [], pays = [] }: Reloads,
): readonly ChuteEvent[] {
  const about = { update, step };
  return [
    ...owes.map(({ key, hash, owners }): ChuteEvent => {
      const what = { key, contentHash: hash, ...(owners && { owners }) };
      return { type: 'reload.owed', ...about, ...what };
    }),
    ...pays.map(
      ({ key, hash }) => ({ type: 'reload.paid', ...about, key, contentHash: hash }) as const,
    ),
  ];
}

/** That a step is not needed, and thanks to whom. Pure. */
export function skipEvents(
  update: UpdateState,
  step: Step,
  { skip, ...ledger }: { readonly skip: Skip } & Pick<State, 'reloads' | 'reloaded'>,
): readonly ChuteEvent[] {
  const { pays = [], reason, contentHash } = skip;
  const about = { update: update.id, step: step.id, n: step.n };
  const by = satisfiedBy(update, step, ledger);
  // Only a debt is paid: finding out that there is none changes nothing.
  const owed = pays.filter(({ key }) => Object.hasOwn(ledger.reloads, key));
  return [
    { type: 'step.skipped', ...about, by, reason, contentHash },
    ...reloadEvents(update.id, step, { pays: owed }),
  ];
}

/** What is owed, and who paid last, once these events are recorded. Pure. */
export function ledgerAfter(
  { reloads, reloaded, seq }: Pick<State, 'reloads' | 'reloaded' | 'seq'>,
  events: readonly ChuteEvent[],
): Pick<State, 'reloads' | 'reloaded'> {
  const owed = { ...reloads };
  const payers = { ...reloaded };
  for (const event of events) {
    if (event.type === 'reload.owed') {
      const { key, contentHash: hash, update } = event;
      owed[key] ??= { key, hash, owedSince: seq, update };
    } else if (event.type === 'reload.paid') {
      delete owed[event.key];
      payers[event.key] = { update: event.update, step: event.step };
    }
  }
  return { reloads: owed, reloaded: payers };
}
