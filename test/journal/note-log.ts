import { onTestFinished } from 'vitest';

import { EventIndex } from '../../journal/index-store.ts';
import type { Recorded } from '../../journal/record.ts';

/** An event of these tests. */
export type Note = {
  readonly type: string;
  readonly update?: string | undefined;
  readonly chutes?: readonly string[];
};
/** What a note is listed under. */
export const keysOf = ({ update, chutes }: Note) => ({
  ...(update === undefined ? {} : { update }),
  ...(chutes === undefined ? {} : { chutes }),
});

/** A log in memory: what the index reads, and how often. */
export class NoteLog {
  readonly uuid: string = 'a-journal';
  readonly records: Recorded<Note>[] = [];
  reads = 0;

  head() {
    const last = this.records.at(-1);
    return { seq: last?.seq ?? 0, hash: last?.hash ?? '0'.repeat(64) };
  }

  hashAt(seq: number): string | null {
    return this.records[seq - 1]?.hash ?? null;
  }

  async *read(from: number, to: number): AsyncIterable<Recorded<Note>> {
    this.reads += 1;
    yield* this.records.slice(from - 1, to);
  }

  append(notes: readonly (Note & { at?: string })[]): Recorded<Note>[] {
    const added = notes.map(({ at = '2026-11-22T10:00:00.000Z', ...note }, index) => {
      const seq = this.records.length + 1 + index;
      const hash = `${seq}-${note.type}`.padEnd(64, '0');
      return { ...note, seq, end: seq, synced: 0, prev: '', at, boot: 'b', up: seq, v: 1, hash };
    });
    this.records.push(...added);
    return added;
  }
}

/** An index that is closed with the test. */
export function openIndex(root: string, log: NoteLog): EventIndex<Note> {
  const index = new EventIndex(root, log, keysOf);
  onTestFinished(() => index.close());
  return index;
}
