import { setTimeout as delay } from 'node:timers/promises';

import { isLocked } from '../../journal/lock.ts';
import type { Recorded, Seq } from '../../journal/record.ts';
import { codeOf } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import type { Asked } from '../engine/requests.ts';
import type { Resolution } from '../engine/resolve.ts';
import { connect, type Taken } from '../server/client.ts';
import type { Context } from './context.ts';

/** An engine to ask things of: one in this process, or the one that holds the root. */
export interface Access {
  readonly kind: 'holder' | 'client';
  /** Resolves when what an earlier engine left unfinished is at rest; at once for a client. */
  readonly settled: Promise<void>;
  ask(asked: Asked, base?: string): Promise<Taken>;
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
  /** How long to wait for a holder that neither answers nor lets go. */
  readonly patienceMs?: number;
};

const RETRY_MS = 50;
/** A holder that begins or ends its work is without a socket for a moment. */
const PATIENCE_MS = 3000;

/**
 * The engine of a root: takes hold of it, or talks to whoever has. Throws RIPCORD_JOURNAL_LOCKED when
 * it is held by somebody who does not answer, and everything that opening throws.
 */
export async function openAccess(context: Context, options: AccessOptions = {}): Promise<Access> {
  const { root } = context;
  const deadline = performance.now() + (options.patienceMs ?? PATIENCE_MS);
  for (;;) {
    const client = connect(root);
    if ((await isLocked(root)) && (await client.isThere()))
      return {
        ...client,
        kind: 'client',
        settled: Promise.resolve(),
        close: async () => undefined,
      };
    try {
      const { openHolder } = await import('./holder.ts');
      return await openHolder(context, options);
    } catch (error) {
      if (codeOf(error) !== 'RIPCORD_JOURNAL_LOCKED' || performance.now() >= deadline) throw error;
    }
    await delay(RETRY_MS);
  }
}
