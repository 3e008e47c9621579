import type { Recorded, Seq } from '../../journal/record.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Engine } from '../engine/engine.ts';

/**
 * The records of an update behind `after`, as they become durable, until it rests or is stuck.
 *
 * Throws RIPCORD_ENGINE_CLOSED when the engine closes before that; ends early when aborted.
 */
export async function* updateRecords(
  engine: Engine,
  update: UpdateId,
  options: { readonly after?: Seq; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Recorded<ChuteEvent>> {
  const { after = 0, signal } = options;
  const { journal } = engine;
  // Whoever knows a record of it need not wait for the index.
  const from = after > 0 ? after + 1 : ((await journal.find({ update, limit: 1 }))[0] ?? 1);
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  signal?.addEventListener('abort', abort);
  let seen = from - 1;
  let end: Seq | null = null;
  const waiting = async (): Promise<void> => {
    try {
      await engine.outcome(update);
      end = journal.head.seq;
      if (seen >= end) stop.abort();
    } catch {
      stop.abort();
    }
  };
  const settled = waiting();
  try {
    for await (const record of journal.follow(from, stop.signal)) {
      seen = record.seq;
      if ('update' in record && record.update === update) yield record;
      if (end !== null && seen >= end) break;
    }
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  if (signal?.aborted === true) return;
  await settled;
  if (end === null || seen < end)
    throw new RipcordError('RIPCORD_ENGINE_CLOSED', `cannot follow ${update}: the engine closed`, {
      hint: `ripcord watch ${update}`,
    });
}
