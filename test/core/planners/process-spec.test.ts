import { describe, expect, test } from 'vitest';

import type { Definition, Service } from '../../../src/core/chute.ts';
import type { ProcessSpec } from '../../../src/core/step.ts';
import { appliedAfter, argsOf, ask, definition, planOf, service } from '../plan-model.ts';

const specOf = (given: Definition): ProcessSpec =>
  argsOf(planOf([ask('apply', given)]), 'process.start@1', 'hello/main/process.start').spec;

describe('how a service is started', () => {
  test('ParaDrop: service over chute, system over both', () => {
    const given = definition({
      version: 5,
      environment: {
        A: 'chute',
        B: 'chute',
        PARADROP_CHUTE_NAME: 'x',
        RIPCORD_CHUTE_VERSION: 'x',
        PORT: 'x',
      },
      services: { main: service({ environment: { B: 'service', PARADROP_DATA_DIR: 'x' } }) },
      web: { service: 'main', port: 8080 },
    });
    const data = { $path: 'chutes/hello/data' };
    const told = {
      CHUTE_NAME: 'hello',
      CHUTE_VERSION: '5',
      ROUTER_ID: { $host: 'name' },
      FEATURES: '',
      DATA_DIR: data,
      SYSTEM_DIR: { $path: 'chutes/hello/system' },
      API_URL: { $api: '/v1' },
      BASE_URL: { $api: '/v1/chutes/hello' },
      WS_API_URL: '',
      API_TOKEN: { $token: 'hello' },
    };
    const twins = Object.entries(told).flatMap(([name, value]) => [
      [`PARADROP_${name}`, value],
      [`RIPCORD_${name}`, value],
    ]);
    expect(specOf(given).environment).toEqual({
      A: 'chute',
      B: 'service',
      ...(Object.fromEntries(twins) as object),
      PORT: '8080',
    });
  });

  test('a volume at /data is its data directory, and every volume is told', () => {
    const volumes = { '/data': { name: 'store' }, '/var/up': { name: 'up-loads' } };
    expect(
      specOf(definition({ services: { main: service({ volumes }) } })).environment,
    ).toMatchObject({
      PARADROP_DATA_DIR: { $path: 'chutes/hello/volumes/store' },
      RIPCORD_VOLUME_STORE: { $path: 'chutes/hello/volumes/store' },
      RIPCORD_VOLUME_UP_LOADS: { $path: 'chutes/hello/volumes/up-loads' },
    });
  });

  test.each<[story: string, service: Partial<Service>, port: string | undefined]>([
    [
      'its lowest binding',
      { ports: { '9000/tcp': { internal: 9000 }, '53/udp': { internal: 53 } } },
      '53',
    ],
    ['what it says itself without one', { environment: { PORT: '1234' } }, '1234'],
    ['nothing without one', {}, undefined],
  ])('PORT is %s for a service that is not the web service', (_story, fields, port) => {
    expect(specOf(definition({ services: { main: service(fields) } })).environment['PORT']).toBe(
      port,
    );
  });

  test.each<[command: string | readonly string[], words: readonly string[]]>([
    ['node main.js', ['node', 'main.js']],
    ['  node   "my app.js" --name=\'a b\'  ', ['node', 'my app.js', '--name=a b']],
    ['echo a\\ b "c\\"d" \'e\\f\' "g\\h" ""', ['echo', 'a b', 'c"d', 'e\\f', 'g\\h', '']],
    ['echo $HOME | cat', ['echo', '$HOME', '|', 'cat']],
    [
      ['node', 'my app.js'],
      ['node', 'my app.js'],
    ],
  ])('the command %j is run as %j', (command, words) => {
    expect(specOf(definition({ services: { main: service({ command }) } })).command).toEqual(words);
  });

  test('it runs in its release, and in the data directory without one', () => {
    expect(specOf(definition()).directory).toBe(`chutes/hello/releases/${'a'.repeat(64)}`);
    expect(specOf(definition({ services: { main: service() } })).directory).toBe(
      'chutes/hello/data',
    );
  });

  test('a stop has the old way to start, and time for its grace', () => {
    const stop = { signal: 'SIGINT', graceMs: 90_000 };
    const before = definition({ services: { main: service({ stop, environment: { V: 'old' } }) } });
    const after = definition({ services: { main: service({ environment: { V: 'new' } }) } });
    const { steps } = planOf([ask('apply', after)], {
      applied: appliedAfter([ask('apply', before)]),
    });
    const step = steps.find(({ kind }) => kind === 'process.stop@1');
    expect(step).toMatchObject({
      timeoutMs: 150_000,
      args: { spec: { stop, environment: { V: 'old' } } },
    });
  });
});
