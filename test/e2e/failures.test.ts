import { describe, expect, test } from 'vitest';

import {
  expectAtRest,
  outcomeOf,
  planOf,
  run,
  statusOf,
  storyOf,
  type StepView,
  V1,
  V2,
} from './checks.ts';
import type { Device } from './device.ts';
import { device as made } from './shell.ts';

/** A device that runs version 1. */
async function ready(): Promise<Device> {
  const device = await made();
  await run(device, 'apply hello -y', 0);
  return device;
}

/** The steps that a failing one takes with it: itself and those before it, newest first. */
function undoneWith(failing: StepView, steps: readonly StepView[]): readonly string[] {
  return steps
    .filter(({ n, undo }) => n <= failing.n && typeof undo === 'string')
    .map(({ id }) => id)
    .toReversed();
}

describe.concurrent.each(['fail@step', 'fail-after@step'])('%s, each step in turn', (fault) => {
  test('puts everything back, and a failure that passes does no harm', async () => {
    const device = await ready();
    const { stateHash } = await statusOf(device);
    const steps = (await planOf(device, 'hello-v2')).filter(({ afterCommit }) => !afterCommit);
    expect(steps.length).toBeGreaterThan(4);
    for (const step of steps) {
      const story = `${fault}=${step.id}`;
      const line = await outcomeOf(device, 'apply hello-v2 -y', 4, story);
      expect(await device.answer(), story).toBe(V1);
      const error = {
        code: 'RIPCORD_FAULT_INJECTED',
        message: expect.stringContaining(step.id) as string,
      };
      expect(line, story).toMatchObject({ outcome: 'reverted', failedStep: step.id, error });
      await expectAtRest(device, { answer: V1, stateHash }, story);
      expect(await storyOf(device, line.update ?? ''), story).toMatchObject({
        outcome: 'reverted',
        failedStep: step.id,
        error,
        undone: undoneWith(step, steps),
        verified: true,
      });

      const tried = await outcomeOf(
        device,
        'apply hello-v2 -y',
        step.retries > 0 ? 0 : 4,
        `${story}*1`,
      );
      expect(tried.outcome, story).toBe(step.retries > 0 ? 'committed' : 'reverted');
      await expectAtRest(device, { answer: step.retries > 0 ? V2 : V1 }, `${story}*1`);
      if (step.retries > 0) await run(device, 'apply hello -y --allow-downgrade', 0);
      await expectAtRest(device, { answer: V1, stateHash }, `${story}*1`);
    }
    await run(device, 'apply hello-v2 -y', 0);
    await expectAtRest(device, { answer: V2 });
  });
});
