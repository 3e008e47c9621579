import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../src/core/applied.ts';
import type { AnyDriver } from '../../src/core/driver.ts';
import type { Json } from '../../src/core/json.ts';
import { addSteps, aggregate, type AskedSteps } from '../../src/core/plan-graph.ts';
import type { CustomStepDraft } from '../../src/core/step.ts';
import { checkDrivers } from '../../src/engine/driver-check.ts';
import {
  ask,
  definition as chute,
  refusalsOf,
  run as live,
  planOf,
  service,
} from '../core/plan-model.ts';
import { carriedOut, type Entry } from './carried-out.ts';
import { afterReboot } from './rebooted.ts';
import { asked, definition, World } from './world.ts';

type Vector = {
  readonly area: string;
  readonly name: string;
  readonly given: unknown;
  readonly expected: unknown;
};

const VECTORS = JSON.parse(readFileSync('test/core/vectors/paradrop.json', 'utf8')) as Vector[];

const mine = VECTORS.filter(({ area }) =>
  ['plangraph', 'execution', 'reload', 'queue', 'boot'].includes(area),
);

const entriesOf = (names: readonly string[]): readonly Entry[] =>
  names.map((name, at) => ({ phase: at + 1, name, undo: [] }));

/** ParaDrop's printed form of a call, `ua['x']`, as it is written in a plan. */
const written = (call: string): string => call.replaceAll(/\['(.)'\]/g, '($1)');

type PlanRow = readonly [phase: number, todo: string, abort: string | readonly string[] | null];

const failingPlan = (given: Vector['given']): readonly Entry[] => {
  const { plan, failed_at: at } = given as { plan: readonly PlanRow[]; failed_at: string };
  return plan.map(([phase, name, abort]) => ({
    phase,
    name,
    undo: abort === null ? [] : typeof abort === 'string' ? [abort] : abort,
    fails: name === at,
  }));
};

const step = (
  id: string,
  phase: number,
  kind = 'test.do@1',
  args: Json = null,
): CustomStepDraft => ({
  id,
  phase,
  kind,
  args,
  title: id,
});

const from = (name: string, ...steps: readonly CustomStepDraft[]): AskedSteps => ({
  chute: name,
  module: 'vector',
  steps,
});

