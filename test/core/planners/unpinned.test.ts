import { expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { Definition } from '../../../src/core/chute.ts';
import {
  type Ambient,
  ask,
  definition,
  digest,
  planOf,
  refusalsOf,
  run,
  service,
} from '../plan-model.ts';

const URL = 'https://x.example/app.tar';
const allowing = (applied = NOTHING_APPLIED) => ({
  ...applied,
  host: { ...applied.host, config: { system: { allowUnpinnedDownloads: true } } },
});

/** A chute whose archive was found to have this content, or has to have it. */
function of(letter: string, url: string | null = URL): Definition {
  const source = { type: 'http', digest: digest(letter), ...(url !== null && { url }) } as const;
  return definition({ services: { main: service({ source }) } });
}

const refusals = (chute: Definition, ambient: Ambient = {}) =>
  refusalsOf([ask('apply', chute)], ambient);

test('what is found is taken where the device allows it', () => {
  expect(refusals(of('a'), { applied: allowing() })).toEqual([]);
  expect(refusals(of('a'))).toMatchObject([
    {
      module: 'files',
      code: 'RIPCORD_SOURCE_UNPINNED',
      message: `cannot apply hello: the archive ${URL} of service main has no sha256, and this device does not take what it finds`,
      hint: expect.stringMatching(/add sha256: a{64} to its source/),
    },
  ]);
  expect(refusals(of('a', null))).toEqual([]);
});

const installed = run(NOTHING_APPLIED, planOf([ask('apply', of('a'))], { applied: allowing() }));
const applied = allowing(installed.applied);

test('other content at the same place is refused, naming both', () => {
  expect(refusals(of('b'), { applied })).toMatchObject([
    {
      code: 'RIPCORD_DIGEST_MISMATCH',
      message: `cannot apply hello: the archive ${URL} of service main was ${digest('a')} when it was first used, and now it is ${digest('b')}`,
      hint: `if that is meant, add sha256: ${'b'.repeat(64)} to its source`,
    },
  ]);
});

test.each([
  ['named by its digest', of('b', null), {}],
  ['at another place', of('b', `${URL}.gz`), {}],
  ['what this device once had', of('b'), { origin: { rollbackTo: 'hello@r1' } }],
])('other content is taken that is %s', (_what, chute, more) => {
  expect(refusals(chute, { applied, ...more })).toEqual([]);
});

test('what was recorded is taken again, also where it would not be recorded now', () => {
  const same = { ...of('a'), environment: { A: 'b' } };
  expect(refusals(same, { applied: installed.applied })).toEqual([]);
});

test('one place has one content: what changed between two looks is refused', () => {
  const [main, other] = ['a', 'b'].map((letter) => of(letter).services['main']);
  const both = definition({ services: { main: main ?? service(), other: other ?? service() } });
  const refused = {
    code: 'RIPCORD_DIGEST_MISMATCH',
    path: '/services/other/source',
    message: `cannot apply hello: the archive ${URL} of service other is ${digest('b')}, and for service main it was ${digest('a')} a moment before`,
  };
  expect(refusals(both, { applied: allowing() })).toMatchObject([refused]);
  expect(refusals(both, { applied })).toMatchObject([refused]);
});
