import type { Applied } from '../core/applied.ts';
import type { Driver, Probe, StepContext } from '../core/driver.ts';
import type { Json } from '../core/json.ts';
import { applyPatch, invert, type Patch } from '../core/patch.ts';

/** The parts of a test framework that the contract needs; vitest, jest and `node:test` have them. */
export type TestFramework = {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: (actual: unknown) => { readonly toEqual: (expected: unknown) => void };
};

/** One step in a world of its own. */
export type Scenario<Args> = {
  readonly context: StepContext;
  readonly args: Args;
  /** Everything in the world that the step may change, as JSON that two worlds share. Reads only. */
  readonly world: () => Promise<Json>;
  /** Takes the world down again. */
  readonly dispose?: () => Promise<void>;
};

/** A state of the world in which a run can be cut off. */
export type Prefix<Args, Undo> = {
  readonly name: string;
  /** What the probe has to say of it. */
  readonly state: Probe<never>['state'];
  /** Brings the world there, as a run that is cut off would. */
  readonly reach: (scenario: Scenario<Args>, undo: Undo) => Promise<void>;
};

/** A world in which the step cannot be done. */
type Failing<Args> = {
  readonly name: string;
  readonly code: string;
  readonly arrange: () => Promise<Scenario<Args>>;
};

export type DriverContract<Args, Undo, Result> = {
  readonly kind: string;
  readonly driver: Driver<Args, Undo, Result>;
  /** A new world with the step not done. */
  readonly arrange: () => Promise<Scenario<Args>>;
  readonly prefixes?: readonly Prefix<Args, Undo>[];
  readonly failing?: readonly Failing<Args>[];
};

type Run<Args, Undo, Result> = {
  readonly scenario: Scenario<Args>;
  readonly driver: Driver<Args, Undo, Result>;
  readonly expect: TestFramework['expect'];
  readonly before: Json;
  readonly undo: Undo;
};

/**
 * Registers the tests that every driver has to pass: undo undoes run; run twice is run once; the probe
 * tells the truth after nothing, each prefix, all and undo, and never changes anything; a run over a
 * prefix leaves what a run that nothing cut off leaves, where the driver says that it is idempotent; an
 * error leaves nothing or is seen by the probe.
 */
export function driverContract<Args, Undo, Result>(
  framework: TestFramework,
  contract: DriverContract<Args, Undo, Result>,
): void {
  const { describe, test, expect } = framework;
  const { driver, kind } = contract;
  const withWorld =
    (body: (run: Run<Args, Undo, Result>) => Promise<void>) => async (): Promise<void> => {
      const scenario = await contract.arrange();
      try {
        const before = await scenario.world();
        // Where nothing has to be prepared the undo data is null, as it is in the journal.
        const undo = ((await driver.prepare?.(scenario.context, scenario.args)) ?? null) as Undo;
        expect(await scenario.world()).toEqual(before);
        await body({ scenario, driver, expect, before, undo });
      } finally {
        await scenario.dispose?.();
      }
    };

  describe(`the driver of ${kind}`, () => {
    test('can be registered: it has a probe, is idempotent, or has no effect', async () => {
      const known = driver.probe !== undefined || driver.idempotent === true;
      expect(known || driver.effect === false).toEqual(true);
    });
    if (driver.effect === false) test('changes nothing in the world', withWorld(changesNothing));
    else {
      test('has an effect, and a probe that sees it', withWorld(hasEffect));
      test('run twice is run once', withWorld(runTwice));
      test('changes nothing when it is aborted before it begins', withWorld(aborted));
    }
    if (driver.undo !== undefined) {
      test('undo undoes run, also when repeated', withWorld(undoesRun));
      test('undo of nothing is success', withWorld(undoesNothing));
      test('run, undo and run again is run', withWorld(runsAgain));
    }
    for (const prefix of contract.prefixes ?? []) {
      test(`probe agrees after ${prefix.name}`, withWorld(probesPrefix(prefix)));
      test(`goes on after ${prefix.name}`, withWorld(goesOnAfter(prefix)));
      if (driver.idempotent === true) {
        test(`a run over ${prefix.name} completes it`, completes(contract, prefix, expect));
      }
      if (driver.undo !== undefined) {
        test(`undoes ${prefix.name}`, withWorld(undoesPrefix(prefix)));
      }
    }
    for (const failing of contract.failing ?? []) {
      test(`leaves nothing, or says so, when ${failing.name}`, () =>
        fails(failing, driver, expect));
    }
  });
}

async function changesNothing<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  const done = await driver.run(scenario.context, scenario.args, undo);
  expect(await scenario.world()).toEqual(before);
  expectPatch(run, scenario.context.applied, done.patch);
}

async function hasEffect<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  const { context, args } = scenario;
  if (driver.probe) expect((await driver.probe(context, args, undo)).state).toEqual('not-done');
  expect(await scenario.world()).toEqual(before);

  const done = await driver.run(context, args, undo);
  const after = await scenario.world();
  expect({ changed: JSON.stringify(after) !== JSON.stringify(before) }).toEqual({ changed: true });
  expect(JSON.parse(JSON.stringify(done))).toEqual(done);
  expectPatch(run, context.applied, done.patch);

  const probe = await driver.probe?.(context, args, undo);
  if (probe === undefined) return;
  expect(probe.state).toEqual('done');
  if (probe.state === 'done') expect(probe.done.patch).toEqual(done.patch);
  expect(await scenario.world()).toEqual(after);
}

