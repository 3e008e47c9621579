import { describe, expect, test } from 'vitest';

import type { Definition } from '../../../src/core/chute.ts';
import {
  appliedAfter,
  ask,
  definition,
  digest,
  planOf,
  refusalsOf,
  service,
} from '../plan-model.ts';

/** Services by name, each with the letter of its release, or none. */
const chute = (releases: Readonly<Record<string, string | null>>): Definition =>
  definition({
    services: Object.fromEntries(
      Object.entries(releases).map(([name, letter]) => [
        name,
        service(letter === null ? {} : { source: { type: 'local', digest: digest(letter) } }),
      ]),
    ),
  });

type Releases = Readonly<Record<string, string | null>>;

describe('releases', () => {
  test.each<[story: string, before: Releases | null, after: Releases, steps: readonly string[]]>([
    [
      'one content for two services is fetched once',
      null,
      { a: 'x', b: 'x' },
      ['fetch x', 'switch a x', 'switch b x'],
    ],
    [
      'each content is fetched',
      null,
      { a: 'x', b: 'y' },
      ['fetch x', 'fetch y', 'switch a x', 'switch b y'],
    ],
    ['what is there is not fetched again', { a: 'x' }, { a: 'x', b: 'x' }, ['switch b x']],
    [
      'what another service had is there',
      { a: 'x', b: 'y' },
      { a: 'y', b: 'y' },
      ['switch a y', 'drop all but x,y'],
    ],
    [
      'a service that goes lets go',
      { a: 'x', b: 'y' },
      { a: 'x' },
      ['switch b none', 'drop all but x,y'],
    ],
    [
      'a service that needs no files any more lets go',
      { a: 'x' },
      { a: null },
      ['switch a none', 'drop all but x'],
    ],
    ['without sources there are no releases', null, { a: null }, []],
  ])('%s', (_story, before, after, steps) => {
    const applied = appliedAfter(...(before ? [[ask('apply', chute(before))]] : []));
    const found = planOf([ask('apply', chute(after))], { applied }).steps.flatMap(
      ({ kind, args }) => {
        const given = args as {
          digest?: string | null;
          service?: string;
          keep?: readonly string[];
        };
        const letter = given.digest?.at(-1) ?? 'none';
        if (kind === 'release.fetch@1') return [`fetch ${letter}`];
        if (kind === 'release.switch@1') return [`switch ${given.service} ${letter}`];
        const keep = given.keep?.map((each) => each.at(-1)).join() || 'nothing';
        return kind === 'release.drop@1' ? [`drop all but ${keep}`] : [];
      },
    );
    expect(found).toEqual(steps);
  });

  test('old releases go behind the commit', () => {
    const applied = appliedAfter([ask('apply', chute({ a: 'x' }))]);
    const { steps } = planOf([ask('apply', chute({ a: 'y' }))], { applied });
    expect(steps.filter(({ afterCommit }) => afterCommit).map(({ id }) => id)).toEqual([
      'hello/release.drop',
    ]);
  });

  test('files that nobody says the place of are refused', () => {
    expect(refusalsOf([ask('apply', chute({ a: 'x' }), { sources: {} })])).toMatchObject([
      {
        module: 'files',
        code: 'RIPCORD_SOURCE_UNREACHABLE',
        message: `cannot fetch the files of hello: nobody says where ${digest('x')} is`,
      },
    ]);
  });
});
