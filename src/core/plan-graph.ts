import { assert } from './assert.ts';
import type { ChuteName } from './chute.ts';
import { RipcordError } from './errors.ts';
import { canonical, type Json, type Sha256 } from './json.ts';
import { byPlace, type Loose, merge, same, stageOrder } from './merge-steps.ts';
import type { Patch } from './patch.ts';
import { RETRIES, timeoutOf } from './phases.ts';
import type { CustomStepDraft, ModuleName, Step, StepDraft, StepId } from './step.ts';
import { textOrder } from './text-order.ts';

/*
 * What each kind leaves in `applied`. Drivers return these patches when a step is done; the plan
 * relies on them, because `chute.save` is written against what they leave.
 *
 *   directory.create   of a chute's own directory: adds /chutes/C, empty, when it is missing
 *   volume.create      adds /chutes/C/volumes/V
 *   release.switch     sets /chutes/C/releases/S, or removes it when it points at nothing
 *   process.stop       /chutes/C/services/S: state stopped, instance null, spec kept
 *   process.start      sets /chutes/C/services/S: state running, spec, instance
 *   resource.limit     sets /limits/C, or removes it when no service of C has limits
 *   chute.save         its own patch: definition, run, services that are gone, reservations;
 *                      for a deleted chute it removes /chutes/C
 *   host.save          its own patch: /host/config
 *   the others         nothing; steps behind the commit never change `applied`
 */

/** What one planner wrote for one change. */
export type AskedSteps = {
  readonly chute: ChuteName;
  /** All that ask for the same, sorted, where these are several; `chute` is the first of them. */
  readonly owners?: readonly ChuteName[];
  readonly module: ModuleName;
  readonly steps: readonly (StepDraft | CustomStepDraft)[];
};

/**
 * The steps of all planners for all changes as one plan, in total order. Pure.
 *
 * A level begins when the ones below it are done. A step stands above everything it `needs`, above
 * every step of a lower phase, and, when it comes after the commit, above all that do not. Steps with
 * one key become one behind the last of them; equal steps become one. Throws RIPCORD_PLAN_INVALID
 * when `needs` names no step, a step of a later phase, or goes round in a circle.
 */
export function aggregate(asked: readonly AskedSteps[]): readonly Step[] {
  return place(merge(asked.flatMap(loosen)), new Set());
}

/**
 * A plan with more steps, found while `running` runs; what is done or runs keeps its place. Pure.
 *
 * Throws RIPCORD_PLAN_INVALID when a new step belongs before the running one.
 */
export function addSteps(
  steps: readonly Step[],
  running: StepId,
  asked: readonly AskedSteps[],
): readonly Step[] {
  const now = steps.find(({ id }) => id === running);
  assert(now, `there is no step ${running} to add steps to`);
  const fixed = steps.filter(({ level }) => level <= now.level);
  const ids = new Map(fixed.map((step) => [step.id, step]));
  const added = asked.flatMap(loosen).filter((step) => {
    const there = ids.get(step.id);
    assert(!there || same(there, step), `two different steps are called ${step.id}`);
    if (!there && stageOrder(step, now) < 0)
      throw invalid(
        `cannot add step ${step.id}: its phase ${step.phase} is over, ${running} of phase ${now.phase} runs`,
      );
    return !there;
  });
  const rest = steps.filter(({ level }) => level > now.level).map(loose);
  const placed = place(merge([...rest, ...added]), new Set(ids.keys()));
  return [
    ...fixed,
    ...placed.map((step) => ({
      ...step,
      n: step.n + fixed.length,
      level: step.level + now.level,
    })),
  ];
}

/** SHA-256 over what is asked, the patch, the steps and the versions of the planners. Pure. */
export function planHash(
  content: {
    readonly request: Json;
    readonly patch: Patch;
    readonly steps: readonly Step[];
    readonly planners: Readonly<Record<ModuleName, number>>;
  },
  sha256: Sha256,
): string {
  return sha256(canonical(content));
}

