import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { afterEach, expect, onTestFinished, test } from 'vitest';

import { asking, engineOf } from '../../../src/drivers/docker/engine.ts';
import { temporaryRoot } from '../world.ts';

afterEach(() => delete process.env['RIPCORD_DOCKER']);

/** An engine that says this to whoever wants to start a container. */
async function saying(status: number, message: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/version') {
      response.end(JSON.stringify({ Version: '20.10', ApiVersion: '1.41', MinAPIVersion: '1.12' }));
    } else if (status === 0) request.socket.destroy();
    else {
      response.statusCode = status;
      response.end(JSON.stringify({ message }));
    }
  });
  const socket = join(temporaryRoot(), 'engine.sock');
  process.env['RIPCORD_DOCKER'] = socket;
  await new Promise<void>((done) => {
    server.listen(socket, done);
  });
  onTestFinished(() => void server.close());
  return server;
}

const start = (): Promise<void> => {
  const { signal } = new AbortController();
  return asking('start main', () => engineOf({ signal }).startContainer('c1'));
};

test.each([
  {
    status: 500,
    message: 'driver failed: Bind for 0.0.0.0:80 failed: port is already allocated',
    code: 'RIPCORD_PORT_TAKEN',
    kind: 'permanent',
  },
  {
    status: 404,
    message: 'network x not found',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'permanent',
  },
  {
    status: 500,
    message: 'dial tcp 127.0.0.1:9: connect: connection refused',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'transient',
  },
  {
    status: 409,
    message: 'removal of container c1 is already in progress',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'transient',
  },
  // One that was asked for late has the name, and is cleared away by the next attempt.
  {
    status: 409,
    message: 'Conflict. The container name "/hello-main" is already in use by container "c1"',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'transient',
  },
  {
    status: 500,
    message: 'Get "https://r.example/v2/": read tcp 10.0.0.2:1: read: connection reset by peer',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'transient',
  },
  {
    status: 500,
    message: 'received unexpected HTTP status: 503 Service Unavailable',
    code: 'RIPCORD_DOCKER_REFUSED',
    kind: 'transient',
  },
  // What is kept back for a rollback is given up for an undo that says this.
  {
    status: 500,
    message: 'mkdir /var/lib/docker/overlay2/1: no space left on device',
    code: 'RIPCORD_DISK_FULL',
    kind: 'permanent',
  },
])('a refusal says so: $message', async ({ status, message, code, kind }) => {
  await saying(status, message);
  await expect(start()).rejects.toMatchObject({
    code,
    class: kind,
    message: `cannot start main: ${message}`,
    details: { outcome: 'refused', status },
  });
});

test('an answer that is lost leaves it open what was done', async () => {
  await saying(0, '');
  await expect(start()).rejects.toMatchObject({
    code: 'RIPCORD_DOCKER_UNREACHABLE',
    class: 'unknown',
    details: { outcome: 'unknown' },
  });
});

test('a question that an engine took with it when it ended is asked again', async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url === '/version') {
      response.end(JSON.stringify({ Version: '20.10', ApiVersion: '1.41', MinAPIVersion: '1.12' }));
    } else if (++asked === 1) request.socket.destroy();
    else response.end(JSON.stringify({ Id: 'c1' }));
  });
  const socket = join(temporaryRoot(), 'engine.sock');
  process.env['RIPCORD_DOCKER'] = socket;
  await new Promise<void>((done) => {
    server.listen(socket, done);
  });
  onTestFinished(() => void server.close());
  const { signal } = new AbortController();
  expect(await engineOf({ signal }).container('c1')).toEqual({ Id: 'c1' });
});

test('an engine that is away for longer than anybody waits was never asked', async () => {
  process.env['RIPCORD_DOCKER'] = '/no/such/engine.sock';
  const signal = AbortSignal.timeout(50);
  const away = asking('start main', () => engineOf({ signal }).startContainer('c1'));
  await expect(away).rejects.toMatchObject({
    code: 'RIPCORD_DOCKER_UNREACHABLE',
    class: 'transient',
    message: 'cannot start main: Docker is not reached: its socket is not there',
  });
});
