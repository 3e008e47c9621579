import { describe, expect, test } from 'vitest';

import { isElsewhere } from '../../../src/core/definition/elsewhere.ts';
import { parseRequest } from '../../../src/core/definition/parse.ts';
import { OPTIONS, accepted, parse, words } from './parse.ts';

/** ParaDrop's own cases for where a URL leads: a tarball of GitHub, a clone, an archive. */
const URLS = [
  ['https://github.com/user/pro.jec-t', { type: 'git', url: 'https://github.com/user/pro.jec-t' }],
  ['ssh://git@host/x.git', { type: 'git', url: 'ssh://git@host/x.git' }],
  [
    'https://github.com/user/repo/archive/master.tar.gz',
    { type: 'http', url: 'https://github.com/user/repo/archive/master.tar.gz' },
  ],
  ['git@github.com:user/repo.git', { type: 'git', url: 'git@github.com:user/repo.git' }],
  ['git+https://host.example/a', { type: 'git', url: 'https://host.example/a' }],
  ['file:///srv/app', { type: 'local', path: '/srv/app' }],
  ['file:///srv/app.tar.gz', { type: 'archive', path: '/srv/app.tar.gz' }],
  ['app', { type: 'local', path: 'app' }],
] as const;

test.each(URLS)('%s', (url, reference) => {
  const parsed = parseRequest(`name: hello\ndownload: {url: "${url}"}\n`, OPTIONS);
  expect(parsed).toMatchObject({ ok: true, elsewhere: { source: reference } });
  const single = accepted(`name: hello\nuse: node\ncommand: x\nsource: {url: "${url}"}\n`);
  expect(single.sources['main']).toEqual(reference);
});

test.each([
  [{ source: 'a' }, true],
  [{ download: { url: 'a' }, name: 'x', config: { web: { port: 80 } } }, true],
  [{ source: 'a', services: {} }, false],
  [{ source: 'a', use: 'go' }, false],
  [{ source: 'a', config: { external_image: 'x' } }, false],
  [{ name: 'x' }, false],
])('%j is elsewhere: %s', (document, wanted) => {
  expect(isElsewhere(document)).toBe(wanted);
});

test.each([
  ['source: 5', 'source: must be a text or a map'],
  ['source: {url: 5}', 'source.url: must be a text'],
  ['source: {type: svn, url: x}', 'source.type: must be one of local, archive, http, git'],
  ['source: {url: a, path: b}', 'source: names a path and a url'],
  ['source: ../x', 'source: leads outside: ../x'],
  ['name: 5, source: a', 'name: must be a text'],
  ['source: "https://me:pw@host/a.git"', 'source: holds a password'],
])('refuses {%s}', (text, message) => {
  const parsed = parseRequest(`{${text}}`, OPTIONS);
  expect(parsed.ok ? '' : parsed.complaints.map(words).join()).toContain(message);
});

describe('one source for several services', () => {
  test('is that of those who build or run files and name no others', () => {
    const text = `
name: hello
download: {type: file, url: app}
services:
  a: {image: node, command: x}
  b: {type: normal, source: .}
  c: {image: "redis:6"}
  d: {type: light, image: node, command: x, source: own}
`;
    const parsed = parse(text);
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
    expect(parsed.ok && parsed.sources).toEqual({
      a: { type: 'local', path: 'app' },
      b: { type: 'local', path: 'app' },
      d: { type: 'local', path: 'own' },
    });
  });

  test('credentials are warned of', () => {
    const text =
      'name: old\nuse: node\nsource: {type: git, url: "https://h.example/a", user: me}\n';
    expect(accepted(text)).toMatchObject({
      warnings: [{ line: 3, path: '/source/user', message: 'has no effect' }],
    });
  });
});
