import { truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import type { SourceLocation } from '../../../src/core/chute.ts';
import type { Step } from '../../../src/core/step.ts';
import { download } from '../../../src/drivers/files/download.ts';
import { checkRoom } from '../../../src/drivers/files/room.ts';
import { temporaryRoot, writeTree } from '../world.ts';

const TEBIBYTE = 2 ** 40;

const fetchOf = (location: SourceLocation): Step =>
  ({
    id: 'hello/release.fetch:0',
    kind: 'release.fetch@1',
    args: { chute: 'hello', digest: `sha256:${'0'.repeat(64)}`, location },
  }) as unknown as Step;

/** A file that says it is larger than any disk; it takes no room itself. */
function vast(): string {
  const path = join(temporaryRoot(), 'vast.tar');
  writeFileSync(path, '');
  truncateSync(path, 8 * TEBIBYTE);
  return path;
}

test('what has room is let through, and so is what is there already', async () => {
  const root = temporaryRoot();
  const path = temporaryRoot();
  writeTree(path, { 'app/server.js': 'listen()' });
  await checkRoom(root, [fetchOf({ type: 'local', path })]);
  writeTree(root, { [`chutes/hello/releases/${'0'.repeat(64)}/app`]: '' });
  await checkRoom(root, [fetchOf({ type: 'archive', path: vast() })]);
});

test('an archive that has none is refused with what it needs and what there is', async () => {
  const root = temporaryRoot();
  const path = temporaryRoot();
  writeTree(path, { 'server.js': 'listen()' });
  const steps = [fetchOf({ type: 'local', path }), fetchOf({ type: 'archive', path: vast() })];
  await expect(checkRoom(root, steps)).rejects.toMatchObject({
    code: 'RIPCORD_DISK_FULL',
    message: expect.stringMatching(
      /^cannot fetch the files of hello: needs 16777216\.0 MiB, has \d+(\.\d)? [KM]iB$/,
    ) as string,
    details: { needs: 16 * TEBIBYTE + 4096, has: expect.any(Number) as number },
  });
});

test('a source that is gone is the fetch’s to tell of', async () => {
  const path = join(temporaryRoot(), 'gone');
  await checkRoom(temporaryRoot(), [
    fetchOf({ type: 'local', path }),
    fetchOf({ type: 'archive', path }),
    fetchOf({ type: 'http', url: 'https://example.org/gone.tar' }),
  ]);
});

test('a download that has none is refused before a byte of it is written', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': 8 * TEBIBYTE });
    response.write('a first byte');
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { readonly port: number };
  const file = join(temporaryRoot(), 'archive');
  const url = `http://127.0.0.1:${port}/vast.tar`;
  await expect(download(url, file, new AbortController().signal)).rejects.toMatchObject({
    code: 'RIPCORD_DISK_FULL',
    message: expect.stringContaining('needs 16777216.0 MiB, has ') as string,
  });
});
