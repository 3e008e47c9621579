import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  accessPointName,
  INTERFACE_NAME_MAX,
  vlanName,
} from '../../../src/core/allocate/interface-names.ts';

const numberOf = (name: string | null): number => Number.parseInt(name?.slice(5) ?? '', 16);

test('ParaDrop: a taken name gives the next number', () => {
  const first = accessPointName('c', 'wlan0', new Set());
  const second = accessPointName('c', 'wlan0', new Set([first ?? '']));
  expect(first).toMatch(/^vwlan[0-9a-f]{4}$/);
  expect(numberOf(second)).toBe((numberOf(first) + 1) % 65_536);
});

test('names never meet, and the same interface has the same one every time', () => {
  const pair = fc.tuple(fc.string({ maxLength: 63 }), fc.string({ maxLength: 15 }));
  fc.assert(
    fc.property(fc.uniqueArray(pair, { selector: String, maxLength: 40 }), (pairs) => {
      const taken = new Set<string>();
      for (const [chute, inside] of pairs) {
        const name = accessPointName(chute, inside, taken) ?? '';
        expect(name).toMatch(/^[a-z0-9]+$/);
        expect(name.length).toBeLessThanOrEqual(INTERFACE_NAME_MAX);
        expect(accessPointName(chute, inside, taken)).toBe(name);
        expect(taken.has(name)).toBe(false);
        taken.add(name);
      }
    }),
  );
});

test('the last number is followed by the first, and in the end there is none', () => {
  const all = new Set(
    Array.from({ length: 65_536 }, (_, at) => `vwlan${at.toString(16).padStart(4, '0')}`),
  );
  expect(accessPointName('c', 'wlan0', all)).toBeNull();
  all.delete('vwlan0000');
  expect(accessPointName('c', 'wlan0', all)).toBe('vwlan0000');
});

test('a network of the bridge is named by its id', () => {
  expect(vlanName(4094)).toBe('br-lan.4094');
  expect(vlanName(4094).length).toBeLessThanOrEqual(INTERFACE_NAME_MAX);
});
