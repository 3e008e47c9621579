import type { Journal, OnFlush, Query } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';

/** Where a process dies: at the Kth append, before or after its records are on disk. */
export type CrashPoint = { readonly append: number; readonly when: 'before' | 'after' };

class Crash extends Error {}

/** What stands for the disk: records that outlive the engines that wrote them. */
export class Shelf {
  /** Whether room is kept back for a rollback. */
  reserved = false;
  readonly records: Recorded<ChuteEvent>[] = [];
  /** The records that were witnessed as the end. */
  readonly sealed: number[] = [];
  readonly blobs = new Map<string, Uint8Array>();
  /** Raised with each engine: what an older one still does has no effect any more. */
  generation = 0;
  appends = 0;
  up = 1000;
  boot = 'b1';
}

/** A journal of one engine on a shelf. It dies where it is told to, and stays dead. */
export function arrayJournal(
  shelf: Shelf,
  onFlush: OnFlush<ChuteEvent>,
  crash: CrashPoint | null,
): Journal<ChuteEvent> {
  shelf.generation += 1;
  const generation = shelf.generation;
  let appends = 0;
  let waiting: Recorded<ChuteEvent>[] = [];
  const die = (): never => {
    shelf.generation += 1;
    throw new Crash(`append ${appends}`);
  };
  const head = (): number => shelf.records.length;
  return {
    uuid: 'array',
    damage: null,
    get head() {
      return { seq: head(), hash: String(head()) };
    },
    async append(events, options) {
      if (generation !== shelf.generation) throw new Crash('dead');
      const end = head() + waiting.length + events.length;
      const records = events.map((event, index) => ({
        ...structuredClone(event),
        seq: end - events.length + index + 1,
        end,
        synced: head(),
        prev: '',
        hash: '',
        at: new Date(1_700_000_000_000 + shelf.up).toISOString(),
        up: shelf.up++,
        boot: shelf.boot,
        v: 1,
      }));
      waiting.push(...records);
      if (options?.durable === false) return records;
      appends += 1;
      shelf.appends += 1;
      if (crash?.append === appends && crash.when === 'before') die();
      const flushed = waiting;
      waiting = [];
      shelf.records.push(...flushed);
      if (crash?.append === appends && crash.when === 'after') die();
      onFlush(flushed);
      await Promise.resolve();
      return records;
    },
    async *read(from = 1, to = Number.POSITIVE_INFINITY) {
      for (const record of shelf.records.slice(from - 1, to)) yield record;
    },
    async *follow(from = 1) {
      for (const record of shelf.records.slice(from - 1)) yield record;
    },
    find: async (query: Query) =>
      shelf.records
        .filter((each) => 'update' in each && each.update === query.update)
        .map(({ seq }) => seq),
    saveSnapshot: async () => undefined,
    loadSnapshot: async () => null,
    putBlob: async (bytes) => {
      const key = `sha256:${shelf.blobs.size}`;
      shelf.blobs.set(key, bytes);
      return key;
    },
    getBlob: async (key) => shelf.blobs.get(key) ?? new Uint8Array(),
    sealHead: async () => void shelf.sealed.push(head()),
    reserve: async () => {
      shelf.reserved = true;
    },
    yieldReserve: () => {
      const { reserved } = shelf;
      shelf.reserved = false;
      return reserved;
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
