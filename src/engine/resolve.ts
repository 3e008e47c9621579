import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import type { Patch } from '../core/patch.ts';
import { entriesOf, markOf, type UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { driverOf, probeStep } from './carry-out.ts';
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
  { as, message, by }: Resolution,
): Promise<void> {
  const update = engine.unfinished(id);
  const step = stuckStepOf(update, n);
  const undoData = new UndoData(engine.journal);
  if (as === 'undone') await expectUndone(engine, update, step, undoData);
  const about = { update: id, step: step.id, n, as, message, by };
  const patch = as === 'undone' ? await inverseOf(update, n, undoData) : [];
  const both = bothWays(engine.state.applied, patch);
  const event: ChuteEvent = { type: 'compensation.resolved', ...about, ...both };
  await engine.workshop.append([event]);
  engine.drive(id);
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

async function expectUndone(
  engine: Engine,
  update: UpdateState,
  step: Step,
  undoData: UndoData,
): Promise<void> {
  const shop = engine.workshop;
  if (driverOf(shop, step).effect === false) return;
  const known = await undoData.of(update, step.n);
  const probe = await probeStep(shop, {
    update: update.id,
    step,
    attempt: update.open[step.n]?.attempt ?? 1,
    applied: () => shop.state().applied,
    undo: known?.undo ?? null,
    deadlineUp: null,
    signal: new AbortController().signal,
  });
  if (probe.state !== 'done') return;
  const place = `${update.id}.s${step.n}`;
  throw new RipcordError(
    'RIPCORD_OPERATION_REFUSED',
    `cannot resolve ${place} as undone: the effect of ${step.id} is still there`,
    {
      hint: `ripcord resolve ${place} --as retry undoes it, --as done accepts it`,
      details: probe.evidence,
    },
  );
}

async function inverseOf(update: UpdateState, n: number, undoData: UndoData): Promise<Patch> {
  const succeeded = entriesOf(update.succeeded).findLast((entry) => entry.n === n);
  return succeeded ? await undoData.inverse(n, succeeded.seq) : [];
}
