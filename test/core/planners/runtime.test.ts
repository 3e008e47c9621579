import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { Definition, Service } from '../../../src/core/chute.ts';
import type { ChuteRequest } from '../../../src/core/events.ts';
import {
  appliedAfter,
  ask,
  definition,
  planOf,
  refusalsOf,
  run,
  service,
  withDead,
} from '../plan-model.ts';

const chute = (fields: Partial<Service>, rest: Partial<Definition> = {}): Definition =>
  definition({ services: { main: service(fields) }, ...rest });

const on = (name: string, ...ports: readonly number[]): Definition =>
  chute(
    { ports: Object.fromEntries(ports.map((port) => [`${port}/tcp`, { internal: port }])) },
    { name },
  );

const mounts = (...names: readonly string[]): Definition =>
  chute({ volumes: Object.fromEntries(names.map((name) => [`/${name}`, { name }])) });

describe('what the process runtime cannot give', () => {
  test.each<[field: string, given: Definition, path: string]>([
    ['type: normal of service main', chute({ type: 'normal' }), '/services/main/type'],
    [
      'type: image of service main',
      chute({ type: 'image', image: 'web:1' }),
      '/services/main/type',
    ],
    [
      'type: inline of service main',
      chute({ type: 'inline', dockerfile: 'FROM a' }),
      '/services/main/type',
    ],
    ['image: go of service main', chute({ image: 'go' }), '/services/main/image'],
    ['dockerfile of service main', chute({ dockerfile: 'FROM a' }), '/services/main/dockerfile'],
    ['build of service main', chute({ build: { packages: ['curl'] } }), '/services/main/build'],
    ['dns of service main', chute({ dns: ['1.1.1.1'] }), '/services/main/dns'],
    [
      'requests.privileged',
      chute({ requests: { privileged: true } }),
      '/services/main/requests/privileged',
    ],
    ['requests.as-root', chute({ requests: { asRoot: true } }), '/services/main/requests/asRoot'],
    [
      'requests.network-mode: none',
      chute({ requests: { networkMode: 'none' } }),
      '/services/main/requests/networkMode',
    ],
    [
      'port 80/tcp of service main, which is 8080 inside',
      chute({ ports: { '80/tcp': { internal: 8080 } } }),
      '/services/main/ports/80~1tcp',
    ],
  ])('%s is refused in words', (field, given, path) => {
    const refusals = refusalsOf([ask('apply', given)]);
    expect(refusals).toMatchObject([
      { module: 'runtime', code: 'RIPCORD_RUNTIME_UNSUPPORTED', path },
    ]);
    expect(refusals[0]?.message).toContain(`cannot plan hello: it asks for ${field}`);
    expect(refusals[0]?.message).toContain('the docker runtime can');
    expect(refusals[0]?.hint).toContain('--runtime docker');
  });

  test.each<[story: string, given: Definition]>([
    ['the network of the host', chute({ requests: { networkMode: 'host' } })],
    ['rights it has anyway', chute({ requests: { asRoot: false, privileged: false } })],
    ['ordinary priority', chute({ requests: { priority: 'normal' } })],
    ['a language that runs as it is', chute({ image: 'python3' })],
    ['any free port', chute({ ports: { 'auto:5000/tcp': { internal: 5000 } } })],
  ])('%s is planned', (_story, given) => {
    expect(refusalsOf([ask('apply', given)])).toEqual([]);
  });

  test('all of it is told at once', () => {
    const given = chute({ type: 'normal', requests: { privileged: true, asRoot: true } });
    expect(refusalsOf([ask('apply', given)]).map(({ path }) => path)).toEqual([
      '/services/main/type',
      '/services/main/requests/privileged',
      '/services/main/requests/asRoot',
    ]);
  });

  test.each<[story: string, command: string | undefined, reason: string]>([
    ['no command', undefined, 'it has no command'],
    ['an empty command', '  ', 'it has no command'],
    ['an open quote', 'node "main.js', 'a quote in its command is never closed: node "main.js'],
  ])('%s is refused', (_story, command, reason) => {
    const { command: _command, ...bare } = service();
    const main = command === undefined ? bare : { ...bare, command };
    expect(refusalsOf([ask('apply', definition({ services: { main } }))])).toMatchObject([
      {
        code: 'RIPCORD_DEFINITION_INVALID',
        message: `cannot run service main of hello: ${reason}`,
        path: '/services/main/command',
      },
    ]);
  });

  test('what runs can always be stopped and deleted', () => {
    const applied = appliedAfter([ask('apply', chute({}))]);
    const ambient = { applied, facts: { runtime: 'docker' } } as const;
    expect(refusalsOf([ask('stop', 'hello')], ambient)).toEqual([]);
    expect(refusalsOf([ask('delete', 'hello')], ambient)).toEqual([]);
  });
});

