import { Appender } from '../../journal/append.ts';
import type { Disk } from '../../journal/disk.ts';
import { writeHead } from '../../journal/head.ts';
import { checkLog } from '../../journal/log-check.ts';
import { LogSink } from '../../journal/log-sink.ts';
import { openReserve } from '../../journal/reserve.ts';
import { makeRoot, readRoot, rootPaths } from '../../journal/root.ts';
import { openWriter } from '../../journal/segment-writer.ts';
import { SimDisk } from './sim-disk.ts';

export type SimNote = { readonly type: string; readonly n: number; readonly text: string };

export const ROOT = '/sim';
const SEGMENT_BYTES = 4096;
const clock = { now: () => '2026-11-22T10:00:00.000Z', up: () => 5, boot: 'boot' };

/** The writing half of a journal without its lock and index, which the power does not cut. */
export async function writing(
  disk: Disk,
): Promise<{ appender: Appender<SimNote>; seal: () => void }> {
  const isOurs = readRoot(disk, ROOT) === null;
  if (isOurs) await makeRoot(disk, ROOT, {}, SEGMENT_BYTES);
  const check = checkLog(disk, ROOT);
  if (check.damage) throw new Error(check.damage.message);
  const writer = openWriter({ disk, root: ROOT, segmentBytes: SEGMENT_BYTES }, check, isOurs);
  const appender = new Appender<SimNote>({
    sink: new LogSink(writer, openReserve(disk, ROOT, { freeBytes: () => 0 })),
    clock,
    head: check.head,
    versionOf: () => 1,
    onFlush: () => {},
    faults: {},
  });
  return { appender, seal: () => writeHead(disk, rootPaths(ROOT).head, appender.durable) };
}

/** A disk with nothing but its top directory. */
export function emptySimDisk(): SimDisk {
  const disk = new SimDisk();
  disk.mkdirSync('/');
  disk.syncDirSync('/');
  return disk;
}
