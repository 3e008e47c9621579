import { describe, expect, test } from 'vitest';

import type { Service } from '../../../src/core/chute.ts';
import type { ContainerSpec } from '../../../src/core/container.ts';
import { webRedirect } from '../../../src/core/web-redirect.ts';
import { argsOf, ask, definition, planOf, service } from '../plan-model.ts';
import { after, chute, FACTS, node, specOf } from './container-model.ts';

describe('how a container is made', () => {
  test('its data may be written, what the system tells it may not', () => {
    const volumes = { '/uploads': { name: 'uploads' } };
    expect(specOf(chute({ volumes })).mounts).toEqual({
      '/data': { source: 'chutes/hello/data', readOnly: false },
      '/uploads': { source: 'chutes/hello/volumes/uploads', readOnly: false },
      '/paradrop': { source: 'chutes/hello/system', readOnly: true },
    });
  });

  test('a volume may be its data, and places may be other ones', () => {
    const given = chute(
      { volumes: { '/srv': { name: 'kept' } } },
      { dataDir: '/srv', systemDir: '/sys' },
    );
    const { mounts, environment } = specOf(given);
    expect(mounts).toEqual({
      '/srv': { source: 'chutes/hello/volumes/kept', readOnly: false },
      '/sys': { source: 'chutes/hello/system', readOnly: true },
    });
    expect(environment).toMatchObject({
      PARADROP_DATA_DIR: '/srv',
      RIPCORD_SYSTEM_DIR: '/sys',
      RIPCORD_VOLUME_KEPT: '/srv',
      PARADROP_API_TOKEN: { $token: 'hello' },
    });
  });

  test.each<[story: string, fields: Partial<Service>, made: Partial<ContainerSpec>]>([
    ['a text is for the shell', { command: 'a && b' }, { command: ['/bin/sh', '-c', 'a && b'] }],
    ['a list is what it is', { command: ['a', 'b c'] }, { command: ['a', 'b c'] }],
    ['nobody is root', {}, { uid: 999, privileged: false }],
    [
      'unless it asks',
      { requests: { asRoot: true, privileged: true } },
      { uid: 0, privileged: true },
    ],
    ['its own name servers', { dns: ['9.9.9.9'] }, { dns: ['9.9.9.9'] }],
    [
      'another port outside',
      { ports: { '8080/tcp': { internal: 80 } } },
      { ports: { '8080/tcp': 80 } },
    ],
    [
      'on the network of the host nothing is published',
      { requests: { networkMode: 'host' }, ports: { '80/tcp': { internal: 80 } } },
      { network: null, ports: {} },
    ],
  ])('%s', (_story, fields, made) => {
    expect(specOf(chute(fields))).toMatchObject(made);
  });

  test('an image that says itself what it runs is not told', () => {
    const { command: _command, ...bare } = service({ type: 'image', image: 'nginx:1' });
    expect(specOf(definition({ services: { main: bare } }))).not.toHaveProperty('command');
  });
});

describe('ports of containers', () => {
  const web = { service: 'main', port: 3000 };

  test('a web port that nobody bound is published as any free one, and found there', () => {
    const given = chute({}, { web });
    expect(specOf(given)).toMatchObject({
      ports: { '30000/tcp': 3000 },
      environment: { PORT: '3000' },
    });
    const applied = after([ask('apply', given)]);
    expect(applied.reservations.ports).toEqual({
      '30000/tcp': { chute: 'hello', service: 'main' },
    });
    const asked = { path: '/chutes/hello/x', host: 'gateway' };
    expect(webRedirect(asked, applied.chutes)).toBe('http://gateway:30000/x');
    const next = planOf([ask('apply', chute({}, { web, version: 2 }))], { applied, facts: FACTS });
    const start = argsOf(next, 'container.start@1', 'hello/main/container.start');
    expect(start.spec.ports).toEqual({ '30000/tcp': 3000 });
  });

  test('its health is asked for inside', () => {
    const plan = planOf([ask('apply', chute({}, { web }))], { facts: FACTS });
    expect(argsOf(plan, 'gate.check@1', 'hello/gate.check').checks).toMatchObject([
      { container: 'hello-main', health: { check: { type: 'tcp', port: 3000 } } },
    ]);
  });

  test('two services may listen on one port inside', () => {
    const given = definition({
      services: {
        main: node({ ports: { '8080/tcp': { internal: 80 } } }),
        other: node({ ports: { '8081/tcp': { internal: 80 } } }),
      },
    });
    expect(specOf(given).ports).toEqual({ '8080/tcp': 80 });
    expect(specOf(given, 'other').ports).toEqual({ '8081/tcp': 80 });
  });

  test('on the network of the host a web port is published as itself', () => {
    const applied = after([ask('apply', chute({ requests: { networkMode: 'host' } }, { web }))]);
    expect(Object.keys(applied.reservations.ports)).toEqual(['3000/tcp']);
    expect(applied.chutes['hello']?.dynamicPorts).toBeUndefined();
  });
});
