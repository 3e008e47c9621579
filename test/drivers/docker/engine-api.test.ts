import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import { EngineApi } from '../../../src/drivers/docker/engine-api.ts';
import { temporaryRoot } from '../world.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const VERSION = {
  Version: '20.10.24',
  ApiVersion: '1.41',
  MinAPIVersion: '1.12',
  Arch: 'amd64',
  Os: 'linux',
};
const json =
  (value: unknown, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
const lines =
  (...all: readonly unknown[]): Answer =>
  (_request, response) => {
    response.end(all.map((each) => `${JSON.stringify(each)}\r\n`).join(''));
  };
/** Begins an answer and says no more. */
const hangs: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"Id":');
};
const cut: Answer = (request, response) => {
  hangs(request, response);
  setImmediate(() => response.socket?.destroy());
};
const closes: Answer = (request) => request.socket.destroy();

/** An engine that answers the paths it is given, without their version, and what was asked of it. */
async function engine(answers: Readonly<Record<string, Answer>>): Promise<{
  readonly socket: string;
  readonly asked: string[];
  readonly server: Server;
}> {
  const socket = join(temporaryRoot(), 'engine.sock');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    asked.push(`${request.method} ${request.url}`);
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
    const answer =
      answers[path] ?? (path === '/version' ? json(VERSION) : json({ message: `no ${path}` }, 404));
    answer(request, response);
  });
  await new Promise<void>((done) => {
    server.listen(socket, done);
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((done) => {
      server.close(done);
    });
  });
  return { socket, asked, server };
}

const NEW = { Image: 'busybox', Labels: {}, HostConfig: {} };

describe('an answer that does not come', () => {
  test.each([
    {
      what: 'a socket that is not there',
      socket: '/no/such/engine.sock',
      reason: 'its socket is not there',
    },
    {
      what: 'a file that is no socket',
      socket: '/etc/hostname',
      reason: 'nobody listens on its socket',
    },
  ])('because of $what: nothing was sent', async ({ socket, reason }) => {
    await expect(new EngineApi(socket).createContainer('a1', NEW)).rejects.toMatchObject({
      outcome: 'not-sent',
      message: reason,
    });
  });

  test.each([
    { what: 'cut off in the middle', answer: cut },
    { what: 'a connection that is closed', answer: closes },
  ])('$what: nobody knows what was done', async ({ answer }) => {
    const { socket } = await engine({ '/containers/create': answer, '/info': answer });
    await expect(new EngineApi(socket).createContainer('a1', NEW)).rejects.toMatchObject({
      outcome: 'unknown',
    });
    await expect(new EngineApi(socket).info()).rejects.toMatchObject({ outcome: 'not-sent' });
  });

  test('that hangs is given up with the signal', async () => {
    const { socket } = await engine({ '/containers/create': hangs });
    const signal = AbortSignal.timeout(200);
    await expect(
      new EngineApi(socket, { signal }).createContainer('a1', NEW),
    ).rejects.toMatchObject({
      outcome: 'unknown',
      message: 'the call was given up',
    });
  });

  test('that hangs is given up when the engine is silent for too long', async () => {
    const { socket } = await engine({
      '/containers/c1/exec': json({ Id: 'e1' }),
      '/exec/e1/start': hangs,
    });
    await expect(new EngineApi(socket).exec('c1', ['true'], 100)).rejects.toMatchObject({
      outcome: 'unknown',
      message: 'it said nothing for 100 ms',
    });
  });

  test('is waited for while an engine is away, and asked for once', async () => {
    const { socket, asked, server } = await engine({ '/info': json({ Driver: 'overlay2' }) });
    await new Promise((done) => {
      server.close(done);
    });
    const waiting = new EngineApi(socket, { patienceMs: 20_000 }).info();
    await pause(0);
    server.listen(socket);
    expect(await waiting).toEqual({ Driver: 'overlay2' });
    expect(asked).toEqual(['GET /version', 'GET /v1.41/info']);
  });
});

