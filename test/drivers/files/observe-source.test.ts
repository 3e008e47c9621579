import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { releaseDirectory } from '../../../src/core/layout.ts';
import { observeSource } from '../../../src/drivers/files/observe-source.ts';
import { releaseFetch } from '../../../src/drivers/files/release-fetch.ts';
import { digestTree } from '../../../src/drivers/files/tree.ts';
import { temporaryRoot, writeTree } from '../world.ts';
import { fetching, GOOD, sha256 } from './fetch-world.ts';
import { treeOf } from './file-world.ts';
import { archiveOf } from './hostile-archive.ts';

describe('observing a source', () => {
  test('names a directory by what counts of it', async () => {
    const trees = await Promise.all(
      [
        { 'a.txt': 'same', '.git/HEAD': 'one' },
        { 'a.txt': 'same', '.git/HEAD': 'two' },
        { 'a.txt': 'other' },
        { 'b.txt': 'same' },
      ].map(async (files) => {
        const path = temporaryRoot();
        writeTree(path, files);
        return (await observeSource('.', path)).source.digest;
      }),
    );
    expect(trees[0]).toBe(trees[1]);
    expect(new Set(trees).size).toBe(3);
  });

  test('tells an executable file from another', async () => {
    const path = temporaryRoot();
    writeTree(path, { run: '#!/bin/sh\n' });
    const before = await digestTree(path);
    chmodSync(join(path, 'run'), 0o755);
    expect(await digestTree(path)).not.toBe(before);
  });

  test('leaves out a root that lies inside', async () => {
    const path = temporaryRoot();
    writeTree(path, { 'a.txt': 'same' });
    const before = await digestTree(path);
    writeTree(path, { 'state/log/1.ndjson': '\n' });
    expect(await digestTree(path, { except: [join(path, 'state')] })).toBe(before);
  });

  test('checks the sha256 of a directory, which its definition and the signature are no part of', async () => {
    const path = temporaryRoot();
    writeTree(path, { 'app/main.js': 'x' });
    const digest = await digestTree(path);
    writeTree(path, { 'chute.yaml': 'y', 'chute.yaml.sig': 'z' });
    const definitions = ['chute.yaml', 'chute.yaml.sig'].map((name) => join(path, name));
    const observe = async (hex: string) =>
      await observeSource({ type: 'local', path: '.', sha256: hex }, path, { definitions });
    expect((await observe(digest.slice(7))).source.digest).toBe(digest);
    await expect(observe('a'.repeat(64))).rejects.toMatchObject({
      code: 'RIPCORD_DIGEST_MISMATCH',
      message: `cannot use source '.': it is ${digest}, and its definition names sha256:${'a'.repeat(64)}`,
    });
  });

  test('names an archive from the network by what is there, only where that is allowed', async () => {
    const bytes = archiveOf(GOOD);
    const server = createServer((_request, response) => void response.end(bytes));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/app.tar`;
    try {
      const allowUnpinned = async (): Promise<boolean> => true;
      const found = await observeSource(url, '/', { allowUnpinned });
      expect(found).toEqual({
        source: { type: 'http', digest: sha256(bytes), url },
        location: { type: 'http', url },
      });
      const hex = sha256(bytes).slice(7);
      const given = await observeSource({ url, sha256: hex }, '/', { allowUnpinned });
      expect(given.source).toEqual({ type: 'http', digest: sha256(bytes) });
      await expect(observeSource(url, '/')).rejects.toMatchObject({
        code: 'RIPCORD_SOURCE_INVALID',
        hint: expect.stringContaining('system.allowUnpinnedDownloads'),
      });
    } finally {
      server.close();
    }
  });

  test('is what a fetch then finds', async () => {
    const path = temporaryRoot();
    writeTree(path, { 'hello/app.js': 'x' });
    const { source, location } = await observeSource({ url: 'hello' }, path);
    const { root, args, context } = fetching(location, source.digest);
    await releaseFetch.run(context, args, { existed: false });
    expect(treeOf(join(root, releaseDirectory('hello', source.digest)))).toEqual({ 'app.js': 'x' });
  });

  test('leaves out definitions, and a fetch leaves out the same', async () => {
    const path = temporaryRoot();
    writeTree(path, { 'app.js': 'x', 'deep/chute.yaml': 'kept' });
    const before = await observeSource('.', path);
    writeTree(path, { 'chute.yaml': 'hush', 'deep/mine.yaml': 'hush' });
    const definitions = [join(path, 'chute.yaml'), join(path, 'deep/mine.yaml'), '/etc/chute.yaml'];
    const { source, location } = await observeSource('.', path, { definitions });
    expect(source).toEqual(before.source);
    expect(location).toEqual({ type: 'local', path, except: ['chute.yaml', 'deep/mine.yaml'] });

    const { root, args, context } = fetching(location, source.digest);
    await releaseFetch.run(context, args, { existed: false });
    expect(treeOf(join(root, releaseDirectory('hello', source.digest)))).toEqual({
      'app.js': 'x',
      deep: 'directory',
      'deep/chute.yaml': 'kept',
    });
  });

  test('checks the sha256 of an archive', async () => {
    const base = temporaryRoot();
    writeFileSync(join(base, 'hello.tar'), archiveOf(GOOD));
    const url = `file://${join(base, 'hello.tar')}`;
    const digest = sha256(archiveOf(GOOD));
    expect(await observeSource({ url, sha256: digest.slice(7) }, base)).toEqual({
      source: { type: 'archive', digest },
      location: { type: 'archive', path: join(base, 'hello.tar') },
    });
    await expect(observeSource({ url, sha256: 'a'.repeat(64) }, base)).rejects.toMatchObject({
      code: 'RIPCORD_DIGEST_MISMATCH',
    });
  });

  test.each([
    { reference: 'https://example.org/a.tar', code: 'RIPCORD_SOURCE_INVALID' },
    {
      reference: { url: 'https://me:pw@example.org/a.tar', sha256: 'a'.repeat(64) },
      code: 'RIPCORD_SOURCE_INVALID',
    },
    { reference: { url: 'http://example.org/a', sha256: 'xyz' }, code: 'RIPCORD_SOURCE_INVALID' },
    {
      reference: { type: 'git', url: 'file:///nowhere/a' },
      code: 'RIPCORD_SOURCE_UNREACHABLE',
    },
    {
      reference: { type: 'git', url: 'file:///nowhere/a', checkout: '--upload-pack=x' },
      code: 'RIPCORD_SOURCE_INVALID',
    },
    { reference: './nowhere', code: 'RIPCORD_SOURCE_UNREACHABLE' },
    { reference: '/dev/null', code: 'RIPCORD_SOURCE_INVALID' },
  ])('refuses $reference', async ({ reference, code }) => {
    await expect(observeSource(reference, temporaryRoot())).rejects.toMatchObject({ code });
  });

  test.each([
    { name: 'a link out', make: (path: string) => symlinkSync('../..', path) },
    {
      name: 'a setuid file',
      make: (path: string) => {
        writeFileSync(path, 'x');
        chmodSync(path, 0o4755);
      },
    },
  ])('refuses a directory with $name, and names it', async ({ make }) => {
    const path = temporaryRoot();
    make(join(path, 'odd'));
    await expect(observeSource('.', path)).rejects.toMatchObject({
      code: 'RIPCORD_SOURCE_INVALID',
      message: expect.stringContaining("'odd'"),
    });
  });
});
