import { freeze } from 'immer';
import { expect, test } from 'vitest';

import { type AppliedChute, NEW_CHUTE } from '../../src/core/applied.ts';
import { overviewOf } from '../../src/core/overview.ts';
import { definition, service } from './plan-model.ts';

const greedy = (): AppliedChute => ({
  ...NEW_CHUTE,
  run: 'running',
  definition: definition({ services: { main: service({ requests: { cpuFraction: 0.5 } }) } }),
});

const redirecting = (): AppliedChute => ({
  ...NEW_CHUTE,
  redirects: [
    { name: 'web', fromInterface: 'host.lan', fromPort: 80, toAddress: '10.0.0.2', toPort: 80 },
  ],
});

const told = (chutes: Readonly<Record<string, AppliedChute>>) => {
  const { views, asking, redirecting: sending } = overviewOf(chutes);
  const names = (list: typeof views) => list.map(({ chute }) => chute).join(' ');
  return [names(views), names(asking), names(sending)];
};

test('chutes are told by name, whatever was told of others before', () => {
  const plain = freeze({ ...NEW_CHUTE }, true);
  const first = freeze({ b: plain, a: greedy(), c: redirecting() }, true);
  expect(told(first)).toEqual(['a b c', 'a', 'c']);
  expect(told(freeze({ ...first, b: greedy() }, true))).toEqual(['a b c', 'a b', 'c']);
  expect(told(freeze({ ...first, a: plain, c: greedy() }, true))).toEqual(['a b c', 'c', '']);
  expect(told(freeze({ ...first, d: redirecting() }, true))).toEqual(['a b c d', 'a', 'c d']);
  expect(told(freeze({ b: plain }, true))).toEqual(['b', '', '']);
  expect(told({})).toEqual(['', '', '']);
  expect(told(first)).toEqual(['a b c', 'a', 'c']);
});

test('a chute that stays as it is is viewed once, one that could change each time', () => {
  const chutes = freeze({ a: greedy(), b: redirecting() }, true);
  const [a] = overviewOf(chutes).views;
  expect(overviewOf(freeze({ ...chutes, b: greedy() }, true)).views[0]).toBe(a);
  const own: { -readonly [K in keyof AppliedChute]: AppliedChute[K] } = { ...NEW_CHUTE };
  const loose = { a: own };
  expect(told(loose)).toEqual(['a', '', '']);
  own.redirects = redirecting().redirects;
  expect(told(loose)).toEqual(['a', '', 'a']);
});
