import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { c } from 'tar';
import { expect, onTestFinished, test } from 'vitest';

import { hashFile } from '../../src/drivers/files/tree.ts';
import { expectAtRest, outcomeOf, storyOf, V1, V2 } from './checks.ts';
import type { Begun, Device } from './device.ts';
import { device } from './shell.ts';

/** Kills a command as soon as something is there, and waits for its end. */
async function killWhen(begun: Begun, look: () => boolean): Promise<void> {
  let ended = false;
  void begun.ended.then(() => (ended = true));
  while (!look()) {
    if (ended) throw new Error(`it ended before it was killed: ${begun.told()}`);
    await setImmediate();
  }
  begun.child.kill('SIGKILL');
  expect((await begun.ended).signal).toBe('SIGKILL');
}

/** What is below a directory under a name with this beginning. */
function found(directory: string, beginning: string): boolean {
  if (!existsSync(directory)) return false;
  return readdirSync(directory).some((name) => name.startsWith(beginning));
}

/** A server whose answers stall before their last byte until `serve` is called. */
async function stalling(
  body: Buffer,
): Promise<{ readonly url: string; readonly serve: () => void }> {
  let stalls = true;
  const server: Server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': body.length });
    if (stalls) response.write(body.subarray(0, -1));
    else response.end(body);
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}/hello.tar.gz`;
  const serve = (): void => {
    stalls = false;
  };
  return { url, serve };
}

/** Version 2 of hello from an archive on a server that stalls until what is returned is called. */
async function fromServer(on: Device): Promise<() => void> {
  const archive = join(on.home, 'hello.tar.gz');
  const from = join(on.home, 'hello-v2');
  await c({ file: archive, cwd: from, gzip: true }, ['server.mjs']);
  const { url, serve } = await stalling(readFileSync(archive));
  const sha256 = await hashFile(archive);
  on.define(
    'hello-served',
    readFileSync(join(from, 'chute.yaml'), 'utf8').replace(
      'source: .',
      `source: { url: '${url}', sha256: ${sha256} }`,
    ),
  );
  return serve;
}

test('an update killed while it fetches is committed by the next command', async () => {
  const hello = await device();
  await hello.install('hello');
  const serve = await fromServer(hello);
  const releases = join(hello.root, 'chutes/hello/releases');
  await killWhen(hello.begin(['apply', 'hello-served', '-y']), () => found(releases, '.fetch-'));

  serve();
  await hello.json(['status']);
  await expectAtRest(hello, { answer: V2 });
  expect(await storyOf(hello, 'u2')).toMatchObject({ outcome: 'committed' });
  expect(found(releases, '.fetch-')).toBe(false);
});

test('an update killed while a service uses up its grace is committed by the next command', async () => {
  const hello = await device();
  hello.vary('hello-slow', (text) => text);
  const server = join(hello.home, 'hello-slow/server.mjs');
  const code = readFileSync(server, 'utf8').replace(
    "process.on('SIGTERM', () => {",
    "process.on('SIGTERM', async () => {\n  await new Promise((go) => setTimeout(go, 1_000));",
  );
  expect(code).toContain('1_000');
  rmSync(server);
  writeFileSync(server, code);
  await hello.install('hello-slow');
  const services = join(hello.root, 'chutes/hello/services/main');
  await killWhen(hello.begin(['apply', 'hello-v2', '-y']), () => found(services, 'stopping'));

  await hello.json(['status']);
  await expectAtRest(hello, { answer: V2 });
  expect(await storyOf(hello, 'u2')).toMatchObject({ outcome: 'committed' });
  expect(found(services, 'stopping')).toBe(false);
});

test('a chute killed while it is removed is removed by the next command', async () => {
  const hello = await device();
  const from = join(hello.home, 'hello/many');
  mkdirSync(from);
  for (let at = 0; at < 1_500; at += 1) writeFileSync(join(from, `${at}`), '');
  await hello.install('hello');
  const chute = join(hello.root, 'chutes/hello');
  // However busy the machine is: who looks comes before who removes.
  hello.launcher = ['nice', '-n', '19'];
  await killWhen(hello.begin(['rm', 'hello', '-y']), () => found(chute, '.gone-releases'));
  hello.launcher = [];

  await hello.json(['status']);
  expect(await outcomeOf(hello, 'apply hello -y', 0)).toMatchObject({ outcome: 'committed' });
  expect(await storyOf(hello, 'u2')).toMatchObject({ outcome: 'committed', warnings: [] });
  expect(found(chute, '.gone-')).toBe(false);
  await expectAtRest(hello, { answer: V1 });
});
