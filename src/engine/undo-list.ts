import type { AnyDriver, StepContext, Undone } from '../core/driver.ts';
import type { Json } from '../core/json.ts';
import { entriesOf, markOf, type UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import type { Workshop } from './workshop.ts';

/**
 * The keys of what the undoing of later steps has done for this one too. Pure: from what is on record,
 * so that it is the same after a crash.
 */
export function doneBefore(
  { drivers }: Pick<Workshop, 'drivers'>,
  update: Pick<UpdateState, 'plan' | 'ran' | 'marks'>,
  step: Step,
): ReadonlySet<string> {
  if (keysOf(drivers[step.kind], step.args).length === 0) return new Set();
  const ran = entriesOf(update.ran).map(({ n }) => n);
  const later = ran.slice(ran.lastIndexOf(step.n) + 1);
  const keys = later.flatMap((n) => {
    const other = update.plan?.steps[n - 1];
    if (!other || markOf(update, n) !== 'u') return [];
    return keysOf(drivers[other.kind], other.args);
  });
  return new Set(keys);
}

const keysOf = (driver: AnyDriver | undefined, args: Json): readonly string[] =>
  (driver?.undoList ?? []).flatMap((part) => part.key?.(args) ?? []);

/** Undoes a step as its driver says: by one thing, or by several in their order. */
export async function undoAll(
  driver: AnyDriver,
  context: StepContext,
  given: { readonly undo: Json; readonly done: ReadonlySet<string> },
): Promise<Undone> {
  const { args } = context.step;
  const { undoList = [] } = driver;
  if (undoList.length === 0) return (await driver.undo?.(context, args, given.undo)) ?? {};
  const all: Undone[] = [];
  for (const part of undoList) {
    const key = part.key?.(args);
    if (key !== undefined && given.done.has(key)) continue;
    all.push((await part.undo(context, args, given.undo)) ?? {});
  }
  return {
    patch: all.flatMap(({ patch = [] }) => patch),
    owes: all.flatMap(({ owes = [] }) => owes),
    pays: all.flatMap(({ pays = [] }) => pays),
    warnings: all.flatMap(({ warnings = [] }) => warnings),
  };
}
