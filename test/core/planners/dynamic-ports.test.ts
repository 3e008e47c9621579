import { describe, expect, test } from 'vitest';

import { type Applied, NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { Definition, Service } from '../../../src/core/chute.ts';
import type { ChuteRequest } from '../../../src/core/events.ts';
import { NO_NETWORK } from '../../../src/core/network.ts';
import {
  appliedAfter,
  argsOf,
  ask,
  definition,
  planOf,
  refusalsOf,
  run,
  service,
} from '../plan-model.ts';

const AUTO: Service['ports'] = { 'auto:5000/tcp': { internal: 5000 } };

const chute = (
  name: string,
  ports: Service['ports'] = AUTO,
  more: Partial<Definition> = {},
): Definition => definition({ name, services: { main: service({ ports }) }, ...more });

const named = (port: number): Service['ports'] => ({ [`${port}/tcp`]: { internal: port } });

/** Who has which port once these are through, one update after the other. */
function portsAfter(...updates: readonly (readonly ChuteRequest[])[]): Record<string, string> {
  const { reservations } = appliedAfter(...updates);
  return Object.fromEntries(
    Object.entries(reservations.ports).map(([key, holder]) => [key, holder.chute]),
  );
}

const two = appliedAfter([ask('apply', chute('a')), ask('apply', chute('b'))]);

describe('a port that may be any', () => {
  test.each<
    [
      story: string,
      updates: readonly (readonly ChuteRequest[])[],
      ports: Readonly<Record<string, string>>,
    ]
  >([
    ['is the lowest of its range', [[ask('apply', chute('a'))]], { '30000/tcp': 'a' }],
    [
      'is not given twice in one update',
      [[ask('apply', chute('b')), ask('apply', chute('a'))]],
      { '30000/tcp': 'a', '30001/tcp': 'b' },
    ],
    [
      'stays across versions although a lower one is free',
      [
        [ask('apply', chute('a')), ask('apply', chute('b'))],
        [ask('delete', 'a')],
        [ask('apply', chute('b', AUTO, { version: 2 }))],
      ],
      { '30001/tcp': 'b' },
    ],
    [
      'stays although one before it by name is new',
      [[ask('apply', chute('b'))], [ask('apply', chute('a')), ask('restart', 'b')]],
      { '30000/tcp': 'b', '30001/tcp': 'a' },
    ],
    [
      'is given back by a stop',
      [[ask('apply', chute('b'))], [ask('stop', 'b')], [ask('apply', chute('a'))]],
      { '30000/tcp': 'a' },
    ],
    [
      'is none that another one names, whatever their names',
      [[ask('apply', chute('a')), ask('apply', chute('z', named(30_000)))]],
      { '30000/tcp': 'z', '30001/tcp': 'a' },
    ],
    [
      'gives way to a name within its own chute',
      [[ask('apply', chute('a', { ...AUTO, ...named(30_000) }))]],
      { '30000/tcp': 'a', '30001/tcp': 'a' },
    ],
  ])('%s', (_story, updates, ports) => {
    expect(portsAfter(...updates)).toEqual(ports);
  });

  test('is none that a redirect of another chute catches', () => {
    const port = { interface: 'eth2', mac: '02:00:00:00:00:12', role: 'free' } as const;
    const facts = {
      network: { ...NO_NETWORK, ports: { eth2: { ...port, bridged: false, addresses: [] } } },
    };
    const lan = service({ interfaces: { lan: { type: 'lan' } } });
    const rule = { type: 'redirect', from: '@host.lan:30000', to: 'lan:80' };
    const other = definition({ name: 'z', services: { main: lan }, firewall: { r: rule } });
    const both = [ask('apply', chute('a')), ask('apply', other)];
    const { reservations, chutes } = run(NOTHING_APPLIED, planOf(both, { facts })).applied;
    expect(Object.keys(reservations.ports)).toEqual(['30001/tcp']);
    expect(chutes['z']?.redirects).toMatchObject([{ fromPort: 30_000 }]);
  });

  test('is none that somebody on the host has', () => {
    const facts = { portsTaken: { '30000/tcp': 'nginx', '30001/tcp': 'sshd' } };
    const plan = planOf([ask('apply', chute('a'))], { facts });
    expect(argsOf(plan, 'port.check@1', 'a/port.check').ports).toEqual(['30002/tcp']);
  });

  test('is refused to another that names it', () => {
    const asked = [ask('apply', chute('c', named(30_001)))];
    expect(refusalsOf(asked, { applied: two })).toMatchObject([
      {
        chute: 'c',
        module: 'runtime',
        code: 'RIPCORD_PORT_TAKEN',
        message: 'cannot publish port 30001/tcp of service main of c: chute b has it',
        path: '/services/main/ports/30001~1tcp',
      },
    ]);
  });

  test('is told to its service, which has to listen there, and is asked for by its health', () => {
    const web = { service: 'main', port: 5000 };
    const plan = planOf([ask('apply', chute('a', AUTO, { web }))]);
    const { spec } = argsOf(plan, 'process.start@1', 'a/main/process.start');
    expect(spec.environment).toMatchObject({ PORT: '30000', RIPCORD_PORT_5000: '30000' });
    const { checks } = argsOf(plan, 'gate.check@1', 'a/gate.check');
    expect(checks.map(({ health }) => health.check)).toEqual([{ type: 'tcp', port: 30_000 }]);
  });

  test('that is a second one restarts its service when it changes', () => {
    const before: Applied = appliedAfter([ask('apply', chute('a'))]);
    const more = chute('a', { ...AUTO, 'auto:53/udp': { internal: 53 } });
    const plan = planOf([ask('apply', more)], { applied: before });
    const { spec } = argsOf(plan, 'process.start@1', 'a/main/process.start');
    expect(spec.environment).toMatchObject({ RIPCORD_PORT_53_UDP: '30000' });
    expect(run(before, plan).applied.chutes['a']?.dynamicPorts).toEqual({
      main: { 'auto:5000/tcp': 30_000, 'auto:53/udp': 30_000 },
    });
  });

  test('is nothing for a chute that has none', () => {
    expect(appliedAfter([ask('apply', chute('a', {}))]).chutes['a']).not.toHaveProperty(
      'dynamicPorts',
    );
  });
});
