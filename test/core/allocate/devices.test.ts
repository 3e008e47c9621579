import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { placeDevices } from '../../../src/core/allocate/devices.ts';
import { isPhysical } from '../../../src/core/allocate/lan-ports.ts';
import { naturalOrder } from '../../../src/core/allocate/natural-order.ts';
import { hostRadioUses } from '../../../src/core/allocate/radios.ts';
import type { HostConfig } from '../../../src/core/network.ts';
import { contextOf, request, use, type Asked, type Given } from './device-model.ts';
import { facts, host, port, radio } from './host-model.ts';

/** One request after the other, as chutes come. */
function inTurn(asked: readonly Asked[], given: Given = {}): readonly string[] {
  const context = contextOf(given);
  const uses = [...context.uses];
  return asked.map((each, at) => {
    const answer = placeDevices([request(each, at)], { ...context, uses });
    if ('missing' in answer) return `refused: ${answer.missing[0]?.reasons.join('; ')}`;
    const [placed] = answer.placed.values();
    if (placed) uses.push(placed);
    return placed?.device ?? '';
  });
}

const SETTINGS = host({
  wifi: {
    'phy-w0': { id: 'pci-wifi-0', hwmode: '11a', channel: 36 },
    'WLAN-W1': { hwmode: '11g', channel: 6 },
  },
});

const x8 = (names: string): readonly string[] => Array<string>(8).fill(names);

describe('ParaDrop: device choice', () => {
  test.each<[story: string, asked: readonly Asked[], given: Given, expected: readonly string[]]>([
    [
      'access points share one radio so that the other stays free for a monitor',
      ['ap', 'ap', 'monitor'],
      {},
      ['w0', 'w0', 'w1'],
    ],
    [
      'an access point is refused on radios in station mode',
      ['ap'],
      { uses: [use('w0', 'sta'), use('w1', 'sta')] },
      ['refused: w0 is a station of x on w0; w1 is a station of x on w1'],
    ],
    ['the fuller radio is preferred', ['ap'], { uses: [use('w1', 'ap')] }, ['w1']],
    [
      'ports are exclusive',
      ['lan', 'lan', 'lan'],
      {},
      [
        'eth1',
        'eth2',
        'refused: eth0 is the uplink; eth1 is taken by i0 of c; eth2 is taken by i1 of c',
      ],
    ],
    [
      'hwmode picks the second radio',
      ['ap', ['ap', { hwmode: '11g' }]],
      { as: SETTINGS },
      ['w0', 'w1'],
    ],
    [
      'a requirement that nothing meets',
      [['ap', { hwmode: '11b' }]],
      { as: SETTINGS },
      ['refused: w0 has hwmode 11a; w1 has hwmode 11g'],
    ],
    [
      'a radio of which nobody knows what it can meets no requirement',
      [['ap', { hwmode: '11g' }]],
      {},
      ['refused: w0 cannot have hwmode 11g; w1 cannot have hwmode 11g'],
    ],
    [
      'a station has a radio for itself',
      ['sta', 'ap', 'sta'],
      {},
      ['w0', 'w1', 'refused: w0 is a station of i0 of c; w1 is an access point of i1 of c'],
    ],
    ['a monitor has a radio for itself', ['monitor', 'monitor'], {}, ['w0', 'w1']],
    [
      'the last channel has to be the configured one',
      [
        ['ap', { channel: 6 }],
        ['ap', { channel: '36' }],
        ['ap', { country: 'US' }],
      ],
      { as: SETTINGS },
      [
        'w1',
        'refused: w0 has channel 36; w1 has channel 6',
        'refused: w0 has no country set; w1 has no country set',
      ],
    ],
    ['a radio is asked for by name', [['ap', { phy: 'phy-w1' }]], {}, ['w1']],
    ['a port is asked for by MAC', [['lan', { mac: 'MAC-ETH2' }]], {}, ['eth2']],
    [
      'a port has no channel',
      [['lan', { channel: 1 }]],
      { on: facts([], [port('eth1')]) },
      ['refused: eth0 has no channel; eth1 has no channel'],
    ],
    ['no radio at all', ['ap'], { on: facts() }, ['refused: ']],
    [
      'ten ports, by number',
      ['lan', 'lan'],
      { on: facts([], [port('eth10'), port('eth2')]) },
      ['eth2', 'eth10'],
    ],
  ])('%s', (_story, asked, given, expected) => {
    expect(inTurn(asked, given)).toEqual(expected);
  });

  test('seventeen access points on two radios', () => {
    const answers = inTurn(Array<Asked>(17).fill('ap'));
    expect(answers.slice(0, 16)).toEqual([...x8('w0'), ...x8('w1')]);
    expect(answers[16]).toMatch(/^refused: w0 has its 8 access points: i0 of c, .*; w1 has its 8/);
  });

  test('interfaces that are no devices', () => {
    const names = ['lo', 'v0000.eth0', 'vethabcdef', 'br-lan', 'docker0', 'sit0', 'eth0', 'wlan0'];
    expect(names.filter(isPhysical)).toEqual(['eth0', 'wlan0']);
  });
});

