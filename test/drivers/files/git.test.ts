import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { commitDigest, resolveCommit } from '../../../src/drivers/files/git.ts';
import { observeSource } from '../../../src/drivers/files/observe-source.ts';
import { temporaryRoot } from '../world.ts';
import { repository } from './fetch-world.ts';

/** A repository with two commits, and names for them. */
function history() {
  const { path, git, commit, first } = repository();
  git('tag', 'plain');
  git('tag', '-a', '-m', 'with a message', 'v1.0');
  git('branch', 'old/stable');
  return { path, first, second: commit('listen(2)') };
}

test.each([
  ['HEAD, where nothing is said', () => null, 'second'],
  ['a branch', () => 'main', 'second'],
  ['a branch with a slash', () => 'old/stable', 'first'],
  ['a tag', () => 'plain', 'first'],
  ['a tag with a message', () => 'v1.0', 'first'],
  ['a commit', (first: string) => first, 'first'],
  ['a commit in capitals', (first: string) => first.toUpperCase(), 'first'],
] as const)('%s is a commit', async (_name, checkoutOf, wanted) => {
  const commits = history();
  const { path, first } = commits;
  const checkout = checkoutOf(first);
  expect(await resolveCommit({ url: path, checkout })).toBe(commits[wanted]);
  expect(await resolveCommit({ url: `file://${path}`, checkout })).toBe(commits[wanted]);
});

test.each(['nope', '--upload-pack=touch x', '-x', 'a b', 'HEAD^'])(
  'refuses %s',
  async (checkout) => {
    await expect(resolveCommit({ url: history().path, checkout })).rejects.toMatchObject({
      code: 'RIPCORD_SOURCE_INVALID',
    });
  },
);

test('runs no command that a url names', async () => {
  const mark = join(temporaryRoot(), 'ran');
  await expect(
    resolveCommit({ url: `ext::sh -c touch% ${mark}`, checkout: null }),
  ).rejects.toMatchObject({ code: 'RIPCORD_SOURCE_UNREACHABLE' });
  expect(existsSync(mark)).toBe(false);
});

test('a repository that is not there is told in the words of git, without its advice', async () => {
  const url = join(temporaryRoot(), 'gone');
  const { message } = await resolveCommit({ url, checkout: null }).then(
    () => ({ message: 'resolved' }),
    (error: Error) => error,
  );
  expect(message).toMatch(/^cannot read source '.*\/gone': git: '.*\/gone' does not appear/);
  expect(message).not.toContain('Please');
});

test('a repository is observed by its commit, relative to the definition', async () => {
  const { path, first } = history();
  const reference = { type: 'git', url: basename(path), checkout: 'plain' };
  expect(await observeSource(reference, dirname(path))).toEqual({
    source: { type: 'git', digest: commitDigest(first) },
    location: { type: 'git', url: path, commit: first },
  });
});

test('a host without git is told so', async () => {
  const before = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    await expect(resolveCommit({ url: '/srv/app.git', checkout: null })).rejects.toMatchObject({
      code: 'RIPCORD_SOURCE_UNREACHABLE',
      message: expect.stringContaining('this host has no git'),
    });
  } finally {
    process.env['PATH'] = before;
  }
});
