/**
 * What a durable step costs: the engine, and what it is held against. Each arm gives microseconds a
 * step, counted from the first intent on disk to the last outcome on disk.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { Level } from 'level';

import { encodeBatch } from '../../journal/chain.ts';
import type { Disk } from '../../journal/disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { type Head, NO_HASH } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { askFor, openNoOp } from './no-op-world.ts';

/** Microseconds a step through the whole engine, with so many updates side by side. */
export async function engineArm(
  root: string,
  { lanes, steps, disk }: { readonly lanes: number; readonly steps: number; readonly disk?: Disk },
): Promise<number> {
  const waiting: (() => void)[] = [];
  let beganAt = 0;
  let endedAt = 0;
  let outcomes = 0;
  const atFirst = async (): Promise<void> =>
    await new Promise((begin) => {
      if (waiting.push(begin) < lanes) return;
      beganAt = performance.now();
      for (const each of waiting) each();
    });
  const { engine, requests } = await openNoOp({ root, steps, atFirst, ...(disk && { disk }) });
  engine.subscribe((records) => {
    for (const { type } of records) if (type === 'step.succeeded') outcomes += 1;
    // The step that saves what is applied has no flush of its own: it rides with the last outcome.
    if (outcomes >= lanes * steps && endedAt === 0) endedAt = performance.now();
  });
  const ends: Promise<{ readonly outcome: string }>[] = [];
  for (let lane = 1; lane <= lanes; lane++)
    ends.push((await requests.ask(askFor(`bench-${lane}`, 1))).done);
  for (const { outcome } of await Promise.all(ends))
    if (outcome !== 'committed') throw new Error(`the update of the bench was ${outcome}`);
  await engine.close();
  return ((endedAt - beganAt) * 1000) / (lanes * steps);
}

/** Encodes the records of a step exactly as the journal does. */
class StepEncoder {
  readonly #clock = machineClock();
  #head: Head = { seq: 0, hash: NO_HASH };

  step(n: number): {
    readonly bytes: Buffer;
    readonly lines: readonly string[];
    readonly seq: number;
  } {
    const about = { update: 'u1', step: `bench-1/step-${n}`, n };
    const next = { update: 'u1', step: `bench-1/step-${n + 1}`, n: n + 1 };
    const inputHash = NO_HASH;
    const events: ChuteEvent[] = [
      {
        type: 'step.succeeded',
        ...about,
        attempt: 1,
        result: null,
        patch: [],
        inverse: [],
        durationMs: 0.042,
      },
      { type: 'step.intended', ...next, kind: 'bench.step@1', attempt: 1, inputHash, undo: null },
    ];
    const { boot } = this.#clock;
    const stamp = { synced: this.#head.seq, at: this.#clock.now(), boot, up: this.#clock.up() };
    const { bytes, head } = encodeBatch(events, this.#head, stamp, () => 1);
    this.#head = head;
    return { bytes, lines: bytes.toString().split('\n'), seq: head.seq };
  }
}

/** Microseconds for JSON, SHA-256, one synchronous write and one fdatasync into a prepared file. */
export function floorArm(directory: string, steps: number): number {
  const encoder = new StepEncoder();
  return timed(prepared(join(directory, 'floor'), steps), steps, (n) => encoder.step(n).bytes);
}

/** The same without encoding: the device alone. */
export function bareFloorArm(directory: string, steps: number): number {
  const { bytes } = new StepEncoder().step(1);
  return timed(prepared(join(directory, 'bare'), steps), steps, () => bytes);
}

function timed(fd: number, steps: number, bytesOf: (n: number) => Uint8Array): number {
  const began = performance.now();
  let position = 0;
  for (let n = 1; n <= steps; n++) {
    const bytes = bytesOf(n);
    position += writeSync(fd, bytes, 0, bytes.length, position);
    fdatasyncSync(fd);
  }
  const took = performance.now() - began;
  closeSync(fd);
  return (took * 1000) / steps;
}

/** A file with room for all steps, filled and synced as a segment is. */
function prepared(path: string, steps: number): number {
  const fd = openSync(path, 'w');
  writeSync(fd, Buffer.alloc(steps * STEP_BYTES_MAX, '\n'));
  fsyncSync(fd);
  return fd;
}

const STEP_BYTES_MAX = 1400;

/** Microseconds for the same two records, encoded the same, as one synced batch of LevelDB. */
export async function levelArm(directory: string, steps: number): Promise<number> {
  const level = new Level<string>(join(directory, 'level'));
  await level.open();
  const encoder = new StepEncoder();
  const began = performance.now();
  for (let n = 1; n <= steps; n++) {
    const { lines, seq } = encoder.step(n);
    await level.batch(
      [
        { type: 'put', key: keyOf(seq - 1), value: lines[0] ?? '' },
        { type: 'put', key: keyOf(seq), value: lines[1] ?? '' },
      ],
      { sync: true },
    );
  }
  const took = performance.now() - began;
  await level.close();
  return (took * 1000) / steps;
}

const keyOf = (seq: number): string => String(seq).padStart(16, '0');
