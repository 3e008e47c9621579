import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { Definition, Service } from '../../../src/core/chute.ts';
import type { Capability } from '../../../src/core/facts.ts';
import {
  appliedAfter,
  argsOf,
  ask,
  definition,
  planned,
  patched,
  planOf,
  refusalsOf,
  run,
  service,
} from '../plan-model.ts';

const CAN: readonly Capability[] = ['cpu-shares', 'memory-limit'];
const facts = { capabilities: CAN };

type Requests = Service['requests'];

const chute = (name: string, services: Readonly<Record<string, Requests>>): Definition =>
  definition({
    name,
    services: Object.fromEntries(
      Object.entries(services).map(([each, requests]) => [each, service({ requests })]),
    ),
  });

/** What is applied after each of these was applied, one after the other. */
const after = (...chutes: readonly Definition[]): Applied =>
  chutes.reduce<Applied>(
    (applied, each) => run(applied, planOf([ask('apply', each)], { applied, facts })).applied,
    NOTHING_APPLIED,
  );

const cpu = (cpuFraction: number): Requests => ({ cpuFraction });
const CAMERA = chute('camera', { main: cpu(0.5), recorder: {} });
const WIKI = chute('wiki', { main: {} });

/** The shares alone, by `chute-service`. */
function sharesOf({ limits }: Applied): Readonly<Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, services]) =>
      Object.entries(services).map(([each, { shares }]) => [`${name}-${each}`, shares]),
    ),
  );
}