function loosen({ chute, owners, module, steps }: AskedSteps): readonly Loose[] {
  return steps.map((draft): Loose => ({
    id: draft.id,
    chute,
    module,
    phase: draft.phase,
    kind: draft.kind,
    args: draft.args,
    ...(draft.key !== undefined && { key: draft.key }),
    ...(owners && { owners }),
    ...(draft.needs && draft.needs.length > 0 && { needs: draft.needs.toSorted(textOrder) }),
    ...(draft.undo !== undefined && { undo: draft.undo }),
    title: draft.title,
    timeoutMs: draft.timeoutMs ?? timeoutOf(draft.kind),
    retries: draft.retries ?? RETRIES,
    ...(draft.afterCommit && { afterCommit: true }),
  }));
}

function loose({ n: _n, level: _level, ...step }: Step): Loose {
  return step;
}

/** Gives every step its level and its number; `done` are the ids of steps that have theirs. */
function place(steps: readonly Loose[], done: ReadonlySet<StepId>): readonly Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  for (const step of steps) checkNeeds(step, byId, done);
  const placed: Loose[][] = [];
  for (const stage of stagesOf(steps.toSorted(byPlace))) {
    const levels = levelsOf(stage);
    const count = levels.reduce((sum, level) => sum + level.length, 0);
    if (count < stage.length) throw invalid(circleOf(stage, new Set(levels.flat()), byId));
    placed.push(...levels);
  }
  const numbered = placed.flatMap((level, at) => level.map((step) => ({ level: at + 1, step })));
  return numbered.map(({ level, step }, at) => ({ n: at + 1, level, ...step }));
}

/** Steps in their order, cut where a stage ends. */
function stagesOf(steps: readonly Loose[]): readonly (readonly Loose[])[] {
  const stages: Loose[][] = [];
  for (const step of steps) {
    const stage = stages.at(-1);
    if (stage?.[0] && stageOrder(stage[0], step) === 0) stage.push(step);
    else stages.push([step]);
  }
  return stages;
}

/** The steps of one stage, each level behind what it needs; without those that wait in a circle. */
function levelsOf(stage: readonly Loose[]): readonly Loose[][] {
  const waits = new Map(stage.map(({ id }) => [id, 0]));
  const waiting = new Map<StepId, Loose[]>();
  for (const step of stage) {
    for (const id of step.needs ?? []) {
      // What is needed from an earlier stage is there.
      if (!waits.has(id)) continue;
      waits.set(step.id, (waits.get(step.id) ?? 0) + 1);
      const others = waiting.get(id);
      if (others) others.push(step);
      else waiting.set(id, [step]);
    }
  }
  const levels: Loose[][] = [];
  let ready = stage.filter(({ id }) => waits.get(id) === 0);
  while (ready.length > 0) {
    levels.push(ready);
    const next = ready.flatMap(({ id }) => waiting.get(id) ?? []);
    ready = next.filter(({ id }) => {
      const left = (waits.get(id) ?? 0) - 1;
      waits.set(id, left);
      return left === 0;
    });
    ready.sort(byPlace);
  }
  return levels;
}

function checkNeeds(
  step: Loose,
  byId: ReadonlyMap<StepId, Loose>,
  done: ReadonlySet<StepId>,
): void {
  for (const id of step.needs ?? []) {
    if (done.has(id)) continue;
    const needed = byId.get(id);
    if (!needed) throw invalid(`cannot order step ${step.id}: it needs ${id}, which is no step`);
    if (stageOrder(needed, step) > 0)
      throw invalid(
        `cannot order step ${step.id} of phase ${step.phase}: it needs ${id}, which comes later`,
      );
  }
}

/** A circle among steps that wait for each other, in words. */
function circleOf(
  stage: readonly Loose[],
  placed: ReadonlySet<Loose>,
  byId: ReadonlyMap<StepId, Loose>,
): string {
  const left = stage.filter((step) => !placed.has(step));
  const waiting = new Set(left.map(({ id }) => id));
  const path: StepId[] = [];
  let id = left[0]?.id;
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = byId.get(id)?.needs?.find((each) => waiting.has(each));
  }
  const circle = id === undefined ? path : [...path.slice(path.indexOf(id)), id];
  return `cannot order steps that wait for each other: ${circle.join(' needs ')}`;
}

const invalid = (message: string): RipcordError =>
  new RipcordError('RIPCORD_PLAN_INVALID', message);
