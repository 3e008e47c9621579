import { describe, expect, test } from 'vitest';

import type { Json } from '../../../src/core/json.ts';
import type { ArgsOf, BuiltInKind } from '../../../src/core/step.ts';
import { simDrivers } from '../../../src/drivers/sim/all.ts';
import { SimDevice, type SimOptions } from '../../../src/drivers/sim/device.ts';
import { VirtualClock } from '../../../src/drivers/sim/virtual-clock.ts';
import { testContext, type TestContext } from '../../../src/testing/test-context.ts';
import { digest, sha256 } from '../../core/plan-model.ts';

const FETCH: ArgsOf<'release.fetch@1'> = {
  chute: 'hello',
  digest: digest('a'),
  location: { type: 'local', path: '/src' },
};
const MAKE: ArgsOf<'directory.create@1'> = { path: 'chutes/hello' };

const contextOf = (kind: BuiltInKind, args: Json, more: Partial<TestContext> = {}) =>
  testContext({ root: '/nowhere', kind, args, ...more });

const deviceWith = (options: Partial<SimOptions> = {}): SimDevice =>
  new SimDevice({ sha256, ...options });

async function fetchOn(device: SimDevice, more: Partial<TestContext> = {}): Promise<string> {
  const context = contextOf('release.fetch@1', FETCH, more);
  const run = simDrivers(device)['release.fetch@1'].run(context, FETCH, { existed: false });
  return await run.then(
    () => 'done',
    (error: unknown) => `${(error as { class?: string }).class}`,
  );
}

test('every part of an effect is in the ledger once, with its time', async () => {
  const time = new VirtualClock({ up: 100 });
  const device = deviceWith({ time, latencyMs: { 'release.fetch@1': 30 } });
  expect(await fetchOn(device)).toBe('done');
  expect(await fetchOn(device)).toBe('done');
  const about = { update: 'u1', step: 'hello/release.fetch', kind: 'release.fetch@1', on: 'run' };
  expect(device.ledger).toMatchObject([
    { t: 130, effect: 'fetch', ...about },
    { t: 130, effect: 'publish', ...about },
  ]);
  expect(time.up()).toBe(160);
});

describe('a fault', () => {
  test.each([
    ['before', 'transient', []],
    ['before', 'permanent', []],
    ['partway', 'unknown', ['fetch']],
    ['after', 'unknown', ['fetch', 'publish']],
    ['after', 'transient', ['fetch', 'publish']],
  ] as const)('%s the effect, %s, leaves %j', async (when, answer, effects) => {
    const device = deviceWith({
      faults: [{ on: 'run', steps: 'release.*', when, answer, times: 1 }],
    });
    expect(await fetchOn(device)).toBe(answer);
    expect(device.ledger.map(({ effect }) => effect)).toEqual(effects);
    expect(await fetchOn(device)).toBe('done');
  });

  test('that hangs gives no answer until the step is given up', async () => {
    const device = deviceWith({
      faults: [{ on: 'run', steps: '*/release.fetch', when: 'after', answer: 'hang' }],
    });
    const stop = new AbortController();
    const asked = fetchOn(device, { signal: stop.signal });
    await new Promise((resolve) => setImmediate(resolve));
    expect(device.ledger).toHaveLength(2);
    stop.abort(Object.assign(new Error('given up'), { class: 'unknown' }));
    expect(await asked).toBe('unknown');
  });

  test('is only about the steps it names', async () => {
    const device = deviceWith({
      faults: [{ on: 'run', steps: 'process.*', when: 'before', answer: 'permanent' }],
    });
    expect(await fetchOn(device)).toBe('done');
  });
});

describe('chance', () => {
  const chance: SimOptions['chance'] = {
    share: 0.5,
    faults: [
      { on: 'run', when: 'before', answer: 'transient' },
      { on: 'run', when: 'after', answer: 'unknown' },
    ],
  };
  const twentyOn = async (device: SimDevice): Promise<readonly string[]> => {
    const said: string[] = [];
    for (let n = 1; n <= 20; n++) {
      const args = { path: `chutes/c${n}` };
      const context = contextOf('directory.create@1', args);
      const run = simDrivers(device)['directory.create@1'].run(context, args, { existed: false });
      said.push(
        await run.then(
          () => 'done',
          (error: unknown) => `${(error as { class?: string }).class}`,
        ),
      );
    }
    return said;
  };

  test('is the same for the same seed, and another for another', async () => {
    const first = await twentyOn(deviceWith({ chance, seed: 7 }));
    expect(new Set(first)).toEqual(new Set(['done', 'transient', 'unknown']));
    expect(await twentyOn(deviceWith({ chance, seed: 7 }))).toEqual(first);
    expect(await twentyOn(deviceWith({ chance, seed: 8 }))).not.toEqual(first);
  });

  test('goes on in a device that was saved', async () => {
    const whole = deviceWith({ chance, seed: 7 });
    const [first, second] = [await twentyOn(whole), await twentyOn(whole)];
    const begun = deviceWith({ chance, seed: 7 });
    expect(await twentyOn(begun)).toEqual(first);
    const saved = JSON.parse(JSON.stringify(begun.save())) as ReturnType<SimDevice['save']>;
    const again = deviceWith({ chance, ...saved });
    expect(await twentyOn(again)).toEqual(second);
    expect(again.world).toEqual(whole.world);
    expect(again.ledger).toEqual(whole.ledger);
  });
});

test('undoing a restore loads what is on disk by then', async () => {
  const device = deviceWith();
  device.world.files['host/config/a'] = { hash: 'sha256:old', mode: 0o600 };
  device.world.loaded['host/config/a'] = 'sha256:new';
  const args = { service: 'dhcp', paths: ['host/config/a'] } as const;
  const context = contextOf('config.restore@1', args);
  await simDrivers(device)['config.restore@1'].undo?.(context, args, null);
  expect(device.world.loaded).toEqual({ 'host/config/a': 'sha256:old' });
});

test('what a device is given stays as it was', async () => {
  const world = deviceWith().save().world;
  const device = deviceWith({ world });
  const context = contextOf('directory.create@1', MAKE);
  await simDrivers(device)['directory.create@1'].run(context, MAKE, { existed: false });
  expect(device.world.directories).toEqual({ 'chutes/hello': true });
  expect(world.directories).toEqual({});
});

test('a virtual clock wakes sleepers in their order, at their times', async () => {
  const clock = new VirtualClock({ epochMs: 1_000 });
  const woken: [string, number][] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push([name, clock.up()]);
  };
  const stop = new AbortController();
  const stopped = clock.sleep(5, stop.signal).catch(() => woken.push(['stopped', clock.up()]));
  stop.abort();
  await Promise.all([sleep('hour', 3_600_000), sleep('second', 1000), sleep('too', 1000), stopped]);
  expect(woken).toEqual([
    ['stopped', 0],
    ['second', 1000],
    ['too', 1000],
    ['hour', 3_600_000],
  ]);
  expect(clock.now()).toBe('1970-01-01T01:00:01.000Z');
});
