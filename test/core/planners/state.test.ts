import { describe, expect, test } from 'vitest';

import type { Definition, Service } from '../../../src/core/chute.ts';
import type { ArgsOf } from '../../../src/core/step.ts';
import {
  appliedAfter,
  argsOf,
  ask,
  definition,
  digest,
  planOf,
  refusalsOf,
  service,
} from '../plan-model.ts';

const chain = (fields: Partial<Definition> = {}): Definition =>
  definition({
    services: {
      app: service({ needs: ['db'] }),
      db: service(),
      log: service(),
      web: service({ needs: ['app'] }),
    },
    ...fields,
  });

const levels = (steps: ReturnType<typeof planOf>['steps'], kind: string): readonly string[] => {
  const of = steps.filter((step) => step.kind === kind);
  const first = Math.min(...of.map(({ level }) => level));
  return of.map(({ level, id }) => `${level - first} ${id.split('/')[1]}`);
};

const gateOf = (given: Definition): ArgsOf<'gate.check@1'> =>
  argsOf(planOf([ask('apply', given)]), 'gate.check@1', 'hello/gate.check');

const needsOf = (steps: ReturnType<typeof planOf>['steps'], id: string): readonly string[] =>
  steps.find((step) => step.id === id)?.needs ?? [];

describe('what a step stands on', () => {
  const kept = service({
    source: { type: 'local', digest: digest('a') },
    volumes: { '/data': { name: 'kept' } },
  });
  test('in a new chute everything stands on its directories, and a start on all it runs with', () => {
    const { steps } = planOf([ask('apply', definition({ services: { main: kept } }))]);
    const own = ['directory.create', 'directory.create:data', 'directory.create:system'];
    const directories = own.map((each) => `hello/${each}`);
    const fetch = `hello/release.fetch:${'a'.repeat(12)}`;
    expect(needsOf(steps, fetch)).toEqual(directories);
    expect(needsOf(steps, 'hello/volume.create:kept')).toEqual(directories);
    expect(needsOf(steps, 'hello/main/release.switch')).toEqual([...directories, fetch]);
    const volume = 'hello/volume.create:kept';
    expect(needsOf(steps, 'hello/main/process.start')).toEqual([...directories, fetch, volume]);
  });

  test('in an update a start stands on the stop and on what is fetched, and so does the switch', () => {
    const before = definition({ services: { main: kept } });
    const after = service({ ...kept, source: { type: 'local', digest: digest('b') } });
    const { steps } = planOf(
      [ask('apply', definition({ version: 2, services: { main: after } }))],
      {
        applied: appliedAfter([ask('apply', before)]),
      },
    );
    const fetch = `hello/release.fetch:${'b'.repeat(12)}`;
    expect(needsOf(steps, fetch)).toEqual([]);
    expect(needsOf(steps, 'hello/main/release.switch')).toEqual([fetch]);
    expect(needsOf(steps, 'hello/main/process.start')).toEqual(['hello/main/process.stop', fetch]);
  });
});

describe('a port that goes from one chute to another', () => {
  const listens = (name: string, ...ports: readonly string[]): Definition =>
    definition({
      name,
      services: {
        main: service({
          ports: Object.fromEntries(ports.map((port) => [port, { internal: parseInt(port, 10) }])),
        }),
      },
    });

  test('the start of the one stands on the stop of the other', () => {
    const applied = appliedAfter([ask('apply', listens('old', '8080/tcp', '8443/tcp'))]);
    const given = [ask('apply', listens('new', '8080/tcp')), ask('apply', listens('old'))];
    const { steps } = planOf(given, { applied });
    expect(needsOf(steps, 'new/main/process.start')).toContain('old/main/process.stop');
    expect(needsOf(steps, 'old/main/process.start')).toEqual(['old/main/process.stop']);
  });

  test('two chutes that change ports both stop before either starts', () => {
    const applied = appliedAfter([
      ask('apply', listens('one', '8081/tcp')),
      ask('apply', listens('two', '8082/tcp')),
    ]);
    const given = [
      ask('apply', listens('one', '8082/tcp')),
      ask('apply', listens('two', '8081/tcp')),
    ];
    const { steps } = planOf(given, { applied });
    const stops = ['one/main/process.stop', 'two/main/process.stop'];
    expect(needsOf(steps, 'one/main/process.start')).toEqual(stops);
    expect(needsOf(steps, 'two/main/process.start')).toEqual(stops);
  });

  test('a chute that is removed is out of the way first', () => {
    const applied = appliedAfter([ask('apply', listens('old', '8080/tcp'))]);
    const given = [ask('apply', listens('new', '8080/tcp')), ask('delete', 'old')];
    const { steps } = planOf(given, { applied });
    expect(needsOf(steps, 'new/main/process.start')).toContain('old/main/process.stop');
  });
});

