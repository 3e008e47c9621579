import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SourceLocation } from '../../../src/core/chute.ts';
import { digestTree } from '../../../src/drivers/files/tree.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot, writeTree } from '../world.ts';
import { releasesOf } from './file-world.ts';
import { gzipped, type Entry } from './hostile-archive.ts';

export const GOOD: readonly Entry[] = [
  { path: './', type: 'Directory', mode: 0o755 },
  { path: './app/', type: 'Directory', mode: 0o755 },
  { path: './app/server.js', content: 'listen()', mode: 0o755 },
  { path: './app/main.js', type: 'SymbolicLink', linkpath: 'server.js' },
  { path: './app/copy.js', type: 'Link', linkpath: './app/server.js' },
];
export const UNPACKED = {
  app: 'directory',
  'app/copy.js': 'listen() (executable)',
  'app/main.js': '-> server.js',
  'app/server.js': 'listen() (executable)',
};

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function fetching<L extends SourceLocation>(location: L, digest: string) {
  const root = temporaryRoot();
  mkdirSync(join(root, 'chutes/hello/releases'), { recursive: true });
  const args = { chute: 'hello', digest, location };
  const context = testContext({ root, kind: 'release.fetch@1', args });
  return { root, args, context, world: async () => releasesOf(root) };
}

export async function fromDirectory() {
  const path = temporaryRoot();
  writeTree(path, { 'app/server.js': 'listen()', 'read.me': 'hello', '.git/HEAD': 'main' });
  chmodSync(join(path, 'app/server.js'), 0o775);
  symlinkSync('app/server.js', join(path, 'start'));
  mkdirSync(join(path, 'empty'));
  return fetching({ type: 'local', path } as const, await digestTree(path));
}

export async function fromArchive(bytes = gzipped(GOOD)) {
  const path = join(temporaryRoot(), 'hello.tar.gz');
  writeFileSync(path, bytes);
  return fetching({ type: 'archive', path } as const, sha256(bytes));
}