async function runTwice<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, undo, expect } = run;
  const first = await driver.run(scenario.context, scenario.args, undo);
  const after = await scenario.world();
  const second = await driver.run(scenario.context, scenario.args, undo);
  expect(await scenario.world()).toEqual(after);
  expect(second.patch).toEqual(first.patch);
}

async function aborted<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  const context = { ...scenario.context, signal: AbortSignal.abort() };
  const failed = await driver.run(context, scenario.args, undo).then(
    () => false,
    () => true,
  );
  expect(failed).toEqual(true);
  expect(await scenario.world()).toEqual(before);
}

async function undoesRun<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  const { context, args } = scenario;
  const done = await driver.run(context, args, undo);
  const applied = patched(context.applied, done.patch);

  for (const turn of ['undone', 'undone again']) {
    const undone = await driver.undo?.({ ...context, applied }, args, undo);
    expect({ turn, world: await scenario.world() }).toEqual({ turn, world: before });
    expectPatch(run, context.applied, undone?.patch);
    const probe = await driver.probe?.(context, args, undo);
    if (probe) expect({ turn, state: probe.state }).toEqual({ turn, state: 'not-done' });
  }
}

async function undoesNothing<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  await driver.undo?.(scenario.context, scenario.args, undo);
  expect(await scenario.world()).toEqual(before);
}

async function runsAgain<A, U, R>(run: Run<A, U, R>): Promise<void> {
  const { scenario, driver, before, undo, expect } = run;
  const { context, args } = scenario;
  await driver.run(context, args, undo);
  await driver.undo?.(context, args, undo);
  await driver.run(context, args, undo);
  const after = await scenario.world();
  expect({ changed: JSON.stringify(after) !== JSON.stringify(before) }).toEqual({ changed: true });
}

function probesPrefix<A, U, R>(prefix: Prefix<A, U>): (run: Run<A, U, R>) => Promise<void> {
  return async ({ scenario, driver, undo, expect }) => {
    await prefix.reach(scenario, undo);
    const reached = await scenario.world();
    const probe = await driver.probe?.(scenario.context, scenario.args, undo);
    if (probe) expect(probe.state).toEqual(prefix.state);
    expect(await scenario.world()).toEqual(reached);
  };
}

function goesOnAfter<A, U, R>(prefix: Prefix<A, U>): (run: Run<A, U, R>) => Promise<void> {
  return async ({ scenario, driver, undo, expect }) => {
    const { context, args } = scenario;
    await prefix.reach(scenario, undo);
    await driver.run(context, args, undo);
    const probe = await driver.probe?.(context, args, undo);
    if (probe) expect(probe.state).toEqual('done');
    const after = await scenario.world();
    await driver.run(context, args, undo);
    expect(await scenario.world()).toEqual(after);
  };
}

/** In two worlds: one where the run was cut off and run again, one where nothing cut it off. */
function completes<A, U, R>(
  { arrange, driver }: DriverContract<A, U, R>,
  prefix: Prefix<A, U>,
  expect: TestFramework['expect'],
): () => Promise<void> {
  const leaves = async (cutOff: boolean): Promise<Json> => {
    const scenario = await arrange();
    try {
      const { context, args } = scenario;
      const undo = ((await driver.prepare?.(context, args)) ?? null) as U;
      if (cutOff) await prefix.reach(scenario, undo);
      await driver.run(context, args, undo);
      return await scenario.world();
    } finally {
      await scenario.dispose?.();
    }
  };
  return async () => expect(await leaves(true)).toEqual(await leaves(false));
}

function undoesPrefix<A, U, R>(prefix: Prefix<A, U>): (run: Run<A, U, R>) => Promise<void> {
  return async ({ scenario, driver, before, undo, expect }) => {
    await prefix.reach(scenario, undo);
    await driver.undo?.(scenario.context, scenario.args, undo);
    expect(await scenario.world()).toEqual(before);
  };
}

async function fails<A, U, R>(
  failing: Failing<A>,
  driver: Driver<A, U, R>,
  expect: TestFramework['expect'],
): Promise<void> {
  const scenario = await failing.arrange();
  const { context, args } = scenario;
  try {
    const before = await scenario.world();
    const prepared = await codeOrValue(async () => (await driver.prepare?.(context, args)) ?? null);
    if ('code' in prepared) {
      expect(prepared.code).toEqual(failing.code);
      expect(await scenario.world()).toEqual(before);
      return;
    }
    const undo = prepared.value as U;
    expect(await codeOrValue(() => driver.run(context, args, undo))).toEqual({
      code: failing.code,
    });
    const probe = await driver.probe?.(context, args, undo);
    expect(probe?.state === 'done').toEqual(false);
    if (probe !== undefined && probe.state !== 'not-done') {
      await driver.undo?.(context, args, undo);
    }
    expect(await scenario.world()).toEqual(before);
  } finally {
    await scenario.dispose?.();
  }
}

async function codeOrValue<T>(body: () => Promise<T>): Promise<{ value: T } | { code: unknown }> {
  return body().then(
    (value) => ({ value }),
    (error: unknown) => ({ code: (error as { code?: unknown }).code }),
  );
}

/** A patch has to fit what is applied, and taking it back has to lead to what was. */
function expectPatch<A, U, R>(run: Run<A, U, R>, applied: Applied, patch: Patch | undefined): void {
  if (patch === undefined) return;
  const after = patched(applied, patch);
  const inverse = invert(applied, patch);
  run.expect(patched(after, inverse)).toEqual(applied);
}

function patched(applied: Applied, patch: Patch | undefined): Applied {
  const copy = JSON.parse(JSON.stringify(applied)) as Applied;
  applyPatch(copy, patch ?? []);
  return copy;
}