describe('the host comes first', () => {
  test('a radio with its access point takes seven more and no monitor', () => {
    const on = facts([radio('w0', { hostAccessPoints: 1 })]);
    expect(inTurn(['monitor'], { on })).toEqual(['refused: w0 is an access point of the host']);
    const answers = inTurn(Array<Asked>(8).fill('ap'), { on });
    expect(answers.slice(0, 7)).toEqual(Array<string>(7).fill('w0'));
    expect(answers[7]).toMatch(/^refused: w0 has its 8 access points: the host, /);
  });

  test.each<
    [interfaces: HostConfig['wifiInterfaces'], hostAccessPoints: number, modes: readonly string[]]
  >([
    [[{ device: 'phy-w0' }], 0, ['w0 ap']],
    [[{ device: 'wlan-w0', mode: 'ap' }], 1, ['w0 ap']],
    [[{ device: 'w0', mode: 'ap' }], 2, ['w0 ap', 'w0 ap']],
    [[{ device: '02:00:00:00:00:w0', mode: 'sta' }], 0, ['w0 sta']],
    [[{ device: 'elsewhere' }], 0, []],
  ])('of interfaces %j and %i seen, %j are counted', (wifiInterfaces, hostAccessPoints, modes) => {
    const on = facts([radio('w0', { hostAccessPoints, mac: '02:00:00:00:00:W0' })]);
    const uses = hostRadioUses(on, host({ wifiInterfaces }));
    expect(uses.map(({ device, mode }) => `${device} ${mode}`)).toEqual(modes);
  });

  test('a radio whose driver has fewer access points takes no more than those', () => {
    const on = facts([radio('w0', { hostAccessPoints: 1, accessPointsMax: 2 })]);
    expect(inTurn(['ap', 'ap'], { on })).toEqual([
      'w0',
      expect.stringMatching(/^refused: w0 has its 2 access points: the host, i0 of c/),
    ]);
    const one = facts([radio('w0', { accessPointsMax: 0 }), radio('w1', { accessPointsMax: 1 })]);
    expect(inTurn(['ap', 'ap'], { on: one })).toEqual([
      'w1',
      'refused: w0 cannot be an access point; w1 has its 1 access point: i0 of c',
    ]);
  });

  test('a radio whose modes nobody knows is taken to be capable', () => {
    const on = facts([radio('w0', { modes: null })]);
    expect(inTurn(['monitor'], { on })).toEqual(['w0']);
  });

  test('a radio that is the uplink is nobody else’s', () => {
    const on = { ...facts([radio('w0')]), uplink: { interface: 'wlan-w0', address: null } };
    expect(inTurn(['ap'], { on })).toEqual(['refused: w0 is a station of the host']);
  });

  test.each([
    ['bridged', port('eth1', { bridged: true }), host()],
    ['of the LAN', port('eth1', { role: 'lan' }), host()],
    ['listed', port('eth1'), host({ lan: { ...host().lan, interfaces: ['eth1'] } })],
  ])('a port that is %s is not given away', (_story, eth1, as) => {
    const on = facts([], [eth1]);
    expect(inTurn(['lan'], { on, as })).toEqual([
      "refused: eth0 is the uplink; eth1 is in the host's LAN",
    ]);
  });

  test('a port whose name no file can hold is left alone', () => {
    const answer = placeDevices([request('lan', 0)], contextOf({ on: facts([], [port('ö:1')]) }));
    expect(answer).toMatchObject({
      missing: [
        { reasons: ['eth0 is the uplink', 'ö:1 has a name that configuration files cannot hold'] },
      ],
    });
  });

  test('a port that looks like the LAN’s for what we put there is kept', () => {
    const on = facts([], [port('eth1'), port('eth2', { role: 'lan' })]);
    const answer = placeDevices([request('lan', 0, 'eth2')], contextOf({ on }));
    expect(answer).toMatchObject({ placed: new Map([['i00', { device: 'eth2' }]]) });
  });
});

