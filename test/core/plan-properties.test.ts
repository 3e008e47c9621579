import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, stateHash, type Applied } from '../../src/core/applied.ts';
import type { Definition, Service } from '../../src/core/chute.ts';
import { compareChute, viewOfApplied, viewOfDesired } from '../../src/core/compare-chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { withPorts } from '../../src/core/planners/dynamic-ports.ts';
import { publishedPorts } from '../../src/core/planners/published-ports.ts';
import {
  ask,
  definition,
  digest,
  patched,
  planned,
  run,
  service,
  sha256,
  withDead,
} from './plan-model.ts';

const NAMES = ['a', 'b', 'c'];
const PORTS = [1000, 2000, 3000];

const anyService = (at: number): fc.Arbitrary<Service> =>
  fc
    .record({
      digest: fc.option(fc.constantFrom('a', 'b', 'c')),
      ports: fc.subarray(PORTS, { maxLength: 1 }),
      dynamic: fc.boolean(),
      needs: fc.subarray(NAMES.slice(0, at)),
      volume: fc.option(fc.constantFrom('data', 'uploads')),
      value: fc.constantFrom('1', '2'),
    })
    .map((given) =>
      service({
        environment: { VALUE: given.value },
        needs: given.needs,
        ports: {
          ...Object.fromEntries(given.ports.map((port) => [`${port}/tcp`, { internal: port }])),
          ...(given.dynamic && { 'auto:5000/tcp': { internal: 5000 } }),
        },
        volumes: given.volume ? { '/data': { name: given.volume } } : {},
        ...(given.digest && { source: { type: 'local', digest: digest(given.digest) } }),
      }),
    );

const anyDefinition = (name: string): fc.Arbitrary<Definition> =>
  fc
    .tuple(
      fc.option(fc.integer({ min: 0, max: 3 })),
      ...NAMES.map((_, at) => fc.option(anyService(at), { freq: 2 })),
    )
    .map(([version, ...made]) => {
      const all = NAMES.flatMap((each, at) => (made[at] ? [[each, made[at]] as const] : []));
      const names = new Set(all.map(([each]) => each));
      const services = all.map(([each, one]) => [
        each,
        { ...one, needs: one.needs.filter((needed) => names.has(needed)) },
      ]);
      const { version: _version, ...rest } = definition({
        name,
        services: Object.fromEntries(services) as Definition['services'],
      });
      return version === null ? rest : { ...rest, version };
    });

const CHUTES = ['x', 'y', 'z'];

const anyRequest = (name: string): fc.Arbitrary<ChuteRequest> =>
  fc.oneof(
    { weight: 4, arbitrary: anyDefinition(name).map((each) => ask('apply', each)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('start', 'stop', 'restart', 'delete')
        .map((operation) => ask(operation, name)),
    },
  );

type Act =
  | { readonly dies: readonly [chute: string, service: string] }
  | { readonly update: readonly ChuteRequest[] };

const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .subarray(CHUTES, { minLength: 1 })
      .chain((names) => fc.tuple(...names.map(anyRequest)))
      .map((update) => ({ update })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...CHUTES), fc.constantFrom(...NAMES))
      .map((dies) => ({ dies })),
  },
);

/** Every situation that a run of acts comes through, with the plan that was made there. */
function* situations(acts: readonly Act[]): Generator<{
  readonly applied: Applied;
  readonly update: readonly ChuteRequest[];
  readonly made: Exclude<ReturnType<typeof planned>, { refusals: unknown } | { unchanged: true }>;
}> {
  let applied = NOTHING_APPLIED;
  for (const act of acts) {
    if ('dies' in act) {
      const [chute, name] = act.dies;
      if (applied.chutes[chute]?.services[name]?.state === 'running')
        applied = withDead(applied, chute, name);
      continue;
    }
    const made = planned(act.update, { applied, allowDowngrade: true });
    if (!('plan' in made)) continue;
    yield { applied, update: act.update, made };
    ({ applied } = run(applied, made.plan));
  }
}

const anyActs = fc.array(anyAct, { minLength: 1, maxLength: 6 });

describe('every plan', () => {
  test('ends where it was asked to, and is empty there', () => {
    let plans = 0;
    fc.assert(
      fc.property(anyActs, (acts) => {
        for (const { applied, made } of situations(acts)) {
          plans += 1;
          const after = run(applied, made.plan).applied;
          for (const { chute, desired } of made.changes) {
            const is = after.chutes[chute] ?? null;
            expect(viewOfApplied(is)).toEqual(viewOfDesired(desired));
            expect(compareChute(is, desired)).toEqual([]);
          }
          const again = made.changes.flatMap(({ desired }) =>
            desired?.run === 'running' ? [ask('apply', desired.definition)] : [],
          );
          expect(planned(again, { applied: after })).toEqual({ unchanged: true });
        }
      }),
    );
    expect(plans).toBeGreaterThan(100);
  });

  test('leaves exactly the ports of running chutes reserved', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        for (const { applied, made } of situations(acts)) {
          const after = run(applied, made.plan).applied;
          const published = Object.entries(after.chutes).flatMap(([chute, each]) =>
            each.definition && each.run === 'running'
              ? publishedPorts(withPorts(each.definition, 'process', each.dynamicPorts)).map(
                  ({ key, service: name }) => [key, { chute, service: name }],
                )
              : [],
          );
          expect(after.reservations.ports).toEqual(Object.fromEntries(published));
        }
      }),
    );
  });

  test('is taken back by its inverse patches from every step on', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        for (const { applied, made } of situations(acts)) {
          for (let done = 0; done <= made.plan.steps.length; done++) {
            const steps = made.plan.steps.slice(0, done);
            const { applied: half, inverses } = run(applied, { steps });
            const back = inverses.toReversed().reduce(patched, half);
            expect(back).toEqual(applied);
            expect(stateHash(back, sha256)).toBe(stateHash(applied, sha256));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is the same for the same request in another order of keys and chutes', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        for (const { applied, update, made } of situations(acts)) {
          const other = planned(reversed(update), {
            applied: reversed(applied),
            allowDowngrade: true,
          });
          expect(other).toMatchObject({ plan: { hash: made.plan.hash } });
          expect('plan' in other && other.plan.steps).toEqual(made.plan.steps);
        }
      }),
    );
  });

  test('orders its steps by level, phase, chute and id, above all they need', () => {
    fc.assert(
      fc.property(anyActs, (acts) => {
        for (const { made } of situations(acts)) {
          const { steps } = made.plan;
          expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
          const levels = new Map(steps.map(({ id, level }) => [id, level]));
          for (const [at, step] of steps.entries()) {
            expect(step.n).toBe(at + 1);
            for (const id of step.needs ?? []) expect(levels.get(id)).toBeLessThan(step.level);
            const next = steps[at + 1];
            if (!next) continue;
            expect(next.level - step.level).toBeOneOf([0, 1]);
            if (next.level === step.level) expect(next.phase).toBe(step.phase);
            if (next.afterCommit === step.afterCommit)
              expect(next.phase).toBeGreaterThanOrEqual(step.phase);
            if (step.afterCommit) expect(next.afterCommit).toBe(true);
          }
        }
      }),
    );
  });
});

/** The same value with all keys, and the members of the outer array, the other way round. */
function reversed<T>(value: T, depth = 0): T {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const members = value.map((each: unknown) => reversed(each, depth + 1));
    return (depth === 0 ? members.toReversed() : members) as T;
  }
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member as unknown, depth + 1)]),
  ) as T;
}