describe('cpu shares', () => {
  test.each<[story: string, chutes: readonly Definition[], shares: Record<string, number>]>([
    ['nobody asks: nobody has any', [WIKI, chute('blog', { main: {} })], {}],
    ['all ask alike: nobody has any', [chute('a', { x: cpu(0.2), y: cpu(0.2) })], {}],
    ['one alone has all', [chute('a', { main: cpu(0.25) })], {}],
    ['one of two', [CAMERA], { 'camera-main': 1536, 'camera-recorder': 512 }],
    [
      'of all services of the device',
      [WIKI, CAMERA],
      { 'camera-main': 2048, 'camera-recorder': 512, 'wiki-main': 512 },
    ],
    [
      'exactly 1 leaves the others 0',
      [chute('a', { x: cpu(0.75), y: cpu(0.25) }), WIKI],
      { 'a-x': 2304, 'a-y': 768, 'wiki-main': 2 },
    ],
  ])('%s', (_story, chutes, shares) => {
    expect(sharesOf(after(...chutes))).toEqual(shares);
  });

  test('of others change with the plan that changes them, and with its undoing', () => {
    const applied = after(CAMERA);
    const plan = planOf([ask('apply', WIKI)], { applied, facts });
    expect(argsOf(plan, 'resource.limit@1', 'host/resource.limit:camera').services).toEqual({
      main: { shares: 2048, memory: null },
      recorder: { shares: 512, memory: null },
    });
    const ran = run(applied, plan);
    const undone = ran.inverses
      .toReversed()
      .reduce((now, patch) => patched(now, patch), ran.applied);
    expect(undone).toEqual(applied);
  });

  test('of a stopped chute are given to the others', () => {
    const applied = after(WIKI, CAMERA);
    const plan = planOf([ask('stop', 'camera')], { applied, facts });
    expect(run(applied, plan).applied.limits).toEqual({});
  });

  test('of a deleted chute are given to the others', () => {
    const applied = after(WIKI, CAMERA);
    const plan = planOf([ask('delete', 'wiki')], { applied, facts });
    expect(sharesOf(run(applied, plan).applied)).toEqual({
      'camera-main': 1536,
      'camera-recorder': 512,
    });
  });

  test('change without a restart', () => {
    const applied = after(CAMERA);
    const more = chute('camera', { main: cpu(0.75), recorder: {} });
    const kinds = planOf([ask('apply', more)], { applied, facts }).steps.map(({ kind }) => kind);
    expect(kinds).toEqual(['resource.limit@1', 'gate.check@1', 'chute.save@1']);
  });

  test('are given before a service starts, after what it replaces has stopped', () => {
    const applied = after(CAMERA);
    const other = { ...CAMERA, environment: { A: '1' } };
    const more = { ...other, services: chute('camera', { main: cpu(0.75) }).services };
    const { steps } = planOf([ask('apply', more)], { applied, facts });
    const at = (kind: string): number => steps.findIndex((step) => step.kind === kind);
    expect(at('process.stop@1')).toBeLessThan(at('resource.limit@1'));
    const level = (kind: string): number => steps[at(kind)]?.level ?? 0;
    expect(level('resource.limit@1')).toBeLessThan(level('process.start@1'));
  });

  test('of several new chutes are one step each, with all who caused it as owners', () => {
    const applied = after(WIKI);
    const blog = chute('blog', { main: {} });
    const { steps } = planOf([ask('apply', CAMERA), ask('apply', blog)], { applied, facts });
    const limits = steps.filter(({ kind }) => kind === 'resource.limit@1');
    expect(limits.map(({ id, chute: first, owners }) => [id, owners ?? first])).toEqual([
      ['host/resource.limit:blog', 'blog'],
      ['host/resource.limit:wiki', ['blog', 'camera']],
      ['host/resource.limit:camera', 'camera'],
    ]);
  });

  test('an own old version is replaced, not added', () => {
    const applied = after(chute('a', { main: cpu(0.9) }));
    expect(refusalsOf([ask('apply', chute('a', { main: cpu(0.95) }))], { applied, facts })).toEqual(
      [],
    );
  });

  test('more than there is is refused with who asks for how much', () => {
    const applied = after(CAMERA);
    const [refusal] = refusalsOf([ask('apply', chute('b', { main: cpu(0.6) }))], {
      applied,
      facts,
    });
    expect(refusal).toEqual({
      chute: 'b',
      module: 'resource',
      code: 'RIPCORD_RESOURCE_TAKEN',
      message:
        'cannot divide the cpus for b: b-main 0.6, camera-main 0.5 ask for 1.1, and there is 1',
      path: '/services/main/requests/cpuFraction',
      hint: 'ask for at most 0.5, or stop another chute',
    });
  });

  test('where they cannot be enforced are told of and not planned', () => {
    const answer = planned([ask('apply', CAMERA)], { facts: { capabilities: [] } });
    if (!('plan' in answer)) throw new Error(JSON.stringify(answer));
    expect(answer.plan.steps.map(({ kind }) => kind)).not.toContain('resource.limit@1');
    expect(answer.warnings).toMatchObject([
      {
        module: 'resource',
        message:
          'cpu shares of camera are computed but not enforced here: main would have 1536, and this host has no cpu cgroup that can be written',
        path: '/services/main/requests/cpuFraction',
      },
    ]);
  });

  test('50 services that ask for nothing have no steps, and all have one when one asks', () => {
    const many = Array.from({ length: 50 }, (_, at) => chute(`c${at}`, { main: {} }));
    const applied = appliedAfter(many.map((each) => ask('apply', each)));
    expect(applied.limits).toEqual({});
    const plan = planOf([ask('apply', chute('new', { main: cpu(0.5) }))], { applied, facts });
    const shares = sharesOf(run(applied, plan).applied);
    expect(Object.keys(shares)).toHaveLength(51);
    expect(shares).toMatchObject({ 'c0-main': 512, 'new-main': 512 + 512 * 51 });
  });
});

describe('memory', () => {
  const small = chute('small', { main: { memory: 64 * 1024 * 1024 }, side: {} });

  test('is limited for who asks alone', () => {
    expect(after(WIKI, small).limits).toEqual({
      small: { main: { shares: null, memory: 67_108_864 } },
    });
  });

  test('is refused where it cannot be limited', () => {
    const refusals = refusalsOf([ask('apply', small)], { facts: { capabilities: ['cpu-shares'] } });
    expect(refusals).toMatchObject([
      {
        module: 'resource',
        code: 'RIPCORD_RUNTIME_UNSUPPORTED',
        path: '/services/main/requests/memory',
      },
    ]);
  });
});

test('high priority is told of: no host has traffic classes', () => {
  const answer = planned([ask('apply', chute('a', { main: { priority: 'high' } }))]);
  expect(answer).toMatchObject({
    warnings: [{ module: 'resource', path: '/services/main/requests/priority' }],
  });
});
