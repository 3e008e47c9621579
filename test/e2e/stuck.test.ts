import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  expectAtRest,
  expectSound,
  outcomeOf,
  planOf,
  run,
  type Status,
  statusOf,
  type StepView,
  storyOf,
  V1,
  V2,
} from './checks.ts';
import type { Device } from './device.ts';
import { device as made, printed, slowChute } from './shell.ts';

const GATE = 'hello/gate.check';

type Stuck = {
  readonly device: Device;
  readonly before: Status;
  /** The step whose undo fails. */
  readonly step: StepView;
  readonly steps: readonly StepView[];
};

const OTHER = `
name: other
services:
  main: { type: light, image: node, command: [sleep, "600"], health: { settleMs: 50 } }
`;

/** A device that runs version 1. */
async function ready(): Promise<Device> {
  const device = await made();
  device.define('other', OTHER);
  await run(device, 'apply hello -y', 0);
  return device;
}

/** A device with version 1 whose update to version 2 failed at the gate, and then in one undo. */
async function stuckAt(kind: string): Promise<Stuck> {
  const device = await ready();
  const before = await statusOf(device);
  const steps = await planOf(device, 'hello-v2');
  const step = steps.find((each) => each.kind === kind);
  if (!step) throw new Error(`no step of kind ${kind}`);
  const fault = `fail@step=${GATE},fail@undo=${step.id}`;
  expect(await outcomeOf(device, 'apply hello-v2 -y', 5, fault)).toMatchObject({
    update: 'u2',
    outcome: 'stuck',
    failedStep: GATE,
    error: { code: 'RIPCORD_FAULT_INJECTED' },
  });
  return { device, before, step, steps };
}

