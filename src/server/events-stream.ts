import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import type { Recorded, Seq } from '../../journal/record.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Engine } from '../engine/engine.ts';
import { updateRecords } from './update-records.ts';

/** Which events a client wants. */
export type EventsWanted = {
  readonly after: Seq;
  readonly update: UpdateId | null;
  /** Whether to wait for more: until the update rests, or for as long as the engine lives. */
  readonly follow: boolean;
};

/**
 * Sends records, one JSON object a line, exactly as the journal holds them. A stream that ends in good
 * order is complete; one that is cut off is not.
 */
export async function streamEvents(
  engine: Engine,
  response: ServerResponse,
  wanted: EventsWanted,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  for await (const record of recordsFor(engine, wanted, gone.signal)) {
    if (gone.signal.aborted) return;
    if (!response.write(`${JSON.stringify(record)}\n`))
      await once(response, 'drain', { signal: gone.signal }).catch(() => undefined);
  }
  // A follower of everything is never done: the journal closed under it.
  if (wanted.follow && wanted.update === null) response.destroy();
  else response.end();
}

function recordsFor(
  engine: Engine,
  { after, update, follow }: EventsWanted,
  signal: AbortSignal,
): AsyncIterable<Recorded<ChuteEvent>> {
  if (!follow) return recordsSoFar(engine, after, update);
  return update === null
    ? engine.journal.follow(after + 1, signal)
    : updateRecords(engine, update, { after, signal });
}

async function* recordsSoFar(
  { journal }: Engine,
  after: Seq,
  update: UpdateId | null,
): AsyncGenerator<Recorded<ChuteEvent>> {
  if (update === null) return yield* journal.read(after + 1);
  for (const seq of await journal.find({ update, from: after + 1 })) yield* journal.read(seq, seq);
}
