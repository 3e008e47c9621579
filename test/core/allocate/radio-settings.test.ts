import { describe, expect, test } from 'vitest';

import { placeDevices } from '../../../src/core/allocate/devices.ts';
import { configuredSettings, satisfies } from '../../../src/core/allocate/radio-settings.ts';
import { radioNamed, type DeviceUse } from '../../../src/core/allocate/radios.ts';
import type { RadioSettings } from '../../../src/core/network.ts';
import { contextOf, request, use, type Asked } from './device-model.ts';
import { facts, host, radio, ROUTER } from './host-model.ts';

test.each<[radio: RadioSettings, requirements: RadioSettings, expected: boolean]>([
  [{ x: 1, y: 2, z: 3 }, {}, true],
  [{ x: 1, y: 2, z: 3 }, { x: 1, z: 3 }, true],
  [{ x: 1, y: 2, z: 3 }, { x: 2 }, false],
  [{ x: 1 }, { a: 1 }, false],
  [{ x: 1 }, { toString: 1 }, false],
])('ParaDrop: radio %j, required %j: %s', (settings, requirements, expected) => {
  expect(satisfies(settings, requirements)).toBe(expected);
});

describe('a radio that nobody has set', () => {
  const on = facts([radio('w0', { hwmodes: ['11a'] }), radio('w1', { hwmodes: ['11a', '11g'] })]);

  test.each<[asked: Asked, uses: readonly DeviceUse[], expected: string]>([
    [['ap', { hwmode: '11g' }], [], 'w1 {"hwmode":"11g"}'],
    [['ap', { channel: 36 }], [], 'w0 {"channel":36}'],
    [['ap', { channel: 11, id: 'w1' }], [], 'w1 {"channel":11}'],
    ['ap', [], 'w0 {}'],
    [
      ['ap', { hwmode: '11g', channel: 36 }],
      [],
      'w0 cannot have hwmode 11g; w1 cannot have channel 36 with hwmode 11g',
    ],
    [
      ['ap', { hwmode: '11g' }],
      [use('w1', 'ap', { hwmode: '11a' })],
      'w0 cannot have hwmode 11g; w1 was set to hwmode 11a for another',
    ],
    [['ap', { channel: 44 }], [use('w1', 'ap', { hwmode: '11a' })], 'w1 {"channel":44}'],
    [['ap', { antenna: 2 }], [], 'w0 cannot have antenna 2; w1 cannot have antenna 2'],
  ])('%j beside %j: %s', (asked, uses, expected) => {
    const answer = placeDevices([request(asked, 0)], contextOf({ on, uses }));
    const told =
      'missing' in answer
        ? answer.missing.flatMap(({ reasons }) => reasons).join('; ')
        : [...answer.placed.values()]
            .map(({ device, settings }) => `${device} ${JSON.stringify(settings)}`)
            .join();
    expect(told).toBe(expected);
  });

  test.each<[requirements: RadioSettings, expected: string]>([
    [
      { hwmode: '11g' },
      'w0 cannot have hwmode 11g for sure: its bands are unknown, as iw is not installed',
    ],
    [
      { channel: 6 },
      'w0 cannot have channel 6 for sure: its bands are unknown, as iw is not installed',
    ],
  ])('is not given for %j when its bands are unknown', (requirements, expected) => {
    const unknown = facts([radio('w0', { hwmodes: null })]);
    const answer = placeDevices([request(['ap', requirements], 0)], contextOf({ on: unknown }));
    expect(answer).toMatchObject({ missing: [{ reasons: [expected] }] });
    const plain = placeDevices([request('ap', 0)], contextOf({ on: unknown }));
    expect(plain).toMatchObject({ placed: new Map([['i00', { device: 'w0' }]]) });
  });

  test('is set as its observation says, and as the host’s configuration says first', () => {
    const seen = radio('w0', { configured: { hwmode: '11a', channel: 36 } });
    expect(configuredSettings(seen, host({ wifi: { w0: { id: 'w0', channel: 40 } } }))).toEqual({
      hwmode: '11a',
      channel: 40,
    });
  });
});

test('a radio is called by id, MAC, phy or interface, in any case', () => {
  const names = ['w1', '02:00:00:00:00:01', 'PHY-w1', 'wlan-W1'];
  expect(names.map((name) => radioNamed(ROUTER.radios, name)?.id)).toEqual([
    'w1',
    'w1',
    'w1',
    'w1',
  ]);
  expect(radioNamed(ROUTER.radios, 'w2')).toBeNull();
});
