import { expect, test } from 'vitest';

import { compareVersions, type Version } from '../../src/core/version.ts';

const CASES: readonly (readonly [Version, '<' | '=' | '>', Version])[] = [
  [1, '<', 2],
  [1, '<', 1.5],
  [2, '>', 1],
  [1, '=', 1],
  ['1.9', '<', '1.10'],
  ['1.0', '=', '1'],
  ['1.0.1', '>', '1'],
  ['1.0-beta', '<', '1.0-rc'],
  ['2', '<', '10'],
  ['10', '<', '1a'],
  ['2', '<', '1a'],
  ['99999999999999999998', '<', '99999999999999999999'],
  ['beta', '=', 'beta'],
  ['zeta', '>', 'alpha'],
  [9, '<', '1'],
  ['0.1', '>', 100],
  [undefined, '=', 4],
  ['4', '=', undefined],
  [undefined, '=', undefined],
];

const SIGNS = { '<': -1, '=': 0, '>': 1 };

test.each(CASES)('version %s is %s version %s', (left, sign, right) => {
  expect(Math.sign(compareVersions(left, right))).toBe(SIGNS[sign]);
  expect(Math.sign(compareVersions(right, left))).toBe(0 - SIGNS[sign]);
});
