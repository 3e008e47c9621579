import { once } from 'node:events';
import { createServer } from 'node:net';

import { describe, expect, test } from 'vitest';

import { expectAtRest, outcomeOf, run, statusOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { footprint, journalFootprint } from './footprint.ts';
import { until } from './scenarios.ts';
import { device } from './shell.ts';

type Event = Readonly<Record<string, unknown>> & { readonly seq: number; readonly type: string };

async function eventsBehind(on: Device, seq: number): Promise<readonly Event[]> {
  return ((await on.json(['log', '--events'])) as readonly Event[]).filter(
    (each) => each.seq > seq,
  );
}

const headOf = async (on: Device): Promise<number> =>
  ((await on.json(['status'])) as { readonly head: { readonly seq: number } }).head.seq;

/** Kills every service from outside, as an out-of-memory killer does. */
async function killServices(on: Device): Promise<void> {
  for (const { pid } of on.processes()) process.kill(-pid, 'SIGKILL');
  await until(() => on.processes().length === 0);
}

describe.concurrent('the same request again', () => {
  test('without an id is compared with the device: nothing to do leaves no trace', async () => {
    const on = await device();
    await on.install('hello');
    const before = footprint(on.root);
    for (let round = 0; round < 3; round += 1)
      expect(await outcomeOf(on, 'apply hello -y', 0)).toMatchObject({
        update: null,
        outcome: 'unchanged',
      });
    expect(footprint(on.root)).toEqual(before);
  });

  test('with its id is the update it was, however that ended', async () => {
    const on = await device();
    expect(await outcomeOf(on, 'apply hello -y --key one', 0)).toMatchObject({
      update: 'u1',
      outcome: 'committed',
    });
    expect(await outcomeOf(on, 'apply hello-broken -y --key two', 4)).toMatchObject({
      update: 'u2',
    });
    expect(await outcomeOf(on, 'apply hello -y --key unchanged', 0)).toMatchObject({
      update: 'u3',
      outcome: 'unchanged',
    });
    expect(await outcomeOf(on, 'apply hello-v2 -y --key three', 0)).toMatchObject({ update: 'u4' });
    expect(await outcomeOf(on, 'apply hello -y --key lower', 8)).toMatchObject({
      update: 'u5',
      outcome: 'rejected',
    });
    const before = journalFootprint(on.root);
    expect(await outcomeOf(on, 'apply hello -y --key one', 0)).toMatchObject({
      update: 'u1',
      outcome: 'committed',
    });
    expect(await outcomeOf(on, 'apply hello-broken -y --key two', 4)).toMatchObject({
      update: 'u2',
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
    });
    expect(await outcomeOf(on, 'apply hello -y --key unchanged', 0)).toMatchObject({
      update: 'u3',
      outcome: 'unchanged',
    });
    expect(await outcomeOf(on, 'apply hello -y --key lower', 8)).toMatchObject({
      update: 'u5',
      outcome: 'rejected',
    });
    expect(journalFootprint(on.root)).toEqual(before);
    await expectAtRest(on, { answer: V2 });
  });

  test('with an id that stands for something else is refused and journals nothing', async () => {
    const on = await device();
    await run(on, 'apply hello -y --key one', 0);
    const before = journalFootprint(on.root);
    for (const words of [
      'apply hello-v2 -y --key one',
      'stop hello --key one',
      'rm hello -y --key one',
    ])
      expect(await outcomeOf(on, words, 2)).toMatchObject({
        update: null,
        outcome: 'rejected',
        error: { code: 'RIPCORD_REQUEST_CONFLICT' },
      });
    expect(journalFootprint(on.root)).toEqual(before);
    await expectAtRest(on, { answer: V1 });
  });

  test('by many at once is one update', async () => {
    const on = await device();
    const ran = await Promise.all(
      Array.from({ length: 5 }, () =>
        on.ripcord(['apply', 'hello', '-y', '--key', 'one', '-o', 'json']),
      ),
    );
    for (const { code, out, err } of ran) {
      expect(code, err).toBe(0);
      expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toMatchObject({
        update: 'u1',
        outcome: 'committed',
      });
    }
    expect(await on.json(['log'])).toHaveLength(1);
    await expectAtRest(on, { answer: V1 });
  });

  test('after a crash in the middle is the update that goes on', async () => {
    const on = await device();
    await on.install('hello');
    const killed = await on.ripcord(['apply', 'hello-v2', '-y', '--key', 'one'], 'kill@effect=3');
    expect(killed.signal).toBe('SIGKILL');
    expect(await outcomeOf(on, 'apply hello-v2 -y --key one', 0)).toMatchObject({
      update: 'u2',
      outcome: 'committed',
    });
    expect(await on.json(['log'])).toHaveLength(2);
    await expectAtRest(on, { answer: V2 });
  });
});

describe.concurrent('a service that was killed from outside', () => {
  test('is seen, told, and started again by the next apply', async () => {
    const on = await device();
    await on.install('hello');
    const { stateHash } = await statusOf(on);
    const seq = await headOf(on);
    await killServices(on);
    expect(await statusOf(on)).toMatchObject({
      stateHash,
      chutes: {
        hello: {
          state: 'exited',
          drift: [{ service: 'main', expected: 'running', found: 'exited' }],
        },
      },
    });
    expect(await headOf(on)).toBe(seq);
    expect(await outcomeOf(on, 'apply hello -y', 0)).toMatchObject({
      update: 'u2',
      outcome: 'committed',
    });
    const types = (await eventsBehind(on, seq)).map(({ type }) => type);
    expect(types).toContain('drift.found');
    expect(types.indexOf('drift.found')).toBeLessThan(types.indexOf('update.planned'));
    await expectAtRest(on, { answer: V1, stateHash });
  });

  test.each([
    ['start hello', V1],
    ['restart hello', V1],
    ['apply hello-v2 -y', V2],
  ])('is no obstacle for %s', async (words, answer) => {
    const on = await device();
    await on.install('hello');
    await killServices(on);
    await run(on, words, 0);
    await expectAtRest(on, { answer });
  });

  test.each(['stop hello', 'rm hello -y'])('is no obstacle for %s either', async (words) => {
    const on = await device();
    await on.install('hello');
    await killServices(on);
    await run(on, words, 0);
    expect(on.processes()).toEqual([]);
    expect(await on.json(['verify'])).toMatchObject({ ok: true });
  });

  test('whose port somebody else has taken since is not started, and who has it is named', async () => {
    const on = await device();
    await on.install('hello');
    await killServices(on);
    const thief = createServer().listen(on.port, '0.0.0.0');
    await once(thief, 'listening');
    const { code, err } = await on.ripcord(['apply', 'hello', '-y']);
    expect([4, 8], err).toContain(code);
    expect(err).toContain(String(on.port));
    expect(on.processes()).toEqual([]);
    thief.close();
    await once(thief, 'close');
    await run(on, 'apply hello -y', 0);
    await expectAtRest(on, { answer: V1 });
  });
});
