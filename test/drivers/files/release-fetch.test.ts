import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { releaseDirectory } from '../../../src/core/layout.ts';
import type { ArgsOf, UndoOf } from '../../../src/core/step.ts';
import { commitDigest } from '../../../src/drivers/files/git.ts';
import { releaseFetch } from '../../../src/drivers/files/release-fetch.ts';
import { driverContract, type Prefix } from '../../../src/testing/driver-contract.ts';
import { writeTree } from '../world.ts';
import {
  fetching,
  fromArchive,
  fromDirectory,
  fromRepository,
  GOOD,
  sha256,
  UNPACKED,
} from './fetch-world.ts';
import { releasesOf, treeOf } from './file-world.ts';
import { archiveOf, gzipped } from './hostile-archive.ts';

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hello.tar.gz`;
}

async function fromServer(
  listener: RequestListener = (_request, response) => void response.end(gzipped(GOOD)),
) {
  return fetching({ type: 'http', url: await serving(listener) }, sha256(gzipped(GOOD)));
}

const cutOff: Prefix<ArgsOf<'release.fetch@1'>, UndoOf<'release.fetch@1'>> = {
  name: 'a fetch that was cut off',
  state: 'partial',
  reach: async ({ context, args }) => {
    const work = `chutes/hello/releases/.fetch-${args.digest.slice('sha256:'.length)}`;
    writeTree(context.root, { [`${work}/tree/half`]: 'ha', [`${work}/archive`]: 'half' });
  },
};

describe('from a directory', () => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'release.fetch@1',
      driver: releaseFetch,
      arrange: fromDirectory,
      prefixes: [cutOff],
      failing: [
        {
          name: 'the source changed since the plan',
          code: 'RIPCORD_DIGEST_MISMATCH',
          arrange: async () => {
            const arranged = await fromDirectory();
            writeTree(arranged.args.location.path, { 'app/server.js': 'crash()' });
            return arranged;
          },
        },
        {
          name: 'the source is gone',
          code: 'RIPCORD_SOURCE_UNREACHABLE',
          arrange: async () =>
            fetching({ type: 'local', path: '/nowhere' }, `sha256:${'a'.repeat(64)}`),
        },
        {
          name: 'it names another commit than its digest',
          code: 'RIPCORD_DIGEST_MISMATCH',
          arrange: async () =>
            fetching(
              { type: 'git', url: 'https://example.org/hello.git', commit: 'a'.repeat(40) },
              `sha256:${'a'.repeat(64)}`,
            ),
        },
        {
          name: 'its repository is gone',
          code: 'RIPCORD_SOURCE_UNREACHABLE',
          arrange: async () => {
            const commit = 'a'.repeat(40);
            const location = { type: 'git', url: '/nowhere', commit } as const;
            return fetching(location, commitDigest(commit));
          },
        },
      ],
    },
  );
});

test('a release that was there before stays when its step is undone', async () => {
  const { args, context, world } = await fromDirectory();
  await releaseFetch.run(context, args, { existed: false });
  const before = await world();
  const again = await releaseFetch.prepare?.(context, args);
  expect(again).toEqual({ existed: true });
  await releaseFetch.run(context, args, { existed: true });
  await releaseFetch.undo?.(context, args, { existed: true });
  expect(await world()).toEqual(before);
  await releaseFetch.undo?.(context, args, { existed: false });
  expect(await world()).toEqual({});
});

describe('from a git repository', () => {
  driverContract(
    { describe, test, expect },
    { kind: 'release.fetch@1', driver: releaseFetch, arrange: fromRepository, prefixes: [cutOff] },
  );

  test('brings the files of that commit, without the repository', async () => {
    const { context, args, world } = await fromRepository();
    await releaseFetch.run(context, args, { existed: false });
    expect(Object.values(await world())).toEqual(['directory', 'listen(1)']);
  });
});

describe('from an archive', () => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'release.fetch@1',
      driver: releaseFetch,
      arrange: () => fromArchive(),
      prefixes: [cutOff],
      failing: [
        {
          name: 'its bytes changed since the plan',
          code: 'RIPCORD_DIGEST_MISMATCH',
          arrange: async () => {
            const arranged = await fromArchive();
            writeFileSync(arranged.args.location.path, archiveOf(GOOD));
            return arranged;
          },
        },
        ...[
          { name: 'it is cut short', bytes: gzipped(GOOD).subarray(0, -40) },
          { name: 'it is no archive', bytes: Buffer.from('not an archive at all') },
          { name: 'it is empty', bytes: Buffer.alloc(0) },
        ].map(({ name, bytes }) => ({
          name,
          code: 'RIPCORD_SOURCE_INVALID',
          arrange: () => fromArchive(bytes),
        })),
      ],
    },
  );

  test('unpacks files, links and modes', async () => {
    const { root, args, context } = await fromArchive();
    const { result } = await releaseFetch.run(context, args, { existed: false });
    expect(treeOf(join(root, releaseDirectory('hello', args.digest)))).toEqual(UNPACKED);
    expect(result).toEqual({ files: 2, bytes: 16 });
  });
});

describe('from a server', () => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'release.fetch@1',
      driver: releaseFetch,
      arrange: () => fromServer(),
      failing: [
        {
          name: 'the server sends something else',
          code: 'RIPCORD_DIGEST_MISMATCH',
          arrange: () => fromServer((_request, response) => void response.end(archiveOf(GOOD))),
        },
        {
          name: 'nobody listens',
          code: 'RIPCORD_SOURCE_UNREACHABLE',
          arrange: async () =>
            fetching({ type: 'http', url: 'http://127.0.0.1:1/x.tar' }, sha256(gzipped(GOOD))),
        },
        {
          name: 'the connection breaks midway',
          code: 'RIPCORD_SOURCE_UNREACHABLE',
          arrange: () =>
            fromServer((_request, response) => {
              response.writeHead(200, { 'content-length': '100000' });
              response.write('half', () => response.destroy());
            }),
        },
      ],
    },
  );

  test.each([
    { status: 404, class: 'permanent' },
    { status: 503, class: 'transient' },
  ])('calls an answer $status $class', async ({ status, ...expected }) => {
    const { args, context } = await fromServer((_request, response) => {
      response.writeHead(status).end();
    });
    await expect(releaseFetch.run(context, args, { existed: false })).rejects.toMatchObject({
      code: 'RIPCORD_SOURCE_UNREACHABLE',
      ...expected,
    });
  });

  test('is not asked for what is there already', async () => {
    let requests = 0;
    const { args, context } = await fromServer((_request, response) => {
      requests += 1;
      response.end(gzipped(GOOD));
    });
    await releaseFetch.run(context, args, { existed: false });
    await releaseFetch.run(context, args, { existed: true });
    expect(requests).toBe(1);
  });

  test('stops at once when it is aborted', async () => {
    const abort = new AbortController();
    const { root, args, context } = await fromServer((_request, response) => {
      response.writeHead(200);
      response.write('half', () => abort.abort());
    });
    const running = releaseFetch.run({ ...context, signal: abort.signal }, args, {
      existed: false,
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(releasesOf(root)).toEqual({});
  });
});
