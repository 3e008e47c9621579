import type { IncomingMessage, ServerResponse } from 'node:http';

import { Replay } from '../../replay/replay.ts';
import { whyList } from '../../replay/why-answer.ts';
import { why } from '../../replay/why.ts';
import { stateHash } from '../core/applied.ts';
import { RipcordError } from '../core/errors.ts';
import type { Requester, UpdateId } from '../core/events.ts';
import type { Json } from '../core/json.ts';
import { isForChute, webRedirect } from '../core/web-redirect.ts';
import type { Engine } from '../engine/engine.ts';
import { type Outcome, OutcomeReader } from '../engine/outcome.ts';
import type { Requests, UpdateHandle } from '../engine/requests.ts';
import type { Resolution } from '../engine/resolve.ts';
import { askedFrom, objectOf, requesterFrom } from './asked.ts';
import { streamEvents } from './events-stream.ts';
import { HttpError } from './problem.ts';
import { readBody } from './read-body.ts';

/** The engine as the API offers it to others. */
export interface Served {
  readonly engine: Engine;
  readonly requests: Pick<Requests, 'ask'>;
  cancel(id: UpdateId, by: Requester): Promise<void>;
  resolve(id: UpdateId, n: number, resolution: Resolution): Promise<void>;
  retry(id: UpdateId, by: Requester): Promise<Pick<UpdateHandle, 'id' | 'done'>>;
  status(): Promise<Json>;
}

/** An answer as JSON, with its status. */
export type Answer = { readonly status: number; readonly body: Json };

type Call = {
  readonly served: Served;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the path's groups matched. */
  readonly parts: readonly string[];
};

type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** Null: the route has sent its answer itself. */
  answer(call: Call): Promise<Answer | null>;
};

const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/healthz$/, answer: async () => ({ status: 200, body: { ok: true } }) },
  { method: 'GET', path: /^\/v1\/status$/, answer: getStatus },
  { method: 'GET', path: /^\/v1\/events$/, answer: getEvents },
  { method: 'GET', path: /^\/v1\/why$/, answer: getWhy },
  { method: 'GET', path: /^\/v1\/chutes\/([^/]+)$/, answer: getChute },
  { method: 'POST', path: /^\/v1\/updates$/, answer: postUpdate },
  { method: 'GET', path: /^\/v1\/updates\/(u\d+)$/, answer: getUpdate },
  { method: 'POST', path: /^\/v1\/updates\/(u\d+)\/cancel$/, answer: postCancel },
  { method: 'POST', path: /^\/v1\/updates\/(u\d+)\/retry$/, answer: postRetry },
  { method: 'POST', path: /^\/v1\/updates\/(u\d+)\/steps\/s?(\d+)\/resolve$/, answer: postResolve },
];

/** The answer to a request; null when it has been sent. Throws what has to be told as a problem. */
export async function answer(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Answer | null> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const here = ROUTES.filter(({ path }) => path.test(url.pathname));
  const route = here.find(({ method }) => method === request.method);
  if (route) {
    const parts = route.path.exec(url.pathname)?.slice(1) ?? [];
    return await route.answer({ served, request, response, url, parts });
  }
  const what = `${request.method} ${url.pathname}`;
  if (here.length > 0)
    throw new HttpError(405, 'RIPCORD_USAGE_INVALID', `cannot answer ${what}: another method`);
  throw new HttpError(404, 'RIPCORD_USAGE_INVALID', `cannot answer ${what}: no such route`);
}

async function getStatus({ served }: Call): Promise<Answer> {
  return { status: 200, body: await served.status() };
}

/** One chute as `status` has it. */
async function getChute({ served, parts: [name = ''] }: Call): Promise<Answer> {
  const chutes = objectOf(objectOf(await served.status(), 'status')['chutes'] ?? {}, 'chutes');
  const found = Object.hasOwn(chutes, name) ? chutes[name] : undefined;
  if (found !== undefined) return { status: 200, body: found };
  throw new HttpError(404, 'RIPCORD_CHUTE_UNKNOWN', `cannot show ${name}: no such chute`);
}

/**
 * Sends a browser on to a chute's own port, by whatever name it calls this gateway; false for what is
 * asked of the API. Throws an HttpError where no running chute answers.
 */
