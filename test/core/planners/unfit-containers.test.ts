import { describe, expect, test } from 'vitest';

import type { Definition } from '../../../src/core/chute.ts';
import { ask, definition, refusalsOf } from '../plan-model.ts';
import { after, chute, FACTS, node, one } from './container-model.ts';

describe('what no container can be made of', () => {
  const { image: _image, ...nameless } = node();
  const { command: _command, ...idle } = node();
  const { source: _source, ...empty } = node({ type: 'normal' });
  test.each<[story: string, given: Definition, path: string, words: string]>([
    [
      'a light service of no language',
      definition({ services: { main: nameless } }),
      '/services/main/image',
      'cannot make an image for service main of hello: it names no language',
    ],
    [
      'one without a command',
      definition({ services: { main: idle } }),
      '/services/main/command',
      'cannot make an image for service main of hello: it has no command',
    ],
    [
      'one to be built of no files',
      definition({ services: { main: empty } }),
      '/services/main/source',
      'it has no files to build it of',
    ],
    [
      'another port outside on the network of the host',
      chute({ requests: { networkMode: 'host' }, ports: { '80/tcp': { internal: 8080 } } }),
      '/services/main/ports/80~1tcp',
      'service main is on the network of the host, so its port 8080 cannot be 80 outside',
    ],
    [
      'a network that there is not',
      chute({ requests: { networkMode: 'none' } }),
      '/services/main/requests/networkMode',
      'service main asks for network mode none, which there is not',
    ],
    [
      'a volume where the system has its place',
      chute({ volumes: { '/paradrop': { name: 'mine' } } }),
      '/services/main/volumes/~1paradrop',
      'cannot mount volume mine of hello at /paradrop of service main',
    ],
    [
      'a service whose image cannot be called after it',
      definition({ services: { 'web-': node() } }),
      '/services/web-',
      'cannot name an image after service web- of hello',
    ],
    [
      'a chute that no image can be called after',
      definition({ name: 'hello-', services: { main: node({ type: 'image', image: 'redis:7' }) } }),
      '/services/main',
      'cannot name an image after service main of hello-',
    ],
  ])('%s is refused in words', (_story, given, path, words) => {
    const refusals = refusalsOf([ask('apply', given)], { facts: FACTS });
    expect(refusals).toMatchObject([{ module: 'runtime', path }]);
    expect(refusals[0]?.message).toContain(words);
    expect(refusals[0]?.hint).not.toBe('');
  });

  test('a host without an engine of containers is told so, and may stop and delete', () => {
    const facts = { runtime: 'docker' } as const;
    expect(refusalsOf([ask('apply', chute())], { facts })).toMatchObject([
      {
        code: 'RIPCORD_RUNTIME_UNSUPPORTED',
        message: expect.stringContaining('there is no Docker Engine here'),
        hint: expect.stringContaining('ripcord doctor'),
      },
    ]);
    expect(refusalsOf([ask('stop', 'hello')], { applied: one, facts })).toEqual([]);
    expect(refusalsOf([ask('delete', 'hello')], { applied: one, facts })).toEqual([]);
  });

  test('a name that another container has is refused, naming whose it is', () => {
    const first = definition({ name: 'hello-web', services: { main: node() } });
    const second = definition({ name: 'hello', services: { 'web-main': node() } });
    const applied = after([ask('apply', first)]);
    for (const asked of [
      refusalsOf([ask('apply', second)], { applied, facts: FACTS }),
      refusalsOf([ask('apply', second), ask('apply', first)], { facts: FACTS }),
    ])
      expect(asked.map(({ message }) => message)).toContain(
        'cannot call the container of service web-main of hello hello-web-main: one of chute hello-web is called that',
      );
  });
});
