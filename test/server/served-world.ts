import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';
import { onTestFinished } from 'vitest';

import type { Applied } from '../../src/core/applied.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Requests } from '../../src/engine/requests.ts';
import { resolveStep } from '../../src/engine/resolve.ts';
import { connect, type Client } from '../../src/server/client.ts';
import { type LocalApi, serve } from '../../src/server/serve.ts';
import { World } from '../engine/world.ts';

/** An engine in memory behind its API on a socket in a temporary directory. */
export type ServedWorld = {
  readonly world: World;
  readonly engine: Engine;
  readonly requests: Requests;
  readonly api: LocalApi;
  readonly client: Client;
  readonly root: string;
};

/**
 * `depth` makes the path of the socket longer than a socket's path may be; `stale` leaves a file of an
 * earlier engine in its place; `applied` is what the API takes for applied.
 */
export async function servedWorld({
  depth = '',
  stale = false,
  applied,
}: {
  readonly depth?: string;
  readonly stale?: boolean;
  readonly applied?: Applied;
} = {}): Promise<ServedWorld> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-api-')));
  const root = join(home, depth);
  mkdirSync(root, { recursive: true });
  if (stale) writeFileSync(join(root, 'ripcord.sock'), '');
  const world = new World();
  const { engine, requests } = await world.engine();
  const state = { value: { ...engine.state, applied } };
  const served = {
    engine: applied ? (Object.create(engine, { state }) as Engine) : engine,
    requests,
    cancel: (id: string, by: never) => engine.turnAround(id, { by }),
    resolve: (id: string, n: number, resolution: Parameters<typeof resolveStep>[3]) =>
      resolveStep(engine, id, n, resolution),
    retry: async () => {
      throw new Error('not asked for here');
    },
    status: async () => ({ head: engine.journal.head }),
  };
  const api = await serve(served, {
    root,
    logger: pino({ level: 'silent' }),
  });
  onTestFinished(async () => {
    await api.close();
    await engine.close();
    rmSync(home, { recursive: true, force: true });
  });
  return { world, engine, requests, api, client: connect(root), root };
}

export type Answered = {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly location: string | null;
};

/** One request as a stranger would send it. */
export async function send(
  root: string,
  method: string,
  path: string,
  options: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answered> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(root, 'ripcord.sock'),
        agent: false,
        method,
        path,
        headers: { host: 'localhost', ...options.headers },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            location: response.headers.location ?? null,
            body,
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** The events of a stream, by type. */
export async function typesOf(
  records: AsyncIterable<Pick<ChuteEvent, 'type'>>,
): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { type } of records) types.push(type);
  return types;
}

/** Something that one side waits for and the other gives. */
export function signal(): { readonly given: Promise<void>; give(): void } {
  let give = noop;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

const noop = (): void => undefined;