describe('the version of the API', () => {
  test.each([
    { engine: ['1.12', '1.41'], used: '1.41' },
    { engine: ['1.24', '1.52'], used: '1.44' },
    { engine: ['1.44', '1.52'], used: '1.44' },
  ])('of an engine that speaks $engine is $used', async ({ engine: [oldest, newest], used }) => {
    const version = { ...VERSION, MinAPIVersion: oldest, ApiVersion: newest };
    const { socket, asked } = await engine({ '/version': json(version), '/info': json({}) });
    await new EngineApi(socket).info();
    expect(asked.at(-1)).toBe(`GET /v${used}/info`);
  });

  test.each([
    ['1.12', '1.40'],
    ['1.45', '1.60'],
  ])('of an engine that speaks %s to %s is refused in words', async (oldest, newest) => {
    const version = { ...VERSION, MinAPIVersion: oldest, ApiVersion: newest };
    const { socket } = await engine({ '/version': json(version) });
    await expect(new EngineApi(socket).info()).rejects.toMatchObject({
      outcome: 'refused',
      message: `version 20.10.24 speaks API ${oldest} to ${newest}, and ripcord 1.41 to 1.44`,
    });
  });
});

describe('a refusal', () => {
  test('is told in the engine’s own words', async () => {
    const { socket } = await engine({
      '/containers/create': json({ message: 'Conflict. The container name "/a1" is in use' }, 409),
    });
    await expect(new EngineApi(socket).createContainer('a1', NEW)).rejects.toMatchObject({
      outcome: 'refused',
      status: 409,
      message: 'Conflict. The container name "/a1" is in use',
    });
  });

  test('in the middle of what went well until then is one', async () => {
    const { socket } = await engine({
      '/images/create': lines(
        { status: 'Pulling' },
        { errorDetail: { message: 'unexpected EOF' }, error: 'unexpected EOF' },
      ),
    });
    const told: unknown[] = [];
    const pulled = new EngineApi(socket).pullImage('busybox', (line) => told.push(line));
    await expect(pulled).rejects.toMatchObject({ outcome: 'refused', message: 'unexpected EOF' });
    expect(told).toEqual([{ status: 'Pulling' }]);
  });

  test('of what is done already, or gone, is none', async () => {
    const { socket } = await engine({
      '/containers/c1/start': json({}, 304),
      '/containers/c1/stop': json({}, 304),
      '/containers/c1': json({ message: 'No such container: c1' }, 404),
    });
    const api = new EngineApi(socket);
    await api.startContainer('c1');
    await api.stopContainer('c1', 1_000);
    await api.removeContainer('c1');
    expect(await api.container('c1')).toBeNull();
  });
});

test.each([
  { reference: 'busybox', query: 'fromImage=busybox&tag=latest' },
  { reference: 'busybox:1.36', query: 'fromImage=busybox&tag=1.36' },
  { reference: 'host:5000/a/b', query: 'fromImage=host%3A5000%2Fa%2Fb&tag=latest' },
  { reference: 'a@sha256:00', query: 'fromImage=a&tag=sha256%3A00' },
])('$reference is pulled by name and tag', async ({ reference, query }) => {
  const { socket, asked } = await engine({ '/images/create': lines({ status: 'Done' }) });
  await new EngineApi(socket).pullImage(reference);
  expect(asked.at(-1)).toBe(`POST /v1.41/images/create?${query}`);
});

test('what a container printed comes in pieces, and a piece that was cut off is left out', async () => {
  const piece = (text: string): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const { socket, asked } = await engine({
    '/containers/c1/logs': (_request, response) => {
      response.write(piece('one\ntw'));
      response.write(piece('o\n'));
      response.end(piece('never seen').subarray(0, 12));
    },
  });
  expect(await new EngineApi(socket).logs('c1', 10)).toEqual(['one', 'two']);

  const followed: string[] = [];
  for await (const line of new EngineApi(socket).followLogs('c1')) followed.push(line);
  expect(followed).toEqual(['one', 'two']);
  expect(asked.at(-1)).toContain('follow=1&tail=0');
});
