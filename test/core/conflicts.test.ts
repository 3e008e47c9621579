import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../src/core/applied.ts';
import type { Definition, Service } from '../../src/core/chute.ts';
import { NO_NETWORK, type Port, type Radio } from '../../src/core/network.ts';
import {
  ask,
  definition,
  digest,
  planned,
  planOf,
  refusalsOf,
  run,
  service,
} from './plan-model.ts';

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

const PORT: Port = {
  interface: 'eth2',
  mac: '02:00:00:00:00:02',
  role: 'free',
  bridged: false,
  addresses: [],
};

const FACTS = {
  network: { ...NO_NETWORK, radios: { [RADIO.id]: RADIO }, ports: { [PORT.interface]: PORT } },
};

const chute = (
  name: string,
  fields: Partial<Service>,
  firewall: Definition['firewall'] = {},
): Definition => {
  const source = { type: 'local' as const, digest: digest('a') };
  return definition({ name, services: { main: service({ source, ...fields }) }, firewall });
};

const interfaces = (all: Service['interfaces']): Partial<Service> => ({ interfaces: all });

const ap = (ssid: string): Service['interfaces'][string] => ({
  type: 'wifi-ap',
  wireless: { ssid },
});

const aps = (count: number, prefix: string): Service['interfaces'] =>
  Object.fromEntries(
    Array.from({ length: count }, (_none, at) => [`wlan${at}`, ap(`${prefix}${at}`)]),
  );

const vlan = (id: number, more: object = {}): Service['interfaces'][string] => ({
  type: 'vlan',
  'vlan-id': id,
  ...more,
});

const page = { page: { type: 'redirect', from: '@host.lan:9000', to: 'v:80' } };

/** What two chutes both want; the one that comes later in the order of names cannot have it. */
const CONFLICTS: readonly (readonly [what: string, a: Definition, b: Definition, said: RegExp])[] =
  [
    [
      'port',
      chute('a', { ports: { '18080/tcp': { internal: 18_080 } } }),
      chute('b', { ports: { '18080/tcp': { internal: 18_080 } } }),
      /18080.*\ba\b/,
    ],
    [
      'port of the host that is redirected',
      chute('a', interfaces({ v: vlan(3) }), page),
      chute('b', interfaces({ v: vlan(4) }), page),
      /9000.*\ba\b/,
    ],
    [
      'everything else that comes in',
      chute('a', interfaces({ v: vlan(3) }), {
        all: { type: 'redirect', from: '@host.lan', to: 'v' },
      }),
      chute('b', interfaces({ v: vlan(4) }), {
        all: { type: 'redirect', from: '@host.lan', to: 'v' },
      }),
      /everything is redirected by chute a already/,
    ],
    [
      'subnet',
      chute('a', interfaces({ v: vlan(3, { ipv4_network: '172.16.0.0/24' }) })),
      chute('b', interfaces({ v: vlan(4, { ipv4_network: '172.16.0.0/16' }) })),
      /172\.16\.0\.0.*\ba\b/,
    ],
    [
      'ssid',
      chute('a', interfaces({ wlan0: ap('guests') })),
      chute('b', interfaces({ wlan0: ap('guests') })),
      /guests.*\ba\b/,
    ],
    [
      'vlan',
      chute('a', interfaces({ v: vlan(7) })),
      chute('b', interfaces({ v: vlan(7) })),
      /vlan 7.*\ba\b/,
    ],
    [
      'last place on the radio',
      chute('a', interfaces(aps(8, 'a'))),
      chute('b', interfaces({ wlan0: ap('b') })),
      /radio|wifi/i,
    ],
    [
      'radio for itself',
      chute('a', interfaces({ wlan0: { type: 'wifi-sta', wireless: { ssid: 'up' } } })),
      chute('b', interfaces({ wlan0: ap('b') })),
      /radio|wifi/i,
    ],
    [
      'physical port',
      chute('a', interfaces({ lan0: { type: 'lan' } })),
      chute('b', interfaces({ lan0: { type: 'lan' } })),
      /port/i,
    ],
  ];

test('a redirect of a port that a service of the same chute publishes is refused', () => {
  const both = { ...interfaces({ v: vlan(3) }), ports: { '9000/tcp': { internal: 9000 } } };
  const refusals = refusalsOf([ask('apply', chute('a', both, page))], { facts: FACTS });
  expect(refusals).toMatchObject([
    {
      code: 'RIPCORD_PORT_TAKEN',
      message: expect.stringMatching(/9000.tcp is taken by a service of its own/),
    },
  ]);
});

test('a redirect of everything is warned of where it takes what others are reached by', () => {
  const all = { all: { type: 'redirect', from: '@host.lan', to: 'v' } };
  const web = chute('b', { ports: { '18080/tcp': { internal: 18_080 } } });
  const asks = [ask('apply', chute('a', interfaces({ v: vlan(3) }), all)), ask('apply', web)];
  expect(planned(asks, { facts: { ...FACTS, portsTaken: { '22/tcp': 'sshd' } } })).toMatchObject({
    warnings: expect.arrayContaining([
      expect.objectContaining({
        message: expect.stringMatching(/also to 22.tcp of sshd, 18080.tcp of chute b$/),
      }),
    ]),
  });
});

describe('two chutes that want one', () => {
  test.each(CONFLICTS)('%s: the second is refused, in one update', (_what, a, b, said) => {
    const refusals = refusalsOf([ask('apply', b), ask('apply', a)], { facts: FACTS });
    expect(refusals.map((each) => each.chute)).toEqual(['b']);
    expect(refusals[0]?.message).toMatch(said);
    expect(refusals[0]?.hint).not.toBe('');
  });

  test.each(CONFLICTS)(
    '%s: the second is refused where the first is installed',
    (_what, a, b, said) => {
      const plan = planOf([ask('apply', a)], { facts: FACTS });
      const { applied } = run(NOTHING_APPLIED, plan);
      const refusals = refusalsOf([ask('apply', b)], { applied, facts: FACTS });
      expect(refusals.map((each) => each.chute)).toEqual(['b']);
      expect(refusals[0]?.message).toMatch(said);
      // Stopped, it has let go of everything.
      const stop = planOf([ask('stop', 'a')], { applied, facts: FACTS });
      const stopped = run(applied, stop).applied;
      expect(refusalsOf([ask('apply', b)], { applied: stopped, facts: FACTS })).toEqual([]);
      // And is refused in turn when it wants it back.
      const after = run(
        stopped,
        planOf([ask('apply', b)], { applied: stopped, facts: FACTS }),
      ).applied;
      const back = refusalsOf([ask('start', 'a')], { applied: after, facts: FACTS });
      expect(back.map((each) => each.chute)).toEqual(expect.arrayContaining(['a']));
    },
  );
});

describe('one name', () => {
  test('cannot be asked for twice in one update', () => {
    const a = chute('a', {});
    const refusals = refusalsOf([ask('apply', a), ask('apply', { ...a, version: 2 })]);
    expect(refusals[0]).toMatchObject({ chute: 'a', code: 'RIPCORD_OPERATION_REFUSED' });
    expect(refusals[0]?.message).toContain('twice');
  });

  test('cannot be created where it is installed', () => {
    const a = chute('a', {});
    const { applied } = run(NOTHING_APPLIED, planOf([ask('apply', a)]));
    const [refusal] = refusalsOf([ask('create', { ...a, version: 2 })], { applied });
    expect(refusal).toMatchObject({ chute: 'a', code: 'RIPCORD_OPERATION_REFUSED' });
  });
});
