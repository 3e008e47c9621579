import pino, { type Logger } from 'pino';

import type { Seq } from '../../journal/record.ts';
import type { UpdateId } from '../core/events.ts';
import { resolveStep } from '../engine/resolve.ts';
import { Ripcord, type Update } from '../library/ripcord.ts';
import type { Taken } from '../server/client.ts';
import { serve } from '../server/serve.ts';
import { updateRecords } from '../server/update-records.ts';
import type { Access, AccessOptions } from './access.ts';
import type { Context } from './context.ts';
import { usageError } from './exit-code.ts';
import { statusOf } from './status-view.ts';

/**
 * Takes hold of the root in this process, serves its API and goes on with what was left unfinished.
 * Throws like `Ripcord.open`.
 */
export async function openHolder(context: Context, options: AccessOptions): Promise<Access> {
  const { root, env, commandLine: command } = context;
  const logger = openLogger(env);
  const ripcord = await Ripcord.open({
    root,
    create: options.create ?? false,
    ...(options.runtime && { runtime: options.runtime }),
    ...(options.host && { host: options.host }),
    logger,
    command,
    faults: env['RIPCORD_FAULT'] ?? '',
    backoffScale: backoffScaleOf(env),
  });
  const { engine, requests } = ripcord;
  // The engine works without it; others wait for the lock then.
  const api = await serve(
    {
      engine,
      requests,
      cancel: (id, by) => ripcord.cancel(id, by),
      resolve: (id, n, resolution) => resolveStep(engine, id, n, resolution),
      retry: (id, by) => ripcord.retry(id, { by }),
      status: async () => await statusOf(engine.state, engine.journal.head, root),
    },
    { root, logger },
  ).catch((error: unknown) => {
    logger.warn({ err: error }, 'cannot serve the local API');
    return null;
  });
  /** Where each update taken by this process begins: reading it needs no index. */
  const begins = new Map<UpdateId, Seq>();
  let closing: Promise<void> | null = null;
  const close = async (reason: string): Promise<void> => {
    api?.drain();
    try {
      await ripcord.close(reason);
    } finally {
      await api?.close();
    }
  };
  const taken = async (ask: () => Promise<Pick<Update, 'id' | 'done'>>): Promise<Taken> => {
    const { nextUpdate, seq } = engine.state;
    const { id, done } = await ask();
    if (id === null) return { update: null, outcome: await done };
    if (Number(id.slice(1)) >= nextUpdate) begins.set(id, seq);
    return { update: id };
  };
  return {
    kind: 'holder',
    settled: ripcord.settled,
    ask: (asked) => taken(() => requests.ask(asked)),
    retry: (id, by) => taken(() => ripcord.retry(id, { by })),
    cancel: (id, by) => ripcord.cancel(id, by),
    resolve: (id, n, resolution) => resolveStep(engine, id, n, resolution),
    follow: (id, after, signal) =>
      updateRecords(engine, id, { after: Math.max(after, begins.get(id) ?? 0), signal }),
    close: (reason) => (closing ??= close(reason)),
  };
}

/** The factor on waits between attempts: RIPCORD_BACKOFF_SCALE, else 1. Throws RIPCORD_USAGE_INVALID. */
export function backoffScaleOf(env: Context['env']): number {
  const given = env['RIPCORD_BACKOFF_SCALE'] || '1';
  const scale = Number(given);
  if (Number.isFinite(scale) && scale >= 0) return scale;
  throw usageError(
    `cannot use RIPCORD_BACKOFF_SCALE: '${given}' is no factor`,
    'factors are numbers from 0 on: 0.01',
  );
}

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

/**
 * Logs go to standard error, at once: what is written just before a crash matters most. What belongs
 * to ordinary runs, such as a step that failed, is in the progress and in the journal already.
 */
function openLogger(env: Context['env']): Logger {
  const level = env['RIPCORD_LOG_LEVEL'] || 'error';
  if (!LEVELS.has(level))
    throw usageError(
      `cannot use RIPCORD_LOG_LEVEL: '${level}' is no level`,
      `levels are ${[...LEVELS].join(', ')}`,
    );
  return pino({ level, name: 'ripcord' }, pino.destination({ fd: 2, sync: true }));
}
