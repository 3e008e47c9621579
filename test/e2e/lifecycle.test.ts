import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { expectAtRest, expectSound, outcomeOf, run, statusOf, storyOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { device as made } from './shell.ts';

/** A chute that writes a line into its volume and into its home each time it starts. */
const keeper = (version: number): string => `
name: keeper
version: ${version}
services:
  main:
    type: light
    image: node
    command:
      - sh
      - -c
      - echo ${version} >> "$RIPCORD_DATA_DIR/starts"; echo ${version} >> "$HOME/starts"; exec sleep 600
    volumes: { /data: { name: kept } }
    health: { settleMs: 100 }
`;

/** The versions that ever started, as the chute's volume and its home tell. */
function starts(device: Device): readonly (string | null)[] {
  return ['volumes/kept', 'data'].map((place) => {
    const file = join(device.root, 'chutes/keeper', place, 'starts');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').join(' ') : null;
  });
}

/** The same in both places. */
const all = (lines: string): readonly string[] => [lines, lines];

describe.concurrent('a failing version', () => {
  test('leaves the one before it serving', async () => {
    const device = await made();
    await run(device, 'apply hello -y', 0);
    const { stateHash } = await statusOf(device);
    const line = await outcomeOf(device, 'apply hello-broken -y', 4);
    expect(await device.answer()).toBe(V1);
    expect(line).toMatchObject({
      update: 'u2',
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
      error: { code: 'RIPCORD_GATE_FAILED', message: expect.stringContaining('503') as string },
    });
    await expectAtRest(device, { answer: V1, stateHash });
    expect((await statusOf(device)).chutes['hello']?.revision).toBe(1);
    await run(device, 'retry u2', 4);
    await run(device, 'apply hello-v2 -y', 0);
    await expectAtRest(device, { answer: V2 });
  });

  test('leaves nothing where there was none before', async () => {
    const device = await made();
    expect(await outcomeOf(device, 'apply hello-broken -y', 4)).toMatchObject({
      update: 'u1',
      outcome: 'reverted',
    });
    expect(await device.answer()).toBeNull();
    expect(device.processes()).toEqual([]);
    expect(await statusOf(device)).toMatchObject({ running: null, stuck: [], chutes: {} });
    expect(readdirSync(join(device.root, 'chutes'))).toEqual([]);
    await expectSound(device);
    await run(device, 'rollback hello -y', 8);
    await run(device, 'apply hello -y', 0);
    await expectAtRest(device, { answer: V1 });
    expect((await statusOf(device)).chutes['hello']?.revision).toBe(1);
  });

  test('is tried again by its number, as a new update', async () => {
    const device = await made();
    await run(device, 'apply hello -y', 0);
    await run(device, 'apply hello-v2 -y', 4, 'fail@step=process.start');
    expect(await outcomeOf(device, 'retry u2', 0)).toMatchObject({
      update: 'u3',
      outcome: 'committed',
    });
    await expectAtRest(device, { answer: V2 });
    expect((await outcomeOf(device, 'retry u2', 0)).outcome).toBe('unchanged');
    await run(device, 'retry u99', 2);
  });
});

describe.concurrent('several chutes in one update', () => {
  test('are applied together or not at all', async () => {
    const device = await made();
    device.define('keeper', keeper(1));
    await run(device, 'apply hello keeper -y', 0);
    const before = await statusOf(device);
    expect(before.chutes).toMatchObject({ hello: { version: 1 }, keeper: { version: 1 } });

    device.define('keeper', keeper(2));
    const line = await outcomeOf(device, 'apply keeper hello-broken -y', 4);
    expect(line).toMatchObject({ outcome: 'reverted', failedStep: 'hello/gate.check' });
    expect(await device.answer()).toBe(V1);
    const after = await statusOf(device);
    expect(after.stateHash).toBe(before.stateHash);
    expect(after.chutes).toMatchObject({
      hello: { version: 1, state: 'running', drift: [] },
      keeper: { version: 1, state: 'running', drift: [] },
    });
    expect(device.processes()).toHaveLength(2);
    expect(await storyOf(device, line.update ?? '')).toMatchObject({ verified: true });

    await run(device, 'apply keeper hello-v2 -y', 0);
    expect((await statusOf(device)).chutes).toMatchObject({
      hello: { version: 2 },
      keeper: { version: 2 },
    });
    expect(await device.answer()).toBe(V2);
    await expectSound(device);
  });
});

describe.concurrent('what a chute keeps', () => {
  test('stays over updates, stops and its removal, until its volumes are dropped', async () => {
    const device = await made();
    device.define('keeper', keeper(1));
    await run(device, 'apply keeper -y', 0);
    device.define('keeper', keeper(2));
    await run(device, 'apply keeper -y', 0);
    expect(starts(device)).toEqual(all('1 2'));

    await run(device, 'stop keeper -m rest', 0);
    expect(device.processes()).toEqual([]);
    expect((await statusOf(device)).chutes['keeper']).toMatchObject({
      state: 'stopped',
      version: 2,
    });
    expect(await outcomeOf(device, 'stop keeper', 8)).toMatchObject({ outcome: 'rejected' });
    await run(device, 'restart keeper', 0);
    expect(await outcomeOf(device, 'start keeper', 8)).toMatchObject({ outcome: 'rejected' });
    await run(device, 'stop keeper', 0);
    expect((await outcomeOf(device, 'apply keeper -y', 0)).outcome).toBe('committed');
    const [before] = device.processes();
    await run(device, 'restart keeper', 0);
    const [after] = device.processes();
    expect(after?.pid).not.toBe(before?.pid);
    expect(starts(device)).toEqual(all('1 2 2 2 2'));

    await run(device, 'rm keeper -y', 0);
    expect(device.processes()).toEqual([]);
    expect((await statusOf(device)).chutes).toEqual({});
    expect(starts(device)).toEqual(all('1 2 2 2 2'));
    await run(device, 'rm keeper -y', 8);
    await run(device, 'apply keeper -y', 0);
    expect(starts(device)).toEqual(all('1 2 2 2 2 2'));
    await run(device, 'rm keeper --volumes -y', 0);
    expect(starts(device)).toEqual([null, null]);
    expect(existsSync(join(device.root, 'chutes/keeper'))).toBe(false);
    await run(device, 'apply keeper -y', 0);
    expect(starts(device)).toEqual(all('2'));
    await expectSound(device);
  });
});

describe.concurrent('rollback', () => {
  test('goes to the version before, whatever became of its source', async () => {
    const device = await made();
    await run(device, 'apply hello -y', 0);
    const { stateHash } = await statusOf(device);
    await run(device, 'apply hello-v2 -y', 0);
    const second = (await statusOf(device)).stateHash;
    writeFileSync(join(device.home, 'hello/server.mjs'), 'throw new Error("changed");\n');
    await run(device, 'rollback hello --preview', 0);
    expect((await outcomeOf(device, 'rollback hello -y', 0)).update).toBe('u3');
    await expectAtRest(device, { answer: V1, stateHash });

    // Once more takes the rollback itself back, although the files it came from are gone.
    rmSync(join(device.home, 'hello-v2'), { recursive: true });
    await run(device, 'rollback hello -y', 0);
    await expectAtRest(device, { answer: V2, stateHash: second });
    await run(device, 'rollback u1 -y', 0);
    expect((await statusOf(device)).chutes).toEqual({});
    expect(device.processes()).toEqual([]);
    await run(device, 'rollback u9 -y', 2);
    await expectSound(device);
  });

  test('takes back a stop and a removal', async () => {
    const device = await made();
    await run(device, 'apply hello -y', 0);
    const { stateHash } = await statusOf(device);
    await run(device, 'stop hello', 0);
    await run(device, 'rollback u2 -y', 0);
    await expectAtRest(device, { answer: V1, stateHash });
    await run(device, 'rm hello -y', 0);
    expect(await device.answer()).toBeNull();
    await run(device, 'rollback hello -y', 0);
    await expectAtRest(device, { answer: V1, stateHash });
  });

  test('can fail too, and then the newer version serves', async () => {
    const device = await made();
    await run(device, 'apply hello -y', 0);
    await run(device, 'apply hello-v2 -y', 0);
    const { stateHash } = await statusOf(device);
    await run(device, 'rollback hello -y', 4, 'fail@step=hello/gate.check');
    await expectAtRest(device, { answer: V2, stateHash });
  });
});
