import type { Journal } from '../../journal/journal.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, ChuteRequest, UpdateId, UpdateRequest } from '../core/events.ts';
import { idsOf } from '../engine/lanes.ts';
import { OutcomeReader } from '../engine/outcome.ts';
import type { ApplyOptions } from './asked.ts';

type Lane = {
  readonly id: UpdateId;
  readonly request: UpdateRequest;
  /** Whether it rests and is not as it was asked to be. */
  readonly isMissed: boolean;
};

/**
 * What an update asked for, to be asked for once more. The first of several that were carried out chute
 * by chute stands for all of them: what is asked again is what did not get through, or all of it when
 * nothing is missing. Throws RIPCORD_UPDATE_UNKNOWN.
 */
export async function askedAgain(
  journal: Journal<ChuteEvent>,
  id: UpdateId,
): Promise<{ readonly chutes: readonly ChuteRequest[]; readonly options: ApplyOptions }> {
  const first = await laneOf(journal, id);
  const lanes = [first];
  for (const other of idsOf(id, first.request.lane).slice(1))
    lanes.push(await laneOf(journal, other));
  const missed = lanes.filter(({ isMissed }) => isMissed);
  const again = missed.length > 0 ? missed : lanes;
  const { message, onInterrupt, mode, strict, allowDowngrade, allowQuarantined, by } =
    first.request;
  const host = again.find(({ request }) => request.host)?.request.host;
  const [only] = again;
  const retryOf = again.length === 1 && only ? only.id : id;
  // What the device has accepted before is that when it is asked for once more, too.
  const { rollbackTo } = first.request.origin ?? {};
  return {
    chutes: again.flatMap(({ request }) => request.chutes),
    options: {
      message,
      onInterrupt,
      mode,
      strict,
      allowDowngrade,
      allowQuarantined,
      by,
      requestId: null,
      origin: { retryOf, ...(rollbackTo !== undefined && { rollbackTo }) },
      perChute: again.length > 1,
      ...(host && { host }),
    },
  };
}

async function laneOf(journal: Journal<ChuteEvent>, id: UpdateId): Promise<Lane> {
  const reader = new OutcomeReader(id);
  let request: UpdateRequest | null = null;
  for (const seq of await journal.find({ update: id })) {
    for await (const record of journal.read(seq, seq)) {
      if (record.type === 'update.requested') request = record.request;
      reader.read(record);
    }
  }
  if (request === null)
    throw new RipcordError('RIPCORD_UPDATE_UNKNOWN', `cannot retry ${id}: no such update`, {
      hint: 'ripcord log lists the updates of this device',
    });
  const { outcome } = reader.outcome;
  const isMissed = reader.rests && outcome !== 'committed' && outcome !== 'unchanged';
  return { id, request, isMissed };
}