export function sentOn(
  served: Pick<Served, 'engine'>,
  { url: path = '/', method = '', headers: { host } }: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!isForChute({ path, host })) return false;
  if (method !== 'GET' && method !== 'HEAD')
    throw new HttpError(
      405,
      'RIPCORD_USAGE_INVALID',
      `cannot send ${method} ${path} on: ask by GET`,
    );
  const location = webRedirect({ path, host }, served.engine.state.applied.chutes);
  if (location === null)
    throw new HttpError(
      404,
      'RIPCORD_CHUTE_UNKNOWN',
      `cannot find ${path}: no chute answers there`,
    );
  response.writeHead(302, { location }).end();
  return true;
}

async function getEvents({ served, response, url }: Call): Promise<null> {
  const after = Number(url.searchParams.get('after') ?? '0');
  if (!Number.isSafeInteger(after) || after < 0)
    throw new HttpError(422, 'RIPCORD_USAGE_INVALID', 'cannot list events: after is no number');
  const update = url.searchParams.get('update');
  if (update !== null) await outcomeSoFar(served.engine, update);
  const follow = ['1', 'true', ''].includes(url.searchParams.get('follow') ?? 'no');
  await streamEvents(served.engine, response, { after, update, follow });
  return null;
}

async function getWhy({ served, url }: Call): Promise<Answer> {
  const { searchParams } = url;
  const replay = await Replay.of(served.engine.journal);
  const deep = ['1', 'true', ''].includes(searchParams.get('deep') ?? 'no');
  const told = await why(replay, searchParams.get('subject') ?? '', { deep });
  return { status: 200, body: whyList(told) as unknown as Json };
}

async function postUpdate({ served, request }: Call): Promise<Answer> {
  const asked = askedFrom(await readBody(request));
  const base = /^"(.+)"$/.exec(request.headers['if-match'] ?? '')?.[1];
  if (base !== undefined) refuseMovedBase(served.engine, base);
  const key = request.headers['idempotency-key'];
  const requestId = typeof key === 'string' ? key : asked.requestId;
  return await accepted(await served.requests.ask({ ...asked, requestId }));
}

/** `base` is the state hash that the caller has seen. */
function refuseMovedBase({ state, workshop }: Engine, base: string): void {
  if (stateHash(state.applied, workshop.sha256) === base) return;
  throw new RipcordError(
    'RIPCORD_PLAN_STALE',
    'cannot take the request: the device has changed since',
    { hint: 'plan again' },
  );
}

async function accepted({ id, done }: Pick<UpdateHandle, 'id' | 'done'>): Promise<Answer> {
  if (id !== null) return { status: 202, body: { update: id } };
  return { status: 200, body: { update: null, outcome: (await done) as unknown as Json } };
}

async function getUpdate({ served, parts: [id = ''] }: Call): Promise<Answer> {
  const { engine } = served;
  const outcome = await outcomeSoFar(engine, id);
  const phase = engine.state.updates[id]?.phase ?? 'rests';
  return { status: 200, body: { update: id, phase, outcome: outcome as unknown as Json } };
}

/** Null while the update is on its way. Throws RIPCORD_UPDATE_UNKNOWN. */
async function outcomeSoFar(engine: Engine, id: UpdateId): Promise<Outcome | null> {
  const reader = new OutcomeReader(id);
  const seqs = await engine.journal.find({ update: id });
  if (seqs.length === 0)
    throw new RipcordError('RIPCORD_UPDATE_UNKNOWN', `cannot find ${id}: no such update`, {
      hint: 'ripcord log lists the updates of this device',
    });
  for (const seq of seqs)
    for await (const record of engine.journal.read(seq, seq)) reader.read(record);
  return reader.rests ? reader.outcome : null;
}

async function postCancel({ served, request, parts: [id = ''] }: Call): Promise<Answer> {
  const { by } = objectOf(await readBody(request), 'the body');
  await served.cancel(id, requesterFrom(by ?? null));
  return { status: 202, body: { update: id } };
}

async function postRetry({ served, request, parts: [id = ''] }: Call): Promise<Answer> {
  const { by } = objectOf(await readBody(request), 'the body');
  return await accepted(await served.retry(id, requesterFrom(by ?? null)));
}

async function postResolve({ served, request, parts: [id = '', n = ''] }: Call): Promise<Answer> {
  const { by, as, message } = objectOf(await readBody(request), 'the body');
  if (as !== 'retry' && as !== 'undone' && as !== 'done')
    throw new HttpError(
      422,
      'RIPCORD_USAGE_INVALID',
      'cannot resolve: as is retry, undone or done',
    );
  if (typeof message !== 'string' || message === '')
    throw new HttpError(422, 'RIPCORD_USAGE_INVALID', 'cannot resolve: a message says why');
  await served.resolve(id, Number(n), { as, message, by: requesterFrom(by ?? null) });
  return { status: 202, body: { update: id } };
}
