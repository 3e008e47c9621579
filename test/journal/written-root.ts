import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DiskJournal } from '../../journal/journal-disk.ts';
import { openJournal } from '../../journal/journal-disk.ts';
import { scratch } from './scratch.ts';

/** An event of these tests. */
export type Step = {
  readonly type: string;
  readonly n: number;
  readonly text?: string;
  readonly undoBlob?: string;
};

const clock = { now: () => '2026-11-22T10:00:00.000Z', up: () => 5, boot: 'boot' };

/** Opens a journal of small segments. */
export function openSmall(root: string): Promise<DiskJournal<Step>> {
  return openJournal<Step>({ root, clock, create: true, segmentBytes: 2048, command: 'test' });
}

/** A root with `count` records in batches of three, a snapshot of all and a blob that one names. */
export async function writtenRoot(count = 30): Promise<string> {
  const root = scratch();
  const journal = await openSmall(root);
  const undoBlob = await journal.putBlob(Buffer.from('what was there before'));
  for (let n = 1; n <= count; n += 3) {
    const batch = [n, n + 1, n + 2].filter((each) => each <= count);
    await journal.append(
      batch.map((each) => ({ type: 'step', n: each, ...(each === 7 ? { undoBlob } : {}) })),
    );
    if (n === 13) await journal.saveSnapshot(12, { n: 12 });
  }
  await journal.saveSnapshot(count, { n: count });
  await journal.close();
  return root;
}

/** The paths of the segments, oldest first. */
export function segmentsOf(root: string): string[] {
  const names = readdirSync(join(root, 'log')).filter((name) => name.endsWith('.ndjson'));
  return names.toSorted().map((name) => join(root, 'log', name));
}

/** Where record `seq` lies. */
export function placeOf(root: string, seq: number): { path: string; offset: number; size: number } {
  for (const path of segmentsOf(root)) {
    const text = readFileSync(path, 'latin1');
    const offset = text.indexOf(`{"seq":${seq},`);
    if (offset >= 0) return { path, offset, size: text.indexOf('\n', offset) - offset };
  }
  throw new Error(`there is no record ${seq}`);
}

/** Every file below a directory with its bytes, without what LevelDB keeps. */
export function bytesBelow(directory: string, prefix = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.name === 'index') continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) Object.assign(found, bytesBelow(path, `${prefix}${entry.name}/`));
    else found[prefix + entry.name] = readFileSync(path, 'latin1');
  }
  return found;
}

/** Puts bytes over those of a file. */
export function overwrite(path: string, offset: number, text: string): void {
  const bytes = readFileSync(path);
  bytes.write(text, offset, 'latin1');
  writeFileSync(path, bytes);
}
