import { describe, expect, test } from 'vitest';

import { expectAtRest, expectSound, outcomeOf, run, statusOf, storyOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { until } from './scenarios.ts';
import { device as made } from './shell.ts';

/** A device that has had version 1 and runs version 2. */
async function ready(): Promise<Device> {
  const device = await made();
  await run(device, 'apply hello -y', 0);
  await run(device, 'apply hello-v2 -y', 0);
  return device;
}

describe.concurrent('every command that changes a chute', () => {
  test.each([
    'stop hello',
    'restart hello',
    'rm hello -y',
    'rm hello --volumes -y',
    'rollback hello -y',
  ])('%s: is taken back when a step of it fails', async (words) => {
    const device = await ready();
    const { stateHash } = await statusOf(device);
    // The first failure shows the plan.
    const first = await outcomeOf(device, words, 4, 'fail@step=process.stop');
    const { plan } = await storyOf(device, first.update ?? '');
    const steps = (plan?.steps ?? []).filter(({ afterCommit }) => !afterCommit);
    expect(steps.map(({ kind }) => kind)).toContain('process.stop@1');
    for (const { id } of steps) {
      const story = `${words} with fail-after@step=${id}`;
      const line = await outcomeOf(device, words, 4, `fail-after@step=${id}`);
      expect(line, story).toMatchObject({ outcome: 'reverted', failedStep: id });
      await expectAtRest(device, { answer: V2, stateHash }, story);
    }
    expect((await outcomeOf(device, words, 0)).outcome).toBe('committed');
    await expectSound(device);
  });

  test('start and apply of a stopped chute leave it stopped', async () => {
    const device = await ready();
    await run(device, 'stop hello', 0);
    const { stateHash } = await statusOf(device);
    for (const words of ['start hello', 'apply hello-v2 -y', 'apply hello -y --allow-downgrade'])
      for (const step of ['process.start', 'gate.check']) {
        const story = `${words} with fail-after@step=${step}`;
        await run(device, words, 4, `fail-after@step=${step}`);
        const status = await statusOf(device);
        expect(status, story).toMatchObject({ stateHash, chutes: { hello: { state: 'stopped' } } });
        expect(device.processes(), story).toEqual([]);
      }
    await run(device, 'start hello', 0);
    await expectAtRest(device, { answer: V2 });
  });
});

describe.concurrent('failures that are none', () => {
  test('an undo that fails and then succeeds is no reason to be stuck', async () => {
    const device = await ready();
    const { stateHash } = await statusOf(device);
    for (const undo of ['process.start', 'process.stop', 'release.switch', 'release.fetch'])
      await run(
        device,
        'apply hello -y --allow-downgrade',
        4,
        `fail@step=hello/gate.check,fail@undo=${undo}*4`,
      );
    await expectAtRest(device, { answer: V2, stateHash });
  });

  test('a step behind the commit fails as a warning', async () => {
    const device = await ready();
    const fault = 'fail@step=release.drop';
    const ran = await run(device, 'apply hello -y --allow-downgrade', 0, fault);
    expect(ran.out).toContain('hello/release.drop failed after the commit');
    await expectAtRest(device, { answer: V1 });
    const line = await outcomeOf(device, 'apply hello-v2 -y', 0, fault);
    expect(line).toMatchObject({ outcome: 'committed', failedStep: null, error: null });
    await expectAtRest(device, { answer: V2 });
  });

  test('a service killed from outside is found dead, and apply starts it again', async () => {
    const device = await ready();
    const { stateHash } = await statusOf(device);
    for (const { pid } of device.processes()) process.kill(-pid, 'SIGKILL');
    await until(() => device.processes().length === 0);
    const status = await statusOf(device);
    expect(status.chutes['hello']).toMatchObject({ state: 'exited', drift: [{ service: 'main' }] });
    expect((await outcomeOf(device, 'apply hello-v2 -y', 0)).outcome).toBe('committed');
    await expectAtRest(device, { answer: V2, stateHash });
  });
});
