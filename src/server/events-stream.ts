import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import type { Recorded, Seq } from '../../journal/record.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Engine } from '../engine/engine.ts';

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
  { after, update, follow }: EventsWanted,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const from = await firstSeq(engine, after, update);
  if (follow) await followEvents(engine, response, { from, update, gone });
  else
    for await (const record of engine.journal.read(from))
      if (isWanted(record, update)) await send(response, record, gone.signal);
  if (!gone.signal.aborted) response.end();
}

async function followEvents(
  engine: Engine,
  response: ServerResponse,
  options: {
    readonly from: Seq;
    readonly update: UpdateId | null;
    readonly gone: AbortController;
  },
): Promise<void> {
  const { from, update, gone } = options;
  const stop = new AbortController();
  gone.signal.addEventListener('abort', () => stop.abort());
  let seen = from - 1;
  let end = Number.POSITIVE_INFINITY;
  let cut = false;
  if (update !== null)
    engine.outcome(update).then(
      () => {
        end = engine.journal.head.seq;
        if (seen >= end) stop.abort();
      },
      () => {
        // The engine closes before the update rests: the client has to see that.
        cut = true;
        stop.abort();
      },
    );
  for await (const record of engine.journal.follow(from, stop.signal)) {
    if (isWanted(record, update)) await send(response, record, gone.signal);
    seen = record.seq;
    if (seen >= end || gone.signal.aborted) break;
  }
  if (cut || end === Number.POSITIVE_INFINITY) response.destroy();
}

/** Where to begin reading: what lies before an update's request is not about it. */
async function firstSeq(engine: Engine, after: Seq, update: UpdateId | null): Promise<Seq> {
  if (update === null) return after + 1;
  const [first] = await engine.journal.find({ update, limit: 1 });
  return Math.max(after + 1, first ?? engine.journal.head.seq + 1);
}

function isWanted(record: Recorded<ChuteEvent>, update: UpdateId | null): boolean {
  return update === null || ('update' in record && record.update === update);
}

async function send(
  response: ServerResponse,
  record: Recorded<ChuteEvent>,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || response.write(`${JSON.stringify(record)}\n`)) return;
  await once(response, 'drain', { signal }).catch(() => undefined);
}