/** What undoing a step has to leave alone: all it needs, directly or not. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  'release.fetch@1': [],
  'release.switch@1': ['release.fetch@1'],
  'process.stop@1': [],
  'process.start@1': ['process.stop@1', 'release.fetch@1'],
};

describe.concurrent.each(Object.entries(FLOORS))('the undo of %s fails', (kind, floor) => {
  test('the others are undone, and tried again it ends as before', async () => {
    const { device, before, step, steps } = await stuckAt(kind);
    const kept = steps.filter((each) => floor.includes(each.kind));
    const others = steps.filter(
      ({ undo, id }) => undo && id !== step.id && !kept.some((each) => each.id === id),
    );

    const status = await statusOf(device);
    expect(status.running).toBe('u2');
    expect(status.chutes['hello']).toMatchObject({ state: 'stuck', version: 1, revision: 1 });
    expect(status.stuck[0]).toMatchObject({
      ref: `u2.s${step.n}`,
      step: step.id,
      state: 'failed',
      blockedBy: null,
      reason: { code: 'RIPCORD_FAULT_INJECTED' },
    });
    expect(status.stuck.slice(1).map((each) => [each.step, each.state, each.blockedBy])).toEqual(
      kept.toReversed().map(({ id }) => [id, 'blocked', step.id]),
    );
    const story = await storyOf(device, 'u2');
    expect(story).toMatchObject({ outcome: 'stuck', failedStep: GATE });
    expect(story.undone).toEqual(others.map(({ id }) => id).toReversed());
    expect(device.processes().length).toBe(kind === 'process.stop@1' ? 0 : 1);
    await expectSound(device);

    // Only this chute is blocked.
    const refused = await outcomeOf(device, 'apply hello -y --allow-downgrade', 6);
    expect(refused).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT', message: expect.stringContaining('u2') as string },
    });
    expect((await outcomeOf(device, 'apply other -y', 0)).outcome).toBe('committed');
    await run(device, 'rm other --volumes -y', 0);

    // A blocked step is not what has to be settled, and there is nothing to cancel.
    for (const each of kept) await run(device, `resolve u2.s${each.n} --as retry -m no`, 8);
    await run(device, 'cancel u2', 8);

    // Still failing, it is still stuck.
    const place = `resolve u2.s${step.n} --as`;
    expect(
      await outcomeOf(device, `${place} retry -m again`, 5, `fail@undo=${step.id}`),
    ).toMatchObject({ outcome: 'stuck' });
    await run(device, `${place} undone -m no`, 8);
    expect((await statusOf(device)).stuck).toHaveLength(1 + kept.length);
    expect(await outcomeOf(device, `${place} retry -m mended`, 0)).toMatchObject({
      update: 'u2',
      outcome: 'reverted',
    });
    await expectAtRest(device, { answer: V1, stateHash: before.stateHash });
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'reverted', verified: true });
    await run(device, 'apply hello-v2 -y', 0);
    await expectAtRest(device, { answer: V2 });
  });

  test('accepted, it stays with what it stands on, and either version can be applied', async () => {
    const { device, step, steps } = await stuckAt(kind);
    expect(await outcomeOf(device, `resolve u2.s${step.n} --as done -m keep`, 0)).toMatchObject({
      update: 'u2',
      outcome: 'resolved',
    });
    const accepted = steps
      .filter((each) => each.kind === kind || floor.includes(each.kind))
      .map(({ id }) => id);
    expect((await storyOf(device, 'u2')).accepted).toEqual(accepted);
    const answer = { 'process.start@1': V2, 'process.stop@1': null }[kind];
    expect(await device.answer()).toBe(answer === undefined ? V1 : answer);
    const status = await statusOf(device);
    expect(status).toMatchObject({ running: null, stuck: [] });
    expect(status.chutes['hello']?.drift).toEqual([]);
    expect(device.processes().length).toBe(kind === 'process.stop@1' ? 0 : 1);
    await expectSound(device);

    const gone = kind === 'release.fetch@1';
    expect((await outcomeOf(device, 'apply hello -y', 0)).outcome).toBe(
      gone ? 'unchanged' : 'committed',
    );
    await expectAtRest(device, { answer: V1 });
    await run(device, 'apply hello-v2 -y', 0);
    await expectAtRest(device, { answer: V2 });
  });
});

describe.concurrent('undone by hand', () => {
  test('a release that was removed is believed to be gone', async () => {
    const { device, before, step } = await stuckAt('release.fetch@1');
    const { digest } = step.args as { readonly digest: string };
    const release = join(device.root, 'chutes/hello/releases', digest.replace('sha256:', ''));
    rmSync(release, { recursive: true });
    const place = `resolve u2.s${step.n} --as undone`;
    expect((await outcomeOf(device, `${place} -m removed`, 0)).outcome).toBe('reverted');
    await expectAtRest(device, { answer: V1, stateHash: before.stateHash });
  });

  test('a process that was killed is, and what it blocked is undone', async () => {
    const { device, before, step } = await stuckAt('process.start@1');
    for (const { pid } of device.processes()) process.kill(-pid, 'SIGKILL');
    const place = `resolve u2.s${step.n} --as undone`;
    expect((await outcomeOf(device, `${place} -m killed`, 0)).outcome).toBe('reverted');
    await expectAtRest(device, { answer: V1, stateHash: before.stateHash });
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'reverted', verified: true });
  });
});

describe.concurrent('while another process holds the root', () => {
  test('a stuck step is settled through it', async () => {
    const { device, step } = await stuckAt('process.start@1');
    const slow = await slowChute(device);
    const holder = device.begin(['apply', slow.directory, '-y']);
    await printed(holder, 'start main of slow');
    const place = `resolve u2.s${step.n} --as`;
    const still = await outcomeOf(device, `${place} undone -m no`, 8);
    expect(still).toMatchObject({ error: { code: 'RIPCORD_OPERATION_REFUSED' } });
    const line = await outcomeOf(device, `${place} retry -m mended`, 0);
    expect(line).toMatchObject({ update: 'u2', outcome: 'reverted' });
    expect(await device.answer()).toBe(V1);
    slow.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    const { chutes } = await statusOf(device);
    expect(chutes).toMatchObject({ slow: { state: 'running' }, hello: { version: 1, drift: [] } });
    await expectSound(device);
  });
});

describe.concurrent('more than one undo fails', () => {
  test('each is settled by itself, and the last one ends the update', async () => {
    const device = await ready();
    const before = await statusOf(device);
    const fault = `fail@step=${GATE},fail@undo=hello/*.switch,fail@undo=process.start`;
    await outcomeOf(device, 'apply hello-v2 -y', 5, fault);
    const failed = (await statusOf(device)).stuck.filter(({ state }) => state === 'failed');
    expect(failed.map(({ step }) => step)).toEqual([
      'hello/main/process.start',
      'hello/main/release.switch',
    ]);
    const [start, change] = failed.map(({ ref }) => ref);
    expect((await outcomeOf(device, `resolve ${start} --as retry -m one`, 5)).outcome).toBe(
      'stuck',
    );
    expect((await outcomeOf(device, `resolve ${change} --as retry -m two`, 0)).outcome).toBe(
      'reverted',
    );
    await expectAtRest(device, { answer: V1, stateHash: before.stateHash });
  });

  test('the failing step itself can be the stuck one, and what it left can be accepted', async () => {
    const device = await ready();
    const start = 'hello/main/process.start';
    const fault = `fail-after@step=${start},fail@undo=${start}`;
    await outcomeOf(device, 'apply hello-v2 -y', 5, fault);
    const [stuck] = (await statusOf(device)).stuck;
    expect(stuck).toMatchObject({ step: start, state: 'failed' });
    expect((await outcomeOf(device, `resolve ${stuck?.ref} --as done -m keep`, 0)).outcome).toBe(
      'resolved',
    );
    await expectAtRest(device, { answer: V2 });
    await run(device, 'apply hello -y', 0);
    await expectAtRest(device, { answer: V1 });
  });
});
