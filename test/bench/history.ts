/** Journals of a given length, as a device would have written them: updates of 20 steps. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { foldAll } from '../../src/core/fold.ts';
import { keysOf } from '../../src/library/root-journal.ts';
import { askFor, openNoOp } from './no-op-world.ts';

const STEPS = 20;
const BATCH = 500;

/** Makes a root whose journal has about so many events, cleanly closed, with or without a snapshot. */
export async function makeHistory(
  directory: string,
  events: number,
  hasSnapshot: boolean,
): Promise<string> {
  const root = join(directory, `history-${events}-${hasSnapshot ? 'with' : 'without'}-snapshot`);
  const template = events === 0 ? [] : await sampleUpdate(join(directory, 'sample'));
  const journal = await openJournal<ChuteEvent>({
    root,
    clock: machineClock(),
    create: true,
    command: 'bench',
    keysOf,
  });
  for (const batch of batches(template, events)) await journal.append(batch);
  // Also of an empty journal: its index has been opened before, as that of the others.
  await journal.find({ limit: 1 });
  if (hasSnapshot && events > 0)
    await journal.saveSnapshot(journal.head.seq, await foldAll(journal.read()));
  await journal.close();
  return root;
}

/** All records of a journal. */
export async function recordsOf(root: string): Promise<readonly Recorded<ChuteEvent>[]> {
  const journal = await openJournal<ChuteEvent>({ root, clock: machineClock(), command: 'bench' });
  const records: Recorded<ChuteEvent>[] = [];
  for await (const record of journal.read()) records.push(record);
  await journal.close();
  return records;
}

/** The events of one real update, from its request on. */
async function sampleUpdate(root: string): Promise<readonly ChuteEvent[]> {
  const { engine, requests } = await openNoOp({ root, steps: STEPS });
  await (
    await requests.ask(askFor('bench', 1))
  ).done;
  await engine.close();
  const events = (await recordsOf(root)).map(withoutEnvelope);
  await rm(root, { recursive: true });
  return events;
}

function withoutEnvelope(record: Recorded<ChuteEvent>): ChuteEvent {
  const {
    seq: _s,
    end: _e,
    synced: _d,
    prev: _p,
    at: _a,
    boot: _b,
    up: _u,
    v: _v,
    hash: _h,
    ...event
  } = record;
  return event;
}

/** The sample again and again, each time as another update, between a start and a clean stop. */
function* batches(sample: readonly ChuteEvent[], events: number): Generator<readonly ChuteEvent[]> {
  const first = sample.findIndex(({ type }) => type === 'update.requested');
  const body = sample.filter(
    (event) => 'update' in event && event.update === 'u1' && event.type !== 'update.queued',
  );
  const text = JSON.stringify(body);
  let batch: ChuteEvent[] = [...sample.slice(0, Math.max(first, 0)), ...beforePlan(sample)];
  let written = batch.length;
  for (let n = 1; written + body.length < events; n++) {
    batch.push(...(JSON.parse(text.replaceAll('"u1"', `"u${n}"`)) as ChuteEvent[]));
    written += body.length;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (events > 0) yield [...batch, { type: 'engine.stopped', reason: 'closed' }];
}

/** What the host looked like, journaled on the way to the sample's plan. */
function beforePlan(sample: readonly ChuteEvent[]): readonly ChuteEvent[] {
  return sample.filter(({ type }) => type === 'host.observed');
}
