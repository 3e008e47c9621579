import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  expectAtRest,
  expectSound,
  outcomeOf,
  planOf,
  run,
  statusOf,
  storyOf,
  V1,
} from './checks.ts';
import type { Device } from './device.ts';
import { device as made } from './shell.ts';

/** A device as if nothing had ever been applied. */
async function expectBare(device: Device, story: string): Promise<void> {
  expect(await device.answer(), story).toBeNull();
  expect(device.processes(), story).toEqual([]);
  expect(await statusOf(device), story).toMatchObject({ running: null, stuck: [], chutes: {} });
  expect(readdirSync(join(device.root, 'chutes')), story).toEqual([]);
  await expectSound(device, story);
}

describe.concurrent('a first install', () => {
  test.each(['fail@step', 'fail-after@step'])(
    'is taken back whole, %s each step',
    async (fault) => {
      const device = await made();
      const { stateHash } = await statusOf(device);
      for (const { id } of await planOf(device, 'hello')) {
        const story = `${fault}=${id}`;
        const line = await outcomeOf(device, 'apply hello -y', 4, story);
        expect(line, story).toMatchObject({ outcome: 'reverted', failedStep: id });
        await expectBare(device, story);
        expect((await statusOf(device)).stateHash, story).toBe(stateHash);
      }
      await run(device, 'apply hello -y', 0);
      await expectAtRest(device, { answer: V1 });
    },
  );

  test.each([
    'hello/directory.create',
    'hello/directory.create:data',
    'release.fetch',
    'release.switch',
    'process.start',
  ])('whose undo of %s fails is stuck until that is settled', async (undo) => {
    const device = await made();
    const fault = `fail@step=hello/gate.check,fail@undo=${undo}`;
    for (const as of ['retry', 'done']) {
      const { update } = await outcomeOf(device, 'apply hello -y', 5, fault);
      const { stuck, chutes } = await statusOf(device);
      expect(chutes['hello']?.state).toBe('stuck');
      const [failed] = stuck;
      expect(failed).toMatchObject({ state: 'failed' });
      const story = `${undo} --as ${as}`;
      const line = await outcomeOf(device, `resolve ${failed?.ref} --as ${as} -m settled`, 0);
      expect(line, story).toMatchObject({
        update,
        outcome: as === 'done' ? 'resolved' : 'reverted',
      });
      if (as === 'retry') await expectBare(device, story);
    }
    expect(existsSync(join(device.root, 'chutes/hello'))).toBe(true);
    expect((await storyOf(device, 'u2')).accepted).toContain('hello/directory.create');
    // What was accepted is in nobody's way.
    await run(device, 'apply hello -y', 0);
    await expectAtRest(device, { answer: V1 });
    await run(device, 'rm hello --volumes -y', 0);
    await expectBare(device, undo);
  });
});
