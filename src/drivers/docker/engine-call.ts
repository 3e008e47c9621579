import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { EngineError } from './engine-error.ts';

/** One request to the container engine. */
export type EngineCall = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** With its version and query: `/v1.41/containers/json?all=1`. */
  readonly path: string;
  /** JSON, or bytes as they come. */
  readonly body?: { readonly json: unknown } | { readonly tar: () => AsyncIterable<Uint8Array> };
  /** How long the engine may say nothing at all, from the first byte sent to the last received. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
};

/** What the engine answered, with its body still to be read. */
export type EngineAnswer = {
  readonly status: number;
  readonly contentType: string;
  /** Its bytes. Throws EngineError when the engine falls silent or goes away in the middle. */
  readonly bytes: AsyncIterable<Buffer>;
};

/**
 * Sends one request over a socket of its own and returns the head of the answer, whatever its status.
 * It settles in every case: each way in which an answer can fail to come is an `EngineError` that says
 * whether the engine may have done what it was asked for.
 */
export async function sendTo(socket: string, call: EngineCall): Promise<EngineAnswer> {
  call.signal.throwIfAborted();
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  const progress: { reached: boolean; silence?: Error } = { reached: false };
  const failed = (error: unknown): EngineError =>
    EngineError.of(progress.silence ?? error, {
      socket,
      isSent: progress.reached && !isRead,
      isAborted: call.signal.aborted,
    });

  const asked = request({
    socketPath: socket,
    method: call.method,
    path: call.path,
    agent: false,
    signal: call.signal,
    // An engine behind a proxy for sockets may look at it; dockerd does not.
    headers: { host: 'localhost', ...headersOf(call) },
  });
  asked.setTimeout(call.silenceMs, () => {
    // Once the answer has begun, its reader is told of a reset and not of this.
    progress.silence = new Error(`it said nothing for ${call.silenceMs} ms`);
    asked.destroy(progress.silence);
  });
  asked.on('socket', (stream) => {
    stream.once('connect', () => (progress.reached = true));
  });
  try {
    const answer = await headOf(asked, call.body);
    return {
      status: answer.statusCode ?? 0,
      contentType: answer.headers['content-type'] ?? '',
      bytes: bytesOf(answer, failed),
    };
  } catch (error) {
    throw failed(error);
  }
}

function headersOf({ body }: EngineCall): Record<string, string | number> {
  if (body === undefined) return {};
  if ('tar' in body) return { 'content-type': 'application/x-tar' };
  const length = Buffer.byteLength(JSON.stringify(body.json));
  return { 'content-type': 'application/json', 'content-length': length };
}

/** The answer may come before the whole request is sent: an engine that refuses does not read on. */
function headOf(asked: ClientRequest, body: EngineCall['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answered = false;
    asked.once('response', (answer) => {
      answered = true;
      resolve(answer);
    });
    // Behind the answer its own bytes tell what went wrong.
    asked.on('error', reject);
    asked.once('close', () => reject(new Error('it closed the connection without an answer')));
    if (body !== undefined && 'tar' in body) {
      pipeline(Readable.from(body.tar()), asked).catch((error: unknown) => {
        if (!answered) reject(error);
      });
    } else asked.end(body === undefined ? undefined : JSON.stringify(body.json));
  });
}

async function* bytesOf(
  answer: IncomingMessage,
  failed: (error: unknown) => EngineError,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of answer) yield chunk as Buffer;
  } catch (error) {
    throw failed(error);
  }
  // An answer that was cut off ends without an error in some versions of Node.js.
  if (!answer.complete) throw failed(new Error('it went away in the middle of an answer'));
}
