import { describe, expect, test } from 'vitest';

import type { Applied } from '../../src/core/applied.ts';
import { webRedirect } from '../../src/core/web-redirect.ts';
import { appliedAfter, ask, definition, service, withDead } from './plan-model.ts';

const web = { service: 'main', port: 18_080 };
const board = definition({ name: 'sticky-board', web });
const auto = definition({
  name: 'auto',
  web: { service: 'main', port: 5000 },
  services: { main: service({ ports: { 'auto:5000/tcp': { internal: 5000 } } }) },
});
const silent = definition({ name: 'silent' });
const stopped = definition({ name: 'stopped', web: { ...web, port: 18_081 } });

const APPLIED: Applied = appliedAfter(
  [ask('apply', board), ask('apply', auto), ask('apply', silent), ask('apply', stopped)],
  [ask('stop', 'stopped')],
);

const to = (path: string, host: string | undefined = 'gateway', applied = APPLIED) =>
  webRedirect({ path, host }, applied.chutes);

describe('a path of the gateway', () => {
  test.each<[path: string, location: string | null]>([
    ['/chutes/sticky-board', 'http://gateway:18080/'],
    ['/chutes/sticky-board/', 'http://gateway:18080/'],
    ['/chutes/sticky-board?x=1', 'http://gateway:18080/?x=1'],
    ['/chutes/sticky-board/a/b%20c?x=1&y=/', 'http://gateway:18080/a/b%20c?x=1&y=/'],
    ['/chutes/auto/', 'http://gateway:30000/'],
    ['/chutes/sticky-board-new', null],
    ['/chutes/sticky', null],
    ['/chutes/silent', null],
    ['/chutes/stopped', null],
    ['/chutes/constructor', null],
    ['/chutes/', null],
    ['/', null],
    ['/v1/chutes/sticky-board', null],
  ])('%s leads to %s', (path, location) => {
    expect(to(path)).toBe(location);
  });

  test('leads nowhere while the service is dead', () => {
    expect(to('/chutes/sticky-board', 'gateway', withDead(APPLIED, 'sticky-board', 'main'))).toBe(
      null,
    );
  });
});

test.each<[host: string | undefined, path: string, location: string | null]>([
  ['sticky-board.chute.paradrop.org', '/a?b', 'http://sticky-board.chute.paradrop.org:18080/a?b'],
  ['Sticky-Board.Chute.example:80', '/', 'http://Sticky-Board.Chute.example:18080/'],
  ['sticky-board-new.chute.paradrop.org', '/', null],
  ['a.sticky-board.chute.paradrop.org', '/', null],
  ['192.168.1.1:80', '/chutes/auto', 'http://192.168.1.1:30000/'],
  ['[fe80::1]:80', '/chutes/auto', 'http://[fe80::1]:30000/'],
  [undefined, '/chutes/auto', 'http://localhost:30000/'],
  ['evil.example/@', '/chutes/auto', 'http://localhost:30000/'],
])('host %s with %s leads to %s', (host, path, location) => {
  expect(webRedirect({ path, host }, APPLIED.chutes)).toBe(location);
});