/** How ours shows each case, by its name. */
const CASES: Readonly<Record<string, (vector: Vector) => Promise<void> | void>> = {
  'todo order is by priority, not by insertion': ({ given, expected }) => {
    const { added } = given as { added: readonly (readonly [number, string])[] };
    const steps = aggregate([from('x', ...added.map(([phase, id]) => step(id, phase)))]);
    expect(steps.map(({ id }) => id)).toEqual((expected as { todo: unknown }).todo);
  },
  'abort order: newest first; the failing stage (c) is left out there': async ({
    given,
    expected,
  }) => {
    const { undone, outcome } = await carriedOut(failingPlan(given));
    expect(undone).toEqual((expected as { ours: unknown }).ours);
    expect(outcome).toMatchObject({ outcome: 'reverted', failedStep: '2/c' });
  },
  'duplicate aborts run once, at their newest place; inside one stage the given order is kept':
    async ({ given, expected }) => {
      const { undone } = await carriedOut(failingPlan(given));
      const { aborts } = expected as { aborts: readonly string[] };
      expect(undone).toEqual(aborts.map(written));
    },
  'a skipped step is not returned': async ({ given, expected }) => {
    const { plan, skip } = given as { plan: readonly string[]; skip: string };
    const { called } = await carriedOut(
      entriesOf(plan).map((entry) => ({ ...entry, skip: () => entry.name === skip })),
    );
    expect(called).toEqual((expected as { todo: unknown }).todo);
  },
  'skip hits every later entry with the function, whatever its arguments': async ({
    given,
    expected,
  }) => {
    const { plan, skip } = given as { plan: readonly string[]; skip: string };
    const { called } = await carriedOut(
      entriesOf(plan).map((entry) => ({ ...entry, skip: () => entry.name.startsWith(`${skip}(`) })),
    );
    expect(called).toEqual((expected as { todo: unknown }).todo);
  },
  'adding behind the running priority is an error': ({ given }) => {
    const { running, added } = given as { running: number; added: number };
    const steps = aggregate([from('x', step('now', running), step('later', running + 1))]);
    const adding = (phase: number) => () => addSteps(steps, 'now', [from('x', step('new', phase))]);
    expect(adding(added)).toThrow(/cannot add step new: .* now of phase 2 runs/);
    expect(adding(running)()).toHaveLength(3);
  },
  'abort given as a string is refused': ({ given }) => {
    const { abort } = given as { abort: never };
    const run: AnyDriver['run'] = async () => ({ result: null });
    for (const undo of [{ undo: abort }, { undoList: abort }, { undoList: [abort] }])
      expect(() => checkDrivers({ 'a.b@1': { idempotent: true, run, ...undo } })).toThrow(
        /cannot register a driver for a.b@1: undo/,
      );
  },
  'addMap appends: 4 + 4 plans': ({ given, expected }) => {
    const { left, right } = given as { left: number; right: number };
    const steps = (name: string, count: number): AskedSteps =>
      from(name, ...Array.from({ length: count }, (_none, at) => step(`${name}/${at}`, at)));
    const other = steps('right', right);
    const { plans, right_afterwards: after } = expected as Record<string, unknown>;
    expect(aggregate([steps('left', left), other])).toHaveLength(Number(plans));
    expect(other.steps).toHaveLength(Number(after));
  },
  'plans are equal iff same function and same arguments': ({ given, expected }) => {
    const { pairs } = given as { pairs: readonly (readonly [string, string])[] };
    const isOne = ([left, right]: readonly [string, string]): boolean => {
      const drafts = [left, right].map((call) => step('s', 1, `test.${call[0]}@1`, call.slice(1)));
      try {
        return aggregate(drafts.map((draft) => from('x', draft))).length === 1;
      } catch {
        return false;
      }
    };
    expect(pairs.map(isOne)).toEqual((expected as { equal: unknown }).equal);
  },
  'a step that returns another step makes it skipped': async ({ expected }) => {
    let returned = false;
    const { called, outcome } = await carriedOut(
      entriesOf(['a', 'b', 'c']).map((entry) => ({
        ...entry,
        skip: () => {
          returned ||= entry.name === 'b';
          return entry.name === 'c' && returned;
        },
      })),
    );
    expect(called).toEqual((expected as { called: unknown }).called);
    expect(outcome.outcome).toBe('committed');
  },
  'one undo fails, the next succeeds: goes on, not stuck there': failingUndos,
  'two undos fail, not in a row: goes on to the end': failingUndos,
  'modules are asked in the order name, state, struct, resource, traffic, runtime': () => {
    const installed = chute({ version: 2, owner: 'amelia' });
    const { applied } = live(NOTHING_APPLIED, planOf([ask('apply', installed)]));
    const wrong = chute({
      version: 1,
      owner: 'amelia',
      services: { main: service({ interfaces: { v: { type: 'vlan', 'vlan-id': 5000 } } }) },
      firewall: { page: { type: 'redirect', from: '@host.lan:80', to: 'nowhere:80' } },
    });
    const by = { user: 'mallory', role: 'user', via: 'test' };
    const modules = refusalsOf([ask('apply', wrong)], { applied, by }).map(({ module }) => module);
    expect([...new Set(modules)]).toEqual(['name', 'state', 'struct']);
  },
  'a failed section of the chute aborts': async () => {
    const { outcome, undone } = await carriedOut([
      { phase: 53, name: 'write', undo: ['put back'] },
      { phase: 63, name: 'reload', undo: [], fails: true },
      { phase: 86, name: 'stop', undo: ['start'] },
    ]);
    expect(outcome).toMatchObject({ outcome: 'reverted', failedStep: '1/reload' });
    expect(undone).toEqual(['put back']);
  },
  'chutes that should run are restarted at boot before new updates; a chute whose interface failed to come up is left out and keeps its wish to run':
    async ({ given, expected }) => {
      const { stored, interfaces_failed_of: failed } = given as {
        stored: Readonly<Record<string, 'running' | 'stopped'>>;
        interfaces_failed_of: readonly string[];
      };
      const { restarted, ch1_desired: wish } = expected as Record<string, unknown>;
      const { started, wishes } = await afterReboot(stored, failed);
      expect(started).toEqual(restarted);
      expect(wishes['ch1']).toBe(wish);
    },
  'first in, first out; one at a time': async ({ given, expected }) => {
    const { added } = given as { added: readonly string[] };
    const world = new World();
    const { requests } = await world.engine();
    const dones = [];
    for (const [at, message] of added.entries()) {
      const request = asked(definition('hello', at + 1, [message.toUpperCase()]));
      dones.push((await requests.ask({ ...request, mode: 'queue', message })).done);
    }
    await Promise.all(dones);
    const steps = world.story.filter((word) =>
      /^step\.(intended|succeeded) hello\/test/.test(word),
    );
    const wanted = (expected as readonly (string | null)[]).filter((name) => name !== null);
    expect(steps).toEqual(
      wanted.flatMap((name) => [`step.intended hello/${name}`, `step.succeeded hello/${name}`]),
    );
  },
};

async function failingUndos({ given, expected }: Vector): Promise<void> {
  const { 'undo (oldest first)': undos } = given as {
    'undo (oldest first)': readonly (readonly [string, string])[];
  };
  const { undone, outcome } = await carriedOut([
    ...undos.map(([name, how], at) => ({
      phase: at + 1,
      name: `do ${name}`,
      undo: [name],
      failsUndo: how === 'fails',
    })),
    { phase: 99, name: 'last', undo: [], fails: true },
  ]);
  // Each is tried again before it counts as failed.
  expect([...new Set(undone)]).toEqual((expected as { called_there: unknown }).called_there);
  const failing = undos.flatMap(([, how], at) => (how === 'fails' ? [at + 1] : []));
  expect(outcome.outcome).toBe('stuck');
  expect(outcome.stuck.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(failing);
}

describe('ParaDrop', () => {
  test.each(mine.map((vector) => [vector.area, vector.name, vector] as const))(
    '%s: %s',
    async (_area, name, vector) => {
      const check = CASES[name];
      if (!check) throw new Error(`nothing shows how ours does it: ${name}`);
      await check(vector);
    },
  );

  test('has sixteen of these', () => {
    expect(mine).toHaveLength(16);
  });
});
