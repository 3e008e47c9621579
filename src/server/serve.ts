import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import type { Logger } from 'pino';

import { HttpError, problemOf } from './problem.ts';
import { answer, sentOn, type Served } from './routes.ts';
import { openSocketPath } from './socket-path.ts';

/** The local API of an engine, for as long as it lives. */
export interface LocalApi {
  /** Takes nothing new; what is under way goes on. Safe to repeat. */
  drain(): void;
  /** Cuts off whoever is still connected: they see that the holder is gone. Safe to repeat. */
  close(): Promise<void>;
}

/** Names that a client on this machine may call us by; a web page's requests have another one. */
const HOSTS = new Set(['localhost', 'ripcord']);

const HEADERS_TIMEOUT_MS = 10_000;

/**
 * Serves the API on `ROOT/ripcord.sock`, for this user alone. Only whoever holds the root's lock may
 * call this: a socket file that is there has nobody behind it and is removed.
 */
export async function serve(
  served: Served,
  { root, logger }: { readonly root: string; readonly logger: Logger },
): Promise<LocalApi> {
  let draining = false;
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      logger.error({ err: error }, 'cannot answer a request');
      response.destroy();
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (draining)
        throw new HttpError(503, 'RIPCORD_ENGINE_CLOSED', 'cannot answer: the engine closes');
      // Where a chute answers is no secret: whoever asks is told, by any name of this gateway.
      if (sentOn(served, request, response)) return;
      const host = (request.headers.host ?? '').replace(/:\d+$/, '');
      if (!HOSTS.has(host))
        throw new HttpError(403, 'RIPCORD_ACCESS_DENIED', `cannot answer to '${host}'`);
      const result = await answer(served, request, response);
      if (result) send(response, result.status, 'application/json', result.body);
    } catch (error) {
      // Whoever asked may have left before they had said all of it.
      if (response.headersSent || request.socket.destroyed) return void response.destroy();
      const problem = problemOf(error);
      if (problem.status === 500) logger.error({ err: error }, 'cannot answer a request');
      send(response, problem.status, 'application/problem+json', problem);
    }
  }

  await listen(server, root);
  let closing: Promise<void> | null = null;
  const drain = (): void => {
    if (draining) return;
    draining = true;
    closing = new Promise((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
  };
  return {
    drain,
    close: async () => {
      drain();
      for (const socket of sockets) socket.destroy();
      await closing;
    },
  };
}

async function listen(server: Server, root: string): Promise<void> {
  const socket = openSocketPath(root);
  server.once('close', () => socket.release());
  rmSync(socket.path, { force: true });
  // The socket is bound before `listen` returns: nobody else can open it in between.
  const mask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket.path, resolve);
      process.umask(mask);
    });
    chmodSync(socket.path, 0o600);
  } catch (error) {
    socket.release();
    throw error;
  } finally {
    process.umask(mask);
  }
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
