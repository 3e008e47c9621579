import { describe, expect, test } from 'vitest';

import { compareChute, touches } from '../../src/core/compare-chute.ts';
import { appliedAfter, ask, definition, digest, service, withDead } from './plan-model.ts';

const applied = appliedAfter([ask('apply', definition())]);
const hello = applied.chutes['hello'] ?? null;
const running = (given = definition()): Parameters<typeof compareChute>[1] => ({
  definition: given,
  run: 'running',
});

const other = appliedAfter([ask('apply', definition({ version: 2 }))]);
const otherwise = other.chutes['hello']?.services ?? {};

describe('the patch between what is applied and what is desired', () => {
  test.each<[story: string, patch: ReturnType<typeof compareChute>, paths: readonly string[]]>([
    ['is empty where both agree', compareChute(hello, running()), []],
    ['adds a new chute whole', compareChute(null, running()), ['/definition', '/run', '/services']],
    ['removes one that goes', compareChute(hello, null), ['/definition', '/run', '/services']],
    [
      'names a release by its content',
      compareChute(
        hello,
        running(
          definition({
            services: { main: service({ source: { type: 'git', digest: digest('b') } }) },
          }),
        ),
      ),
      ['/definition/services/main/source/digest'],
    ],
    [
      'names a service found dead',
      compareChute(withDead(applied, 'hello', 'main').chutes['hello'] ?? null, running()),
      ['/services/main'],
    ],
    [
      'names a service that runs otherwise than it is defined',
      compareChute(hello && { ...hello, services: otherwise }, running()),
      ['/services/main'],
    ],
    [
      'names a service whose files are not those it is defined with',
      compareChute(hello && { ...hello, releases: { main: digest('b') } }, running()),
      ['/services/main'],
    ],
    [
      'names what a stop is about',
      compareChute(hello, { definition: definition(), run: 'stopped' }),
      ['/run', '/services/main'],
    ],
  ])('%s', (_story, patch, paths) => {
    expect(patch.map(({ path }) => path)).toEqual(paths);
  });
});

describe('a change touches', () => {
  const patch = [{ op: 'replace', path: '/definition/services/main', value: null }] as const;
  test.each<[path: string, touched: boolean]>([
    ['/definition/services/main', true],
    ['/definition/services/main/ports', true],
    ['/definition/services', true],
    ['', true],
    ['/definition/services/ma', false],
    ['/definition/services/main2', false],
    ['/services', false],
  ])('"%s": %s', (path, touched) => {
    expect(touches({ patch }, path)).toBe(touched);
  });
});
