import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cpuShares, divideCpus, type CpuRequest } from '../../../src/core/allocate/shares.ts';

const asks = (fractions: readonly (number | null)[], chute = 'c'): readonly CpuRequest[] =>
  fractions.map((fraction, at) => ({ chute, service: `s${at}`, fraction }));

const sharesOf = (running: readonly CpuRequest[]): readonly number[] => {
  const answer = cpuShares(running, 'c');
  if (!('shares' in answer)) throw new Error('refused');
  return running.map(({ chute, service }) => answer.shares[chute]?.[service] ?? -1);
};

describe('ParaDrop: allocate', () => {
  test.each<[fractions: readonly (number | null)[], expected: readonly number[]]>([
    [[], []],
    [
      [0.25, null, null],
      [0.5, 0.25, 0.25],
    ],
    [
      [0.4, null, null],
      [0.6, 0.2, 0.2],
    ],
    [
      [0.2, 0.2, 0.2],
      [0.3333, 0.3333, 0.3333],
    ],
    [[1], [1]],
    [
      [0.1, 0.2, null, null],
      [0.275, 0.375, 0.175, 0.175],
    ],
    [
      [0.9, null],
      [0.95, 0.05],
    ],
    [
      [1, null],
      [1, 0],
    ],
    [
      [0.1, 0.2, 0.3, 0.4],
      [0.1, 0.2, 0.3, 0.4],
    ],
  ])('%j is divided into %j', (fractions, expected) => {
    const divided = divideCpus(fractions) ?? [];
    expect(divided.map((each) => Number(each.toFixed(4)))).toEqual(expected);
  });

  test('[0.5, 0.5, 0.5] is refused', () => {
    expect(divideCpus([0.5, 0.5, 0.5])).toBeNull();
  });
});

describe('ParaDrop: cpu shares', () => {
  test.each<[name: string, fractions: readonly (number | null)[], shares: readonly number[]]>([
    ['no services', [], []],
    ['two services, none given', [null, null], [1024, 1024]],
    ['the only one has a quarter', [0.25], [1024]],
    ['two at a half each', [0.5, 0.5], [1024, 1024]],
    ['nothing given and one left out', [0, null], [1024, 1024]],
    ['the floor', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [10_240, 2, 2, 2, 2, 2, 2, 2, 2, 2]],
    ['all of it given', [1, null], [2048, 2]],
    ['fifty services', Array<null>(50).fill(null), Array<number>(50).fill(1024)],
  ])('%s', (_name, fractions, shares) => {
    expect(sharesOf(asks(fractions))).toEqual(shares);
  });

  test('a refusal names who asks, for how much, and what would be left', () => {
    const running = [...asks([0.7, null], 'old'), ...asks([0.25, 0.2])];
    expect(cpuShares(running, 'c')).toEqual({
      refusals: [
        {
          code: 'RIPCORD_RESOURCE_TAKEN',
          message:
            'cannot divide the cpus for c: c-s0 0.25, c-s1 0.2, old-s0 0.7 ask for 1.15, and there is 1',
          path: '/services/s0/requests/cpuFraction',
          hint: 'ask for at most 0.3, or stop another chute',
        },
      ],
    });
  });
});

test('everyone gets what they asked for, all of it is given, and order changes nothing', () => {
  const fraction = fc.option(fc.integer({ min: 0, max: 200 }).map((each) => each / 1000));
  fc.assert(
    fc.property(fc.array(fraction, { minLength: 1, maxLength: 50 }), (fractions) => {
      const divided = divideCpus(fractions);
      const sum = fractions.reduce<number>((total, each) => total + (each ?? 0), 0);
      expect(divided === null).toBe(sum > 1 + 1e-9);
      if (divided === null) return;
      expect(divided.reduce((total, each) => total + each, 0)).toBeCloseTo(1, 6);
      for (const [at, each] of divided.entries())
        expect(each).toBeGreaterThanOrEqual((fractions[at] ?? 0) - 1e-9);
      const running = asks(fractions);
      expect(cpuShares(running.toReversed(), 'c')).toEqual(cpuShares(running, 'c'));
    }),
  );
});
