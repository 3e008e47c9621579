import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { NO_NETWORK, type Radio } from '../../src/core/network.ts';
import type { Planner } from '../../src/core/plan.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import {
  appliedAfter,
  ask,
  definition,
  digest,
  planned,
  planOf,
  service,
  withDead,
} from './plan-model.ts';

const hello = definition({ web: { service: 'main', port: 18080 } });
const hello2: Definition = {
  ...hello,
  version: 2,
  services: { main: service({ source: { type: 'local', digest: digest('b') } }) },
};
const installed = appliedAfter([ask('apply', hello)]);
const stopped = appliedAfter([ask('apply', hello)], [ask('stop', 'hello')]);
const ids = (requests: readonly ChuteRequest[], applied: Applied): readonly string[] =>
  planOf(requests, { applied }).steps.map(({ id }) => id);

const RADIO: Radio = {
  id: 'pci-wifi-0',
  mac: '02:00:00:00:00:01',
  phy: 'phy0',
  interface: 'wlan0',
  modes: ['ap', 'sta', 'monitor'],
  hwmodes: ['11a', '11g'],
  configured: {},
  hostAccessPoints: 0,
};
const A = 'a'.repeat(12);
const B = 'b'.repeat(12);
const INSTALL = [
  'hello/directory.create',
  'hello/directory.create:data',
  'hello/directory.create:system',
  `hello/release.fetch:${A}`,
  'hello/port.check',
  'hello/main/release.switch',
  'hello/main/process.start',
  'hello/gate.check',
  'hello/chute.save',
];

describe('several chutes in one update', () => {
  test('are fetched at once, whatever else they need first', () => {
    const door = definition({ name: 'door' });
    const { steps } = planOf([ask('apply', hello2), ask('apply', door)], { applied: installed });
    const fetches = steps.filter(({ kind }) => kind === 'release.fetch@1');
    expect(fetches.map(({ chute }) => chute)).toEqual(['door', 'hello']);
    expect(new Set(fetches.map(({ level }) => level)).size).toBe(1);
  });
});

describe('the steps of an operation', () => {
  test.each<[story: string, request: ChuteRequest, applied: Applied, steps: readonly string[]]>([
    ['a first apply installs', ask('apply', hello), NOTHING_APPLIED, INSTALL],
    [
      'an update fetches before it stops and drops the old release at the end',
      ask('apply', hello2),
      installed,
      [
        `hello/release.fetch:${B}`,
        'hello/main/release.switch',
        'hello/main/process.stop',
        'hello/main/process.start',
        'hello/gate.check',
        'hello/chute.save',
        'hello/release.drop',
      ],
    ],
    [
      'a new description is only recorded',
      ask('apply', { ...hello, description: 'says hello' }),
      installed,
      ['hello/chute.save'],
    ],
    [
      'a new health check is asked without a restart',
      ask('apply', {
        ...hello,
        services: {
          main: {
            ...service({ source: { type: 'local', digest: digest('a') } }),
            health: {
              check: { type: 'http', port: 18080, path: '/' },
              intervalMs: 1,
              timeoutMs: 1,
              retries: 1,
              settleMs: 0,
              withinMs: 1,
            },
          },
        },
      }),
      installed,
      ['hello/gate.check', 'hello/chute.save'],
    ],
    [
      'a service found dead is started and nothing else',
      ask('apply', hello),
      withDead(installed, 'hello', 'main'),
      ['hello/main/process.start', 'hello/gate.check'],
    ],
    [
      'a stop stops',
      ask('stop', 'hello'),
      installed,
      ['hello/main/process.stop', 'hello/chute.save'],
    ],
    [
      'a start looks at the port again, which a stopped chute has given back',
      ask('start', 'hello'),
      stopped,
      ['hello/port.check', 'hello/main/process.start', 'hello/gate.check', 'hello/chute.save'],
    ],
    [
      'a restart of what runs stops and starts although nothing differs',
      ask('restart', 'hello'),
      installed,
      ['hello/main/process.stop', 'hello/main/process.start', 'hello/gate.check'],
    ],
    [
      'a delete keeps data and volumes',
      ask('delete', 'hello'),
      installed,
      [
        'hello/main/process.stop',
        'hello/chute.save',
        'hello/directory.remove:releases',
        'hello/directory.remove:services',
        'hello/directory.remove:system',
      ],
    ],
    [
      'a delete with purge removes everything',
      ask('delete', 'hello', { purge: true }),
      installed,
      ['hello/main/process.stop', 'hello/chute.save', 'hello/directory.remove:everything'],
    ],
  ])('%s', (_story, request, applied, steps) => {
    expect(ids([request], applied)).toEqual(steps);
  });

  test.each<[story: string, request: ChuteRequest, applied: Applied]>([
    ['the same definition', ask('apply', hello), installed],
    ['the same files from elsewhere', ask('apply', hello, { sources: {} }), installed],
    [
      'the same files by other means',
      ask('apply', {
        ...hello,
        services: { main: service({ source: { type: 'archive', digest: digest('a') } }) },
      }),
      installed,
    ],
  ])('%s is unchanged', (_story, request, applied) => {
    expect(planned([request], { applied })).toEqual({ unchanged: true });
  });
});

describe('what planners warn of', () => {
  const warns: Planner = {
    name: 'warns',
    version: 1,
    plan: () => ({ steps: [], warnings: [{ message: 'it is cold', path: '', hint: 'heat' }] }),
  };
  const silent: Planner = { ...warns, plan: () => ({ steps: [] }) };

  test('comes with the plan, with its chute and module', () => {
    const answer = planned([ask('apply', hello)], { planners: [...PLANNERS, warns] });
    expect(answer).toMatchObject({
      warnings: [
        { chute: 'hello', module: 'warns', message: 'it is cold', path: '', hint: 'heat' },
      ],
    });
  });

  test('is no part of the hash', () => {
    const hashes = [warns, silent].map(
      (each) => planOf([ask('apply', hello)], { planners: [...PLANNERS, each] }).hash,
    );
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('of an access point without dhcp is told with its place', () => {
    const network = { ...NO_NETWORK, radios: { 'pci-wifi-0': RADIO } };
    const interfaces = { ap: { type: 'wifi-ap', wireless: { ssid: 'x' } } };
    const chute = definition({ services: { main: service({ interfaces }) } });
    const answer = planned([ask('apply', chute)], { facts: { network } });
    expect(answer).toMatchObject({
      warnings: [{ chute: chute.name, module: 'struct', path: '/services/main/interfaces/ap' }],
    });
  });
});