describe('what an interface has', () => {
  test('it keeps, though another would be chosen now', () => {
    const answer = placeDevices([request('ap', 0, 'w1'), request('ap', 1)], contextOf({}));
    expect(answer).toMatchObject({
      placed: new Map([
        ['i00', { device: 'w1' }],
        ['i01', { device: 'w1' }],
      ]),
    });
  });

  test('it leaves when it will not do any more', () => {
    const given = { uses: [use('w0', 'sta')] };
    const answer = placeDevices([request('ap', 0, 'w0')], contextOf(given));
    expect(answer).toMatchObject({ placed: new Map([['i00', { device: 'w1' }]]) });
  });

  test('it leaves when that is the only way for all to fit', () => {
    const on = facts([radio('w0'), radio('w1', { modes: ['ap'] })]);
    const answer = placeDevices([request('ap', 0, 'w0'), request('monitor', 1)], contextOf({ on }));
    expect(answer).toMatchObject({
      placed: new Map([
        ['i01', { device: 'w0' }],
        ['i00', { device: 'w1' }],
      ]),
    });
  });
});

test('numbers in names are counted', () => {
  expect(['eth10', 'eth2', 'eth1.5', 'eth', 'eth02'].toSorted(naturalOrder)).toEqual([
    'eth',
    'eth1.5',
    'eth02',
    'eth2',
    'eth10',
  ]);
});

const modes = fc.array(fc.constantFrom('ap', 'ap', 'ap', 'sta', 'monitor', 'lan' as const), {
  maxLength: 12,
});

test('no device takes more than it can, and the order of requests is nothing', () => {
  fc.assert(
    fc.property(modes, fc.integer({ min: 0, max: 8 }), fc.integer(), (asked, own, seed) => {
      const on = facts([radio('w0', { hostAccessPoints: own }), radio('w1')], [port('eth1')]);
      const context = contextOf({ on });
      const requests = asked.map((each, at) => request(each, at));
      const answer = placeDevices(requests, context);
      const shuffled =
        fc.sample(fc.shuffledSubarray(requests, { minLength: requests.length }), {
          seed,
          numRuns: 1,
        })[0] ?? [];
      expect(placeDevices(shuffled, context)).toEqual(answer);
      if ('missing' in answer) {
        expect(answer.missing.length).toBeGreaterThan(0);
        return;
      }
      const uses = [...context.uses, ...answer.placed.values()];
      for (const device of new Set(uses.map((each) => each.device))) {
        const here = uses.filter((each) => each.device === device);
        if (here.some(({ mode }) => mode !== 'ap')) expect(here).toHaveLength(1);
        expect(here.length).toBeLessThanOrEqual(8);
      }
      const again = requests.map((each) => ({
        ...each,
        mine: answer.placed.get(each.name)?.device ?? null,
      }));
      expect(placeDevices(again, context)).toEqual(answer);
    }),
  );
});
