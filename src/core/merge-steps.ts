import { assert } from './assert.ts';
import type { ChuteName } from './chute.ts';
import { canonical, type Json } from './json.ts';
import type { Step, StepId } from './step.ts';
import { textOrder } from './text-order.ts';

/** A step that has no place yet. */
export type Loose = Omit<Step, 'n' | 'level'>;

/** Each step once: equal ones by id, then those of one key. Pure. */
export function merge(steps: readonly Loose[]): readonly Loose[] {
  const byId = new Map<StepId, Loose[]>();
  for (const step of steps) {
    const there = byId.get(step.id);
    assert(!there?.[0] || same(there[0], step), `two different steps are called ${step.id}`);
    if (there) there.push(step);
    else byId.set(step.id, [step]);
  }
  const byKey = new Map<string, Loose[]>();
  const names = new Map<StepId, StepId>();
  const kept: Loose[] = [];
  for (const step of [...byId.values()].map(united).toSorted(byPlace)) {
    if (step.key === undefined) {
      kept.push(step);
      continue;
    }
    const there = byKey.get(step.key);
    if (there?.[0]) names.set(step.id, there[0].id);
    if (there) there.push(step);
    else byKey.set(step.key, [step]);
  }
  return [...kept, ...[...byKey.values()].map(united)].map((step) => renamed(step, names));
}

/** One step that does for all of them, of which there is one at least; at the latest place of theirs. */
function united(steps: readonly Loose[]): Loose {
  const [first, ...others] = steps;
  assert(first, 'there is a step where steps are merged');
  if (others.length === 0) return first;
  for (const other of others) {
    assert(
      first.kind === other.kind && isEqual(first.args, other.args),
      `steps ${first.id} and ${other.id} of one key differ`,
    );
    assert(
      first.afterCommit === other.afterCommit,
      `step ${first.id} is on both sides of the commit`,
    );
  }
  const owners = distinct(steps.flatMap(ownersOf));
  const needs = distinct(steps.flatMap((step) => step.needs ?? []));
  return {
    ...first,
    chute: owners[0] ?? first.chute,
    phase: Math.max(...steps.map(({ phase }) => phase)),
    ...(owners.length > 1 && { owners }),
    ...(needs.length > 0 && { needs }),
    timeoutMs: Math.max(...steps.map(({ timeoutMs }) => timeoutMs)),
    retries: Math.max(...steps.map(({ retries }) => retries)),
  };
}

function renamed(step: Loose, names: ReadonlyMap<StepId, StepId>): Loose {
  if (!step.needs) return step;
  const { needs, ...rest } = step;
  // A need that became this very step is met; a step that was written to need itself is refused.
  const left = needs.filter((id) => names.get(id) !== step.id);
  const others = distinct(left.map((id) => names.get(id) ?? id));
  return others.length > 0 ? { ...rest, needs: others } : rest;
}

const ownersOf = ({ owners, chute }: Loose): readonly ChuteName[] => owners ?? [chute];

const distinct = (texts: readonly string[]): readonly string[] =>
  [...new Set(texts)].toSorted(textOrder);

/** Whether two are equal but for who asked. Pure. Who asks for a step of many chutes asks with the same arguments. */
export const same = (left: Loose, right: Loose): boolean =>
  isEqual(left.args, right.args) && contentOf(left) === contentOf(right);

const isEqual = (left: Json, right: Json): boolean =>
  left === right || canonical(left) === canonical(right);

const contentOf = (step: Loose): string =>
  canonical([
    step.kind,
    step.phase,
    step.key ?? null,
    step.needs ?? [],
    step.undo ?? null,
    step.title,
    step.timeoutMs,
    step.retries,
    step.afterCommit ?? false,
  ]);

/** The total order of steps. Pure. */
export const byPlace = (left: Loose, right: Loose): number =>
  stageOrder(left, right) || textOrder(left.chute, right.chute) || textOrder(left.id, right.id);

/** Steps of one phase, on one side of the commit, are one stage. Pure. */
export const stageOrder = (left: Loose, right: Loose): number =>
  Number(left.afterCommit ?? false) - Number(right.afterCommit ?? false) ||
  left.phase - right.phase;
