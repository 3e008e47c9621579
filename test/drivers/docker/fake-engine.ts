import { createServer } from 'node:http';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { temporaryRoot } from '../world.ts';

/** What an engine answers to a path without its version: JSON, or bytes as they are; a number: that status. */
export type Answers = Readonly<Record<string, unknown>>;

const VERSION = { Version: '20.10.24', ApiVersion: '1.41', MinAPIVersion: '1.12' };

/** An engine for one test, as `RIPCORD_DOCKER` names it, that answers the paths it is given. */
export async function fakeEngine(answers: Answers): Promise<string> {
  const socket = join(temporaryRoot(), 'engine.sock');
  const server = createServer((request, response) => {
    request.resume();
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
    const answer = answers[path] ?? (path === '/version' ? VERSION : 404);
    if (typeof answer === 'number') {
      response.writeHead(answer).end(JSON.stringify({ message: `status ${answer}` }));
    } else response.end(answer instanceof Buffer ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((done) => {
    server.listen(socket, done);
  });
  process.env['RIPCORD_DOCKER'] = socket;
  onTestFinished(() => {
    delete process.env['RIPCORD_DOCKER'];
    server.closeAllConnections();
    server.close();
  });
  return socket;
}

/** What a container printed, as the engine frames it. Pure. */
export function framed(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}
