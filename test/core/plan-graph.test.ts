import { describe, expect, test } from 'vitest';

import type { RipcordError } from '../../src/core/errors.ts';
import { addSteps, aggregate, planHash, type AskedSteps } from '../../src/core/plan-graph.ts';
import type { CustomStepDraft, Step } from '../../src/core/step.ts';
import { sha256 } from './plan-model.ts';

type Given = Partial<CustomStepDraft> & Pick<CustomStepDraft, 'id'>;

const draft = (given: Given): CustomStepDraft => ({
  phase: 1,
  kind: 'test.do@1',
  args: null,
  title: given.id,
  ...given,
});

const asked = (chute: string, ...steps: readonly Given[]): AskedSteps => ({
  chute,
  module: 'test',
  steps: steps.map(draft),
});

const placed = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ level, id }) => `${level} ${id}`);

const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
};

test.each([
  ['image.pull@1', 6],
  ['image.build@1', 2],
])('%s has hours, as it tells how it goes', (kind, hours) => {
  const [step] = aggregate([asked('x', { id: 'a', kind })]);
  expect(step?.timeoutMs).toBe(hours * 3_600_000);
});

describe('the order of a plan', () => {
  test.each<[story: string, asked: readonly AskedSteps[], order: readonly string[]]>([
    [
      'ParaDrop: todo order is by priority, not by insertion',
      [
        asked(
          'x',
          { id: 'c', phase: 30 },
          { id: 'a', phase: 1 },
          { id: 'd', phase: 63 },
          { id: 'b', phase: 7 },
        ),
      ],
      ['1 a', '2 b', '3 c', '4 d'],
    ],
    [
      'ParaDrop: addMap appends: 4 + 4 plans',
      [
        asked('x', { id: 'x/1' }, { id: 'x/2' }, { id: 'x/3' }, { id: 'x/4' }),
        asked('y', { id: 'y/1' }, { id: 'y/2' }, { id: 'y/3' }, { id: 'y/4' }),
      ],
      ['1 x/1', '1 x/2', '1 x/3', '1 x/4', '1 y/1', '1 y/2', '1 y/3', '1 y/4'],
    ],
    [
      'within a level the chute comes before the id',
      [asked('y', { id: 'a' }), asked('x', { id: 'b' }, { id: 'a2' })],
      ['1 a2', '1 b', '1 a'],
    ],
    [
      'what is needed comes first, and the rest of its phase waits no longer than it must',
      [
        asked(
          'x',
          { id: 'a', needs: ['b'] },
          { id: 'b' },
          { id: 'c' },
          { id: 'd', needs: ['a', 'c'] },
        ),
      ],
      ['1 b', '1 c', '2 a', '3 d'],
    ],
    [
      'a lower phase is over before a higher one begins',
      [asked('x', { id: 'a', phase: 2 }, { id: 'b' }, { id: 'c', needs: ['b'] })],
      ['1 b', '2 c', '3 a'],
    ],
    [
      'what comes after the commit is last, whatever its phase',
      [asked('x', { id: 'a', afterCommit: true }, { id: 'b', phase: 95 })],
      ['1 b', '2 a'],
    ],
    [
      'steps with one key become one, behind the last of them',
      [
        asked('x', { id: 'x/write', phase: 3 }, { id: 'x/reload', phase: 5, key: 'reload:dns' }),
        asked('y', { id: 'y/write', phase: 4 }, { id: 'y/reload', phase: 6, key: 'reload:dns' }),
      ],
      ['1 x/write', '2 y/write', '3 x/reload'],
    ],
    [
      'who needs a merged step needs the one it became',
      [
        asked('x', { id: 'x/reload', key: 'k' }),
        asked('y', { id: 'y/reload', key: 'k' }, { id: 'y/see', needs: ['y/reload'] }),
      ],
      ['1 x/reload', '2 y/see'],
    ],
    [
      'a merged step comes behind everything that any of them needs',
      [
        asked('x', { id: 'x/reload', key: 'k' }),
        asked('y', { id: 'y/write' }, { id: 'y/reload', key: 'k', needs: ['y/write'] }),
      ],
      ['1 y/write', '2 x/reload'],
    ],
  ])('%s', (_story, given, order) => {
    expect(placed(aggregate(given))).toEqual(order);
    expect(placed(aggregate(given.toReversed()))).toEqual(order);
  });

  test('numbers its steps from 1', () => {
    expect(aggregate([asked('x', { id: 'b' }, { id: 'a' })]).map(({ n, id }) => [n, id])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  test('names all who asked for a merged step, and nobody for one of its own', () => {
    const steps = aggregate([
      asked('y', { id: 'y/r', key: 'k' }, { id: 'shared' }),
      asked('x', { id: 'x/r', key: 'k' }, { id: 'shared' }),
      asked('z', { id: 'z/r', key: 'k' }, { id: 'z/own' }),
    ]);
    expect(steps.map(({ id, chute, owners }) => [id, chute, owners])).toEqual([
      ['shared', 'x', ['x', 'y']],
      ['x/r', 'x', ['x', 'y', 'z']],
      ['z/own', 'z', undefined],
    ]);
  });

  test('gives a step time and retries by its kind where it asks for none', () => {
    const steps = aggregate([
      asked(
        'x',
        { id: 'a', kind: 'process.start@1' },
        { id: 'b', kind: 'release.switch@1' },
        { id: 'c', timeoutMs: 1, retries: 0 },
      ),
    ]);
    expect(steps.map(({ timeoutMs, retries }) => [timeoutMs, retries])).toEqual([
      [60_000, 2],
      [10_000, 2],
      [1, 0],
    ]);
  });
});

describe('steps that cannot be', () => {
  test.each<[story: string, steps: readonly Given[], message: string]>([
    [
      'a need that is no step',
      [{ id: 'a', needs: ['b'] }],
      'cannot order step a: it needs b, which is no step',
    ],
    [
      'a need of a later phase',
      [
        { id: 'a', needs: ['b'] },
        { id: 'b', phase: 2 },
      ],
      'cannot order step a of phase 1: it needs b, which comes later',
    ],
    [
      'a need behind the commit',
      [
        { id: 'a', phase: 2, needs: ['b'] },
        { id: 'b', afterCommit: true },
      ],
      'cannot order step a of phase 2: it needs b, which comes later',
    ],
    [
      'a circle',
      [
        { id: 'a', needs: ['b'] },
        { id: 'b', needs: ['c'] },
        { id: 'c', needs: ['b'] },
      ],
      'cannot order steps that wait for each other: b needs c needs b',
    ],
    [
      'a step that needs itself',
      [{ id: 'a', needs: ['a'] }],
      'cannot order steps that wait for each other: a needs a',
    ],
  ])('%s is refused', (_story, steps, message) => {
    expect(thrownBy(() => aggregate([asked('x', ...steps)]))).toMatchObject({
      code: 'RIPCORD_PLAN_INVALID' satisfies RipcordError['code'],
      message,
    });
  });

  // ParaDrop: plans are equal iff same function and same arguments.
  test.each<[story: string, other: Given, count: number | 'bug']>([
    ['same kind and arguments', { id: 'a', kind: 'f.do@1', args: [1] }, 1],
    ['other arguments', { id: 'a', kind: 'f.do@1', args: [2] }, 'bug'],
    ['another kind', { id: 'a', kind: 'g.do@1', args: [1] }, 'bug'],
    ['another phase', { id: 'a', kind: 'f.do@1', args: [1], phase: 2 }, 'bug'],
  ])('steps of one id with %s', (_story, other, count) => {
    const both = (): readonly Step[] =>
      aggregate([asked('x', { id: 'a', kind: 'f.do@1', args: [1] }), asked('x', other)]);
    if (count === 'bug') expect(both).toThrow('two different steps are called a');
    else expect(both()).toHaveLength(count);
  });

  test('steps of one key with other arguments are a bug', () => {
    expect(() =>
      aggregate([
        asked('x', { id: 'a', key: 'k', args: [1] }),
        asked('y', { id: 'b', key: 'k', args: [2] }),
      ]),
    ).toThrow('steps a and b of one key differ');
  });
});

describe('steps that are found while a plan runs', () => {
  const steps = aggregate([
    asked('x', { id: 'a', phase: 1 }, { id: 'b', phase: 2 }, { id: 'c', phase: 3 }),
  ]);

  test('get their place among what is left; what ran keeps its own', () => {
    const more = addSteps(steps, 'b', [
      asked('x', { id: 'b2', phase: 2 }, { id: 'd', phase: 4, needs: ['a'] }),
    ]);
    expect(more.map(({ n, level, id }) => [n, level, id])).toEqual([
      [1, 1, 'a'],
      [2, 2, 'b'],
      [3, 3, 'b2'],
      [4, 4, 'c'],
      [5, 5, 'd'],
    ]);
  });

  test('change nothing when they are there already', () => {
    expect(
      addSteps(steps, 'b', [asked('x', { id: 'a', phase: 1 }, { id: 'c', phase: 3 })]),
    ).toEqual(steps);
  });

  test('ParaDrop: adding behind the running priority is an error', () => {
    expect(
      thrownBy(() => addSteps(steps, 'b', [asked('x', { id: 'late', phase: 1 })])),
    ).toMatchObject({
      code: 'RIPCORD_PLAN_INVALID',
      message: 'cannot add step late: its phase 1 is over, b of phase 2 runs',
    });
  });
});

test('the plan hash tells steps, patches, requests and planner versions apart, not the order of keys', () => {
  const steps = aggregate([asked('x', { id: 'a', args: { b: 1, a: 2 } })]);
  const content = { request: { a: 1, b: 2 }, patch: [], steps, planners: { test: 1 } };
  const hash = planHash(content, sha256);
  const others = [
    { ...content, request: { a: 1 } },
    { ...content, patch: [{ op: 'remove', path: '/a' } as const] },
    { ...content, steps: [] },
    { ...content, planners: { test: 2 } },
  ];
  for (const other of others) expect(planHash(other, sha256)).not.toBe(hash);
  const turned = aggregate([asked('x', { id: 'a', args: { a: 2, b: 1 } })]);
  expect(planHash({ ...content, steps: turned, request: { b: 2, a: 1 } }, sha256)).toBe(hash);
});
