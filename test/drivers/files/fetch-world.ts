import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { SourceLocation } from '../../../src/core/chute.ts';
import { commitDigest } from '../../../src/drivers/files/git.ts';
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

const DATE = '2026-01-01T00:00:00Z';

/** A repository whose first commit has `server.js` as `listen(1)`; runs git in it. */
export function repository() {
  const path = temporaryRoot();
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=me', '-c', 'user.email=me@example.org', ...args], {
      cwd: path,
      encoding: 'utf8',
      // Of one time: equal commits have equal names.
      env: {
        PATH: process.env['PATH'],
        HOME: path,
        GIT_AUTHOR_DATE: DATE,
        GIT_COMMITTER_DATE: DATE,
      },
    }).trim();
  const commit = (text: string): string => {
    writeTree(path, { 'server.js': text });
    git('add', '.');
    git('commit', '-q', '-m', text);
    return git('rev-parse', 'HEAD');
  };
  git('init', '-q', '--initial-branch=main');
  return { path, git, commit, first: commit('listen(1)') };
}

export async function fromRepository() {
  const { path, commit, first } = repository();
  // What is fetched is the commit that was resolved, wherever its branch has moved since.
  commit('listen(2)');
  return fetching({ type: 'git', url: path, commit: first } as const, commitDigest(first));
}