describe('ports', () => {
  const web = { service: 'main', port: 80 };
  const both = { '8080/tcp': { internal: 8080 } };
  test.each<[story: string, given: Definition, ports: readonly string[]]>([
    ['a binding is published', chute({ ports: both }), ['8080/tcp']],
    [
      'a web port that is not bound is published as itself',
      chute({ ports: both }, { web }),
      ['80/tcp', '8080/tcp'],
    ],
    [
      'a web port that is bound is published once',
      chute({ ports: { '80/tcp': { internal: 80 } } }, { web }),
      ['80/tcp'],
    ],
    [
      'a bound udp port is not the web port',
      chute({ ports: { '80/udp': { internal: 80 } } }, { web }),
      ['80/tcp', '80/udp'],
    ],
    [
      'ParaDrop: the web port of another service is not bound to this one',
      chute(
        {},
        { services: { main: service(), other: service() }, web: { service: 'other', port: 80 } },
      ),
      ['80/tcp'],
    ],
  ])('%s', (_story, given, ports) => {
    const { steps } = planOf([ask('apply', given)]);
    expect(steps.find(({ kind }) => kind === 'port.check@1')?.args).toEqual({
      chute: 'hello',
      ports,
    });
    const { reservations } = run(NOTHING_APPLIED, { steps }).applied;
    expect(Object.keys(reservations.ports).toSorted()).toEqual(ports);
  });

  const x80 = appliedAfter([ask('apply', on('x', 80))]);
  test.each<
    [story: string, requests: readonly ChuteRequest[], applied: Applied, message: string | null]
  >([
    ['a free port is taken', [ask('apply', on('y', 81))], x80, null],
    [
      'one of another chute is refused',
      [ask('apply', on('y', 80))],
      x80,
      'cannot publish port 80/tcp of service main of y: chute x has it',
    ],
    [
      'one of a dead chute too: it is to run',
      [ask('apply', on('y', 80))],
      withDead(x80, 'x', 'main'),
      'cannot publish port 80/tcp of service main of y: chute x has it',
    ],
    [
      'one of a stopped chute is free',
      [ask('apply', on('y', 80))],
      appliedAfter([ask('apply', on('x', 80))], [ask('stop', 'x')]),
      null,
    ],
    [
      'a stopped chute whose port is gone is not started',
      [ask('start', 'x')],
      appliedAfter([ask('apply', on('x', 80))], [ask('stop', 'x')], [ask('apply', on('y', 80))]),
      'cannot publish port 80/tcp of service main of x: chute y has it',
    ],
    [
      'one that its chute gives up in the same update is handed over',
      [ask('apply', on('a', 80)), ask('apply', on('x', 81))],
      x80,
      null,
    ],
    [
      'one of a chute that goes in the same update too',
      [ask('apply', on('y', 80)), ask('delete', 'x')],
      x80,
      null,
    ],
    [
      'two chutes swap',
      [ask('apply', on('x', 81)), ask('apply', on('y', 80))],
      appliedAfter([ask('apply', on('x', 80)), ask('apply', on('y', 81))]),
      null,
    ],
    [
      'one for two new chutes goes to the first by name',
      [ask('apply', on('y', 80)), ask('apply', on('z', 80))],
      NOTHING_APPLIED,
      'cannot publish port 80/tcp of service main of z: chute y has it',
    ],
  ])('%s', (_story, requests, applied, message) => {
    const refusals = refusalsOf(requests, { applied });
    expect(refusals.map((refusal) => refusal.message)).toEqual(message === null ? [] : [message]);
    if (message !== null) return;
    const after = run(applied, planOf(requests, { applied })).applied;
    for (const { chute: name, definition: given } of requests)
      for (const port of Object.keys(given?.services['main']?.ports ?? {}))
        expect(after.reservations.ports[port]).toEqual({ chute: name, service: 'main' });
  });

  test('one that a foreign process has is refused, saying who', () => {
    const facts = { portsTaken: { '80/tcp': 'nginx (pid 12)' } };
    expect(refusalsOf([ask('apply', on('x', 80))], { facts })).toMatchObject([
      {
        code: 'RIPCORD_PORT_TAKEN',
        message: 'cannot publish port 80/tcp of service main of x: nginx (pid 12) has it',
        path: '/services/main/ports/80~1tcp',
      },
    ]);
  });

  test('two services of a chute cannot share one', () => {
    const ports = { '80/tcp': { internal: 80 } };
    const given = definition({ services: { a: service({ ports }), b: service({ ports }) } });
    expect(refusalsOf([ask('apply', given)]).map(({ message }) => message)).toEqual([
      'cannot publish port 80/tcp of service b of hello: service a has it',
    ]);
  });

  test('one that the chute holds itself is not looked at', () => {
    const { steps } = planOf([ask('apply', { ...on('x', 80, 81), version: 2 })], { applied: x80 });
    expect(steps.filter(({ kind }) => kind === 'port.check@1').map(({ args }) => args)).toEqual([
      { chute: 'x', ports: ['81/tcp'] },
    ]);
  });
});

describe('volumes', () => {
  test.each<[story: string, before: Definition | null, after: Definition, made: readonly string[]]>(
    [
      [
        'each is made once',
        null,
        mounts('b', 'a'),
        ['hello/volume.create:a', 'hello/volume.create:b'],
      ],
      ['what is there is kept', mounts('a'), mounts('a', 'b'), ['hello/volume.create:b']],
      ['what is not mounted any more is kept too', mounts('a', 'b'), mounts('a'), []],
    ],
  )('%s', (_story, before, after, made) => {
    const applied = appliedAfter(...(before ? [[ask('apply', before)]] : []));
    const { steps } = planOf([ask('apply', after)], { applied });
    expect(steps.filter(({ kind }) => kind.startsWith('volume.')).map(({ id }) => id)).toEqual(
      made,
    );
  });
});
