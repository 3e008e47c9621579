import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { RipcordError } from '../../core/errors.ts';
import { SOURCE_BYTES_MAX } from './limits.ts';
import { expectRoom } from './room.ts';

/** Answers that another try in a moment may turn into a good one. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Downloads into a new file and returns the SHA-256 of what came, in hex. Stops at the size limit.
 *
 * Throws RIPCORD_DISK_FULL with what it needs, where the server tells its size; or
 * RIPCORD_SOURCE_UNREACHABLE, class transient where another try may help.
 */
export async function download(url: string, file: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, redirect: 'follow' }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw unreachable(url, reasonOf(error), { cause: error, class: 'transient' });
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const passing = PASSING.has(response.status);
    const reason = `the server answered ${response.status} ${response.statusText}`.trim();
    throw unreachable(url, reason, { class: passing ? 'transient' : 'permanent' });
  }

  const length = Number(response.headers.get('content-length') ?? 0);
  if (length > 0) {
    try {
      // The archive, and what is unpacked from it beside it.
      expectRoom(`download '${shownUrl(url)}'`, dirname(file), 2 * length);
    } catch (error) {
      await response.body.cancel();
      throw error;
    }
  }
  const hash = createHash('sha256');
  const handle = await open(file, 'wx');
  let bytes = 0;
  try {
    for await (const chunk of chunksOf(response.body, url, signal)) {
      bytes += chunk.length;
      if (bytes > SOURCE_BYTES_MAX) {
        throw unreachable(url, `it is larger than ${SOURCE_BYTES_MAX} bytes`, {});
      }
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** A URL as it may be shown: without user, password and query, which may hold secrets. Pure. */
export function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The chunks of a body; a connection that breaks midway is worth another try. */
async function* chunksOf(
  body: NonNullable<Response['body']>,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        signal.throwIfAborted();
        throw unreachable(url, reasonOf(error), { cause: error, class: 'transient' });
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Ends the connection when the reader stops early; what was read to its end is not hurt.
    await reader.cancel().catch(() => null);
  }
}

function unreachable(
  url: string,
  reason: string,
  options: ConstructorParameters<typeof RipcordError>[2],
): RipcordError {
  const message = `cannot download '${shownUrl(url)}': ${reason}`;
  return new RipcordError('RIPCORD_SOURCE_UNREACHABLE', message, options);
}

/** Undici wraps the reason: "fetch failed" says nothing, its cause does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === '' && 'code' in cause ? String(cause.code) : cause.message;
}
