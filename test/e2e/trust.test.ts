import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { archiveOf } from '../drivers/files/hostile-archive.ts';
import { device } from './shell.ts';

const SERVICE = `
    image: node
    command: node main.js
    health: { settleMs: 0, intervalMs: 50 }
`;

const RUNS = 'setInterval(() => undefined, 1000);\n';

test('a device with a trust list takes what is signed, and goes back to it without', async () => {
  const on = await device();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const host = join(on.home, 'host.yaml');
  writeFileSync(host, JSON.stringify({ kind: 'host', trust: [{ name: 'alice', publicKey: pem }] }));
  expect(await on.ripcord(['apply', host, '-y'])).toMatchObject({ code: 0 });

  const directory = join(on.home, 'hello-1');
  const file = join(directory, 'chute.yaml');
  mkdirSync(directory);
  writeFileSync(join(directory, 'main.js'), RUNS);
  const write = (version: number, source: string): void =>
    writeFileSync(
      file,
      `name: hello\nversion: ${version}\nservices:\n  main:${SERVICE}    source: ${source}\n`,
    );
  const signIt = (): void =>
    writeFileSync(`${file}.sig`, sign(null, readFileSync(file), privateKey));

  write(1, '.');
  const unsigned = await on.ripcord(['apply', directory, '-y']);
  expect(unsigned).toMatchObject({ code: 8, err: expect.stringContaining('alice signed') });
  expect(unsigned.err).toContain('RIPCORD_SIGNATURE_MISSING');

  signIt();
  const open = await on.ripcord(['plan', directory]);
  const [, hex = ''] = /add sha256: ([0-9a-f]{64}) to its source/.exec(open.out) ?? [];
  expect(open).toMatchObject({ code: 8, out: expect.stringContaining('files of service main') });

  write(1, `{ path: ., sha256: ${hex} }`);
  const other = await on.ripcord(['plan', directory]);
  expect(other).toMatchObject({ code: 8, out: expect.stringContaining('not one of alice') });

  signIt();
  expect(await on.ripcord(['apply', directory, '-y'])).toMatchObject({ code: 0 });
  expect((await on.ripcord(['show', 'u3'])).out).toContain('signed   hello by alice, sha256');

  write(2, `{ path: ., sha256: ${hex} }`);
  signIt();
  expect(await on.ripcord(['apply', directory, '-y'])).toMatchObject({ code: 0 });
  expect(await on.ripcord(['rollback', 'hello', '-y'])).toMatchObject({ code: 0 });
  expect(await on.ripcord(['stop', 'hello'])).toMatchObject({ code: 0 });
  expect(await on.json(['status'])).toMatchObject({
    chutes: { hello: { state: 'stopped', version: 1 } },
  });
});

test('what an archive was when it was first used is what it stays', async () => {
  const on = await device();
  const archiveWith = (content: string): Buffer => archiveOf([{ path: 'main.js', content }]);
  let served = archiveWith(RUNS);
  const hexOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
  const server = createServer((_request, response) => void response.end(served));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/app.tar`;
    const text = (version: number, more = ''): string =>
      `name: hello\nversion: ${version}\nservices:\n  main:${SERVICE}    source: { url: "${url}"${more} }\n`;
    on.define('found', text(1));
    expect(await on.ripcord(['apply', 'found', '-y'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('system.allowUnpinnedDownloads'),
    });
    const host = join(on.home, 'host.yaml');
    writeFileSync(host, 'kind: host\nsystem: { allowUnpinnedDownloads: true }\n');
    expect(await on.ripcord(['apply', host, 'found', '-y'])).toMatchObject({ code: 0 });

    const first = hexOf(served);
    served = archiveWith(`${RUNS}// changed\n`);
    on.define('again', text(2));
    const refused = await on.ripcord(['apply', 'again', '-y']);
    expect(refused).toMatchObject({ code: 8, err: expect.stringContaining(`sha256:${first}`) });
    expect(refused.err).toContain(`add sha256: ${hexOf(served)} to its source`);
    on.define('meant', text(2, `, sha256: ${hexOf(served)}`));
    expect(await on.ripcord(['apply', 'meant', '-y'])).toMatchObject({ code: 0 });
  } finally {
    server.close();
  }
});
