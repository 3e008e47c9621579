import type { Probe } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import type { Json } from '../core/json.ts';
import { floorOf } from '../core/next.ts';
import type { Patch } from '../core/patch.ts';
import { entriesOf, markOf, openOf, type UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { probeStep } from './carry-out.ts';
import type { Engine } from './engine.ts';
import { UndoData } from './undo-data.ts';
import { bothWays } from './undoing.ts';

/** How a person settles an undo that failed. */
export type Resolution = {
  /** `retry` undoes again, `undone` says that a person did, `done` leaves the effect and accepts it. */
  readonly as: 'retry' | 'undone' | 'done';
  readonly message: string;
  readonly by: Requester;
};

/**
 * Settles one stuck step; the rollback then goes on where it can.
 *
 * On disk on return. Throws RIPCORD_OPERATION_REFUSED when the update is not stuck at this step, or when
 * it is said to be undone and the world shows that it is not.
 */
export async function resolveStep(
  engine: Engine,
  id: UpdateId,
  n: number,
  resolution: Resolution,
): Promise<void> {
  const { resolving } = engine.workshop;
  await resolving.take(async () => await resolveNow(engine, id, n, resolution));
}

async function resolveNow(
  engine: Engine,
  id: UpdateId,
  n: number,
  { as, message, by }: Resolution,
): Promise<void> {
  const update = engine.unfinished(id);
  const step = stuckStepOf(update, n);
  const patch = await patchFor(engine, update, step, as);
  const both = bothWays(engine.state.applied, patch);
  const resolved = (each: Step): ChuteEvent => ({
    type: 'compensation.resolved',
    update: id,
    step: each.id,
    n: each.n,
    as,
    message,
    by,
    ...(each === step ? both : NO_PATCH),
  });
  // Who accepts an effect accepts what it stands on.
  const floor = as === 'done' ? floorOf(update, step) : [];
  await engine.workshop.append([step, ...floor].map(resolved));
  engine.drive(id);
}

const NO_PATCH = { patch: [], inverse: [] };

/** What settling a step changes in `applied`. */
async function patchFor(
  engine: Engine,
  update: UpdateState,
  step: Step,
  as: Resolution['as'],
): Promise<Patch> {
  const undoData = new UndoData(engine.journal);
  const succeeded = entriesOf(update.succeeded).findLast((entry) => entry.n === step.n);
  if (as === 'undone') {
    const probe = await probed(engine, update, step, undoData);
    if (probe.state === 'done') throw stillThere(update, step, probe.evidence);
    return succeeded ? await undoData.inverse(step.n, succeeded.seq) : [];
  }
  if (as === 'retry' || succeeded) return [];
  // It failed, so nothing of it is in `applied`; what is there of it and stays has to be.
  const probe = await probed(engine, update, step, undoData);
  return probe.state === 'done' ? (probe.done.patch ?? []) : [];
}

function stuckStepOf(update: UpdateState, n: number): Step {
  const { id, phase, stuck, plan } = update;
  const step = plan?.steps.find((each) => each.n === n);
  const failed = stuck.filter((each) => each.state === 'failed').map((each) => `${id}.s${each.n}`);
  if (phase === 'stuck' && step && markOf(update, n) === 'x') return step;
  const reason = phase === 'stuck' ? 'its undo did not fail' : `${id} is not stuck`;
  throw new RipcordError('RIPCORD_OPERATION_REFUSED', `cannot resolve ${id}.s${n}: ${reason}`, {
    hint:
      failed.length > 0 ? `stuck is ${failed.join(', ')}` : `ripcord show ${id} says how it stands`,
  });
}

async function probed(
  engine: Engine,
  update: UpdateState,
  step: Step,
  undoData: UndoData,
): Promise<Probe<Json>> {
  const shop = engine.workshop;
  // Nobody can look any more: then the person is believed.
  if (!Object.hasOwn(shop.drivers, step.kind)) return { state: 'unknown', evidence: null };
  const known = await undoData.of(update, step.n);
  return await probeStep(shop, {
    update: update.id,
    step,
    attempt: openOf(update, step.n)?.attempt ?? 1,
    applied: () => shop.state().applied,
    undo: known?.undo ?? null,
    deadlineUp: null,
    signal: new AbortController().signal,
  });
}

function stillThere({ id }: UpdateState, step: Step, details: Json): RipcordError {
  const place = `${id}.s${step.n}`;
  return new RipcordError(
    'RIPCORD_OPERATION_REFUSED',
    `cannot resolve ${place} as undone: the effect of ${step.id} is still there`,
    { hint: `ripcord resolve ${place} --as retry undoes it, --as done accepts it`, details },
  );
}
