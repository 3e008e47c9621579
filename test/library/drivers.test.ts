import { afterEach, describe, expect, test } from 'vitest';

import type { AnyDriver, Probe, StepContext } from '../../src/core/driver.ts';
import type { Json } from '../../src/core/json.ts';
import type { Planner } from '../../src/core/plan.ts';
import { defineDriver, definePlanner } from '../../src/library/define.ts';
import type { Ripcord, RipcordOptions } from '../../src/library/ripcord.ts';
import { chute, Root, SLEEPS } from './open-root.ts';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

const LAMP = 'hello/lamp.light';

/** A lamp for every chute, lit before its services start. */
const lampsWith = (limits: { readonly timeoutMs: number; readonly retries: number }): Planner =>
  definePlanner({
    name: 'lamps',
    version: 1,
    plan: ({ chute: name, before, desired }) => {
      if (!desired || before?.definition) return { steps: [] };
      const id = `${name}/lamp.light`;
      const words = { title: `light the lamp of ${name}`, undo: 'put it out' };
      const args = { lamp: name };
      return { steps: [{ id, phase: 72, kind: 'lamp.light@1', args, ...words, ...limits }] };
    },
  });
const lamps = lampsWith({ timeoutMs: 40, retries: 1 });

/** Lamps that are lit, by the mark of the step that lit them. */
class Lamps {
  readonly lit = new Map<string, string>();
  /** What was done to them, in order. */
  readonly ledger: string[] = [];

  light({ mark }: StepContext): void {
    this.ledger.push('light');
    this.lit.set('hello', mark);
  }

  driver(more: Partial<AnyDriver> = {}): AnyDriver {
    return defineDriver<Json, Json, Json>({
      prepare: async () => ({ before: this.lit.get('hello') ?? null }),
      run: async (context) => {
        this.light(context);
        return { result: 'lit' };
      },
      probe: async ({ mark }) => this.look(mark),
      undo: async () => {
        this.ledger.push('put out');
        this.lit.delete('hello');
      },
      ...more,
    });
  }

  look(mark: string): Probe<Json> {
    const evidence = this.lit.get('hello') ?? null;
    if (evidence !== mark) return { state: 'not-done', evidence };
    return { state: 'done', evidence, done: { result: 'lit' } };
  }
}

const open = async (driver: AnyDriver, more: Partial<RipcordOptions> = {}): Promise<Ripcord> =>
  await root.open({ drivers: { 'lamp.light@1': driver }, planners: [lamps], ...more });

/** What is on record about the lamp: the events of its step, with the state that a probe found. */
async function story(ripcord: Ripcord): Promise<readonly string[]> {
  const told: string[] = [];
  for await (const record of ripcord.engine.journal.read(1)) {
    if (!('step' in record) || record.step !== LAMP || record.type === 'update.aborting') continue;
    if (record.type === 'step.probed') told.push(`${record.type} ${record.state}`);
    else if (record.type === 'step.succeeded' && record.recovered) told.push('recovered');
    else told.push(record.type);
  }
  return told;
}

/** Never answers: rejects when its time is up, as a driver does that listens to its signal. */
const silence = async ({ signal }: StepContext): Promise<never> =>
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('a step of a kind of one’s own', () => {
  test('runs with the others, and is undone with them', async () => {
    const world = new Lamps();
    const ripcord = await open(world.driver(), { faults: 'fail@step=hello/gate.check' });
    const failed = await ripcord.apply([chute(SLEEPS)]);
    expect(await failed.done).toMatchObject({
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
    });
    expect(world.ledger).toEqual(['light', 'put out']);
    expect(await story(ripcord)).toEqual([
      'step.intended',
      'step.succeeded',
      'compensation.intended',
      'compensation.succeeded',
    ]);
    await ripcord.close();

    const later = await open(world.driver());
    const update = await later.apply([chute(SLEEPS)]);
    expect(await update.done).toMatchObject({ outcome: 'committed' });
    expect(world.lit.get('hello')).toBe(`u2/${LAMP}`);
  });

  test('needs a driver that can be relied on after a crash', async () => {
    const whole = new Lamps().driver();
    const blind: AnyDriver = { run: async (context, args, undo) => whole.run(context, args, undo) };
    await expect(open(blind)).rejects.toMatchObject({ code: 'RIPCORD_DRIVER_INVALID' });
    await open({ ...blind, idempotent: true });
  });

  test('without a driver fails its update, which is rolled back', async () => {
    const ripcord = await root.open({ planners: [lamps] });
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({
      outcome: 'reverted',
      failedStep: LAMP,
      error: { code: 'RIPCORD_DRIVER_MISSING' },
    });
    expect(ripcord.state.applied.chutes).toEqual({});
  });
});

