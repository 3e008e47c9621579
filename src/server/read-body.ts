import type { IncomingMessage } from 'node:http';

import type { Json } from '../core/json.ts';
import { HttpError } from './problem.ts';

/** A request with every definition and option stays far below this. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Read to its end up to here, because who is still sending would not hear that it is too large. */
const READ_BYTES_MAX = 16 * BODY_BYTES_MAX;

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A request's body as JSON. Throws an HttpError for what is too large, is no JSON, or has keys that
 * would change what objects are.
 */
export async function readBody(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size <= BODY_BYTES_MAX) chunks.push(bytes);
    else if (size > READ_BYTES_MAX) break;
  }
  if (size > BODY_BYTES_MAX)
    throw new HttpError(413, 'RIPCORD_USAGE_INVALID', 'cannot take the request: it is too large');
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text, refuseForbidden) as Json;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, 'RIPCORD_USAGE_INVALID', 'cannot take the request: it is no JSON');
  }
}

function refuseForbidden(key: string, value: unknown): unknown {
  if (!FORBIDDEN.has(key)) return value;
  throw new HttpError(422, 'RIPCORD_USAGE_INVALID', `cannot take the request: key '${key}'`);
}
