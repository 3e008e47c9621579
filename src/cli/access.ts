import { setTimeout as delay } from 'node:timers/promises';

import { JournalError } from '../../journal/errors.ts';
import { isLocked } from '../../journal/lock.ts';
import type { Recorded, Seq } from '../../journal/record.ts';
import { codeOf } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import { readStat } from '../drivers/proc.ts';
import type { Said } from '../engine/asked.ts';
import type { Resolution } from '../engine/resolve.ts';
import { type Client, connect, type Taken } from '../server/client.ts';
import type { Context } from './context.ts';

/** An engine to ask things of: one in this process, or the one that holds the root. */
export interface Access {
  readonly kind: 'holder' | 'client';
  /** Resolves when what an earlier engine left unfinished is at rest; at once for a client. */
  readonly settled: Promise<void>;
  ask(asked: Said, base?: string): Promise<Taken>;
  retry(id: UpdateId, by: Requester): Promise<Taken>;
  cancel(id: UpdateId, by: Requester): Promise<void>;
  resolve(id: UpdateId, n: number, resolution: Resolution): Promise<void>;
  /**
   * Records of an update behind `after` until it rests. Throws RIPCORD_SERVER_UNREACHABLE when the
   * holder is gone, RIPCORD_ENGINE_CLOSED when this process's engine was closed.
   */
  follow(id: UpdateId, after: Seq, signal: AbortSignal): AsyncIterable<Recorded<ChuteEvent>>;
  /** A holder stops at a step boundary and lets go of the root. Safe to repeat. */
  close(reason: string): Promise<void>;
}

export type AccessOptions = {
  /** Whether a missing root is made. */
  readonly create?: boolean;
  readonly runtime?: 'process' | 'docker';
  readonly host?: 'render' | 'linux' | 'uci';
  /** How long to wait for a holder that stands still. */
  readonly patienceMs?: number;
};

const RETRY_MS = 50;
/** A holder that has its socket and does not answer, as somebody has stopped its process. */
const STOPPED_PATIENCE_MS = 3000;
/** One that has not been stopped: the machine is very busy, or the disk takes its time. */
const MUTE_PATIENCE_MS = 30_000;
/** One without a socket begins or ends its work, and ends it at a step boundary: a step takes long. */
const ABSENT_PATIENCE_MS = 120_000;

/**
 * The engine of a root: takes hold of it, or talks to whoever has. Throws RIPCORD_JOURNAL_LOCKED when
 * it is held by somebody who does not answer, and everything that opening throws.
 */
export async function openAccess(context: Context, options: AccessOptions = {}): Promise<Access> {
  const { root } = context;
  const client = connect(root);
  let waitsFor: 'mute' | 'absent' = 'absent';
  let since = performance.now();
  for (;;) {
    if (await isLocked(root)) {
      const presence = await client.presence();
      if (presence === 'there') return asAccess(client);
      if (presence !== waitsFor) since = performance.now();
      waitsFor = presence;
    }
    try {
      const { openHolder } = await import('./holder.ts');
      return await openHolder(context, options);
    } catch (error) {
      const waitedMs = performance.now() - since;
      const patienceMs = waitsFor === 'absent' ? ABSENT_PATIENCE_MS : patienceWith(error, options);
      if (codeOf(error) !== 'RIPCORD_JOURNAL_LOCKED' || waitedMs >= patienceMs) throw error;
    }
    await delay(RETRY_MS);
  }
}

/** How long to wait for a holder that has its socket and says nothing. */
function patienceWith(error: unknown, { patienceMs }: AccessOptions): number {
  if (patienceMs !== undefined) return patienceMs;
  const pid = error instanceof JournalError ? pidOf(error.details['holder']) : null;
  const isStopped = pid === null || /[tT]/.test(readStat(pid)?.state ?? 'T');
  return isStopped ? STOPPED_PATIENCE_MS : MUTE_PATIENCE_MS;
}

function pidOf(holder: unknown): number | null {
  if (typeof holder !== 'object' || holder === null || !('pid' in holder)) return null;
  return typeof holder.pid === 'number' ? holder.pid : null;
}

const asAccess = (client: Client): Access => ({
  ...client,
  kind: 'client',
  settled: Promise.resolve(),
  close: async () => undefined,
});