describe('a step that uses up its time', () => {
  test('is done when the world shows its effect', async () => {
    const world = new Lamps();
    const run = async (context: StepContext): Promise<never> => {
      world.light(context);
      return await silence(context);
    };
    const ripcord = await open(world.driver({ run }));
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({ outcome: 'committed' });
    expect(world.ledger).toEqual(['light']);
    expect(await story(ripcord)).toEqual([
      'step.intended',
      'step.timedOut',
      'step.probed done',
      'recovered',
    ]);
  });

  test('is tried again when the world does not', async () => {
    const world = new Lamps();
    let calls = 0;
    const run: AnyDriver['run'] = async (context) => {
      calls += 1;
      if (calls === 1) return await silence(context);
      world.light(context);
      return { result: 'lit' };
    };
    const ripcord = await open(world.driver({ run }));
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({ outcome: 'committed' });
    expect(await story(ripcord)).toEqual([
      'step.intended',
      'step.timedOut',
      'step.probed not-done',
      'step.intended',
      'step.succeeded',
    ]);
  });

  test('is undone when nobody can tell', async () => {
    const world = new Lamps();
    const probe = async (): Promise<Probe<Json>> => ({ state: 'unknown', evidence: 'dark' });
    const run = async (context: StepContext): Promise<never> => {
      world.light(context);
      return await silence(context);
    };
    const ripcord = await open(world.driver({ run, probe }));
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({
      outcome: 'reverted',
      failedStep: LAMP,
      error: { code: 'RIPCORD_STEP_UNKNOWN' },
    });
    expect(world.ledger).toEqual(['light', 'put out']);
  });

  test('is given up when it always does', async () => {
    const world = new Lamps();
    const ripcord = await open(world.driver(), { faults: `hang@step=${LAMP}` });
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({
      outcome: 'reverted',
      failedStep: LAMP,
      error: { code: 'RIPCORD_STEP_TIMEOUT' },
    });
    expect(world.lit.size).toBe(0);
    expect((await story(ripcord)).filter((each) => each === 'step.timedOut')).toHaveLength(2);
    expect(ripcord.state.applied.chutes).toEqual({});
  });

  test('is not waited for any longer when its driver does not listen', async () => {
    const world = new Lamps();
    const run = async (): Promise<never> => await new Promise<never>(() => undefined);
    const planners = [lampsWith({ timeoutMs: 40, retries: 0 })];
    const ripcord = await open(world.driver({ run }), { planners });
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({ outcome: 'reverted', failedStep: LAMP });
    expect(await story(ripcord)).toContain('step.timedOut');
  });

  test('in its undo, leaves the update stuck, naming why', async () => {
    const world = new Lamps();
    const undo = async (context: StepContext): Promise<never> => await silence(context);
    const faults = 'fail@step=hello/gate.check';
    const retry = { undoAttemptsMax: 2 };
    const ripcord = await open(world.driver({ undo }), { faults, retry });
    const { done } = await ripcord.apply([chute(SLEEPS)]);
    expect(await done).toMatchObject({
      outcome: 'stuck',
      stuck: [{ step: LAMP, state: 'failed', reason: { code: 'RIPCORD_STEP_TIMEOUT' } }],
    });
    await ripcord.close();

    const later = await open(world.driver());
    const n = later.state.updates['u1']?.stuck[0]?.n ?? 0;
    const by = { user: 'amelia', role: 'owner', via: 'test' };
    expect(await later.resolve('u1', n, { as: 'retry', message: 'mended', by })).toMatchObject({
      outcome: 'reverted',
    });
    expect(world.lit.size).toBe(0);
  });
});

describe('closing an engine', () => {
  test('stops at a step boundary, and the next one goes on from there', async () => {
    const world = new Lamps();
    let release = (): void => undefined;
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const run: AnyDriver['run'] = async (context) => {
      reach();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      world.light(context);
      return { result: 'lit' };
    };
    const patient = lampsWith({ timeoutMs: 10_000, retries: 0 });
    const first = await open(world.driver({ run }), { planners: [patient] });
    const update = await first.apply([chute(SLEEPS)]);
    const ended = update.done.catch((error: unknown) => error);
    await reached;
    const closed = first.close();
    release();
    await closed;
    expect(await ended).toMatchObject({ code: 'RIPCORD_ENGINE_CLOSED' });
    expect(world.ledger).toEqual(['light']);
    expect(first.state.updates['u1']).toMatchObject({ phase: 'running' });

    const second = await open(world.driver(), { planners: [patient] });
    await second.settled;
    expect(world.ledger).toEqual(['light']);
    expect(second.state.updates).toEqual({});
    expect(second.state.chutes['hello']).toMatchObject({ last: { outcome: 'committed' } });
    const types: string[] = [];
    for await (const record of second.engine.journal.read(1)) {
      types.push(record.type);
      if (record.type === 'engine.started') expect(record.interrupted).toEqual([]);
    }
    expect(types).toContain('engine.stopped');
    expect(types).not.toContain('step.probed');
  });
});