describe('the order of services', () => {
  test('what is needed starts first, and independent ones at once', () => {
    const { steps } = planOf([ask('apply', chain())]);
    expect(levels(steps, 'process.start@1')).toEqual(['0 db', '0 log', '1 app', '2 web']);
  });

  test('what is needed stops last', () => {
    const { steps } = planOf([ask('stop', 'hello')], {
      applied: appliedAfter([ask('apply', chain())]),
    });
    expect(levels(steps, 'process.stop@1')).toEqual(['0 log', '0 web', '1 app', '2 db']);
  });

  test('only what changed is stopped, started and looked at', () => {
    const before = chain();
    const app = service({ needs: ['db'], environment: { MODE: 'new' } });
    const after = chain({ services: { ...before.services, app } });
    const { steps } = planOf([ask('apply', after)], {
      applied: appliedAfter([ask('apply', before)]),
    });
    expect(steps.map(({ id }) => id)).toEqual([
      'hello/app/process.stop',
      'hello/app/process.start',
      'hello/gate.check',
      'hello/chute.save',
    ]);
  });

  test('a service that is gone is stopped and forgotten', () => {
    const { web: _web, ...services } = chain().services;
    const { steps } = planOf([ask('apply', chain({ services }))], {
      applied: appliedAfter([ask('apply', chain())]),
    });
    expect(steps.map(({ id }) => id)).toEqual(['hello/web/process.stop', 'hello/chute.save']);
    expect(steps[1]?.args).toMatchObject({
      patch: expect.arrayContaining([{ op: 'remove', path: '/chutes/hello/services/web' }]),
    });
  });

  test.each<[story: string, services: Readonly<Record<string, Service>>, reason: string]>([
    [
      'a circle',
      { a: service({ needs: ['b'] }), b: service({ needs: ['a'] }) },
      'cannot order the services of hello: a needs b needs a',
    ],
    [
      'a stranger',
      { a: service({ needs: ['x'] }) },
      'cannot order the services of hello: a needs x, which is no service',
    ],
  ])('%s is refused by name', (_story, services, message) => {
    expect(refusalsOf([ask('apply', definition({ services }))])).toMatchObject([
      { module: 'state', code: 'RIPCORD_DEFINITION_INVALID', message, path: '/services/a/needs' },
    ]);
  });
});

describe('the gate', () => {
  test('asks what the definition says, else the web port, else whether it lives', () => {
    const health = {
      check: { type: 'exec', command: ['true'] },
      intervalMs: 1,
      timeoutMs: 2,
      retries: 3,
      settleMs: 4,
      withinMs: 90_000,
    } as const;
    const { checks, withinMs } = gateOf(
      definition({
        services: {
          own: service({ health, source: { type: 'local', digest: digest('c') } }),
          plain: service(),
          web: service(),
        },
        web: { service: 'web', port: 8080 },
      }),
    );
    expect(checks.map((each) => [each.service, each.health.check])).toEqual([
      ['own', health.check],
      ['plain', { type: 'alive' }],
      ['web', { type: 'tcp', port: 8080 }],
    ]);
    expect(checks[0]).toMatchObject({ directory: `chutes/hello/releases/${'c'.repeat(64)}` });
    expect(withinMs).toBe(90_000);
  });

  test('has more time than its checks, and is not tried again', () => {
    const { steps } = planOf([ask('apply', definition())]);
    const gate = steps.find(({ kind }) => kind === 'gate.check@1');
    expect(gate?.retries).toBe(0);
    expect(gate?.timeoutMs).toBeGreaterThan(gateOf(definition()).withinMs);
  });
});
