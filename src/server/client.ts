import { type ClientRequest, type IncomingMessage, request as send } from 'node:http';

import type { Recorded, Seq } from '../../journal/record.ts';
import { type ErrorCode, RipcordError } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Said } from '../engine/asked.ts';
import type { Outcome } from '../engine/outcome.ts';
import type { Resolution } from '../engine/resolve.ts';
import type { Problem } from './problem.ts';
import { openSocketPath } from './socket-path.ts';

/** What became of a request: its update, or that nothing had to be journaled. */
export type Taken =
  | { readonly update: UpdateId }
  | { readonly update: null; readonly outcome: Outcome };

/**
 * The engine that holds a root, through its socket. Every call throws RIPCORD_SERVER_UNREACHABLE when
 * nobody answers there (any more), and otherwise what the engine throws.
 */
export interface Client {
  /** Who is behind the socket. Never throws. */
  presence(): Promise<Presence>;
  status(): Promise<Json>;
  ask(asked: Said, base?: string): Promise<Taken>;
  cancel(id: UpdateId, by: Requester): Promise<void>;
  retry(id: UpdateId, by: Requester): Promise<Taken>;
  resolve(id: UpdateId, n: number, resolution: Resolution): Promise<void>;
  /** Records of an update until it rests. */
  follow(id: UpdateId, after?: Seq, signal?: AbortSignal): AsyncIterable<Recorded<ChuteEvent>>;
}

/** `mute`: somebody has the socket and says nothing. `absent`: nobody has it, or only to say goodbye. */
export type Presence = 'there' | 'mute' | 'absent';

/** Within this a holder answers that is alive: it needs nothing to do so. */
const HEALTH_MS = 1000;

/** A client for the engine that holds a root. Connects with the first call. */
export function connect(root: string): Client {
  const post = async (path: string, body: unknown, headers = {}): Promise<JsonObject> => {
    const response = await call(root, { method: 'POST', path, body, headers });
    return JSON.parse(await textOf(response)) as JsonObject;
  };
  return {
    presence: async () => {
      const signal = AbortSignal.timeout(HEALTH_MS);
      try {
        await textOf(await call(root, { method: 'GET', path: '/healthz', signal }));
        return 'there';
      } catch {
        return signal.aborted ? 'mute' : 'absent';
      }
    },
    status: async () =>
      JSON.parse(await textOf(await call(root, { method: 'GET', path: '/v1/status' }))) as Json,
    ask: async (asked, base) =>
      (await post(
        '/v1/updates',
        asked,
        base === undefined ? {} : { 'if-match': `"${base}"` },
      )) as Taken,
    cancel: async (id, by) => {
      await post(`/v1/updates/${id}/cancel`, { by });
    },
    retry: async (id, by) => (await post(`/v1/updates/${id}/retry`, { by })) as Taken,
    resolve: async (id, n, resolution) => {
      await post(`/v1/updates/${id}/steps/${n}/resolve`, resolution);
    },
    follow: (id, after = 0, signal) => followUpdate(root, { id, after, signal }),
  };
}

async function* followUpdate(
  root: string,
  { id, after, signal }: { id: UpdateId; after: Seq; signal: AbortSignal | undefined },
): AsyncGenerator<Recorded<ChuteEvent>> {
  const path = `/v1/events?update=${id}&after=${after}&follow=1`;
  const response = await call(root, { method: 'GET', path, signal });
  let rest = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as Recorded<ChuteEvent>;
    }
  } catch (cause) {
    if (signal?.aborted === true) return;
    throw unreachable(root, cause);
  }
  if (!response.complete) throw unreachable(root, null);
}

type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
};

async function call(
  root: string,
  { method, path, body, headers, signal }: Call,
): Promise<IncomingMessage> {
  const socket = openSocketPath(root);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent: ClientRequest = send(
        {
          socketPath: socket.path,
          method,
          path,
          headers: { host: 'ripcord', 'content-type': 'application/json', ...headers },
          agent: false,
          ...(signal && { signal }),
        },
        resolve,
      );
      // One that is answered before it is sent whole fails a second time.
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    }).catch((cause: unknown) => {
      throw unreachable(root, cause);
    });
    if ((response.statusCode ?? 500) < 400) return response;
    throw await refusal(root, response);
  } finally {
    socket.release();
  }
}

async function refusal(root: string, response: IncomingMessage): Promise<RipcordError> {
  const text = await textOf(response);
  if (response.statusCode === 503) return unreachable(root, text);
  const { code, detail, hint } = JSON.parse(text) as Problem;
  return new RipcordError((code ?? 'RIPCORD_STEP_FAILED') as ErrorCode, detail, {
    ...(hint !== null && { hint }),
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) text += String(chunk);
  } catch (cause) {
    throw unreachable('the root', cause);
  }
  return text;
}

function unreachable(root: string, cause: unknown): RipcordError {
  return new RipcordError(
    'RIPCORD_SERVER_UNREACHABLE',
    `cannot reach the engine of ${root}: it does not answer`,
    { cause, hint: 'ripcord status' },
  );
}
