import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Health } from '../../../src/core/chute.ts';
import { stoppingFile } from '../../../src/core/layout.ts';
import type { ArgsOf } from '../../../src/core/step.ts';
import { markedProcesses } from '../../../src/drivers/marked.ts';
import { isAlive } from '../../../src/drivers/proc.ts';
import { observeServices } from '../../../src/drivers/process/observe.ts';
import { processStop } from '../../../src/drivers/process/stop.ts';
import { driverContract, type Scenario } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { freePort } from '../../free-port.ts';
import { until } from '../world.ts';
import {
  appliedService,
  runningService,
  serviceRoot,
  serviceWorld,
  shell,
} from './service-world.ts';

const STAYS = shell('sleep 60 & echo ready; wait');

async function arranged(spec = STAYS) {
  const root = serviceRoot();
  const instance = await runningService(root, spec);
  const args = { chute: 'hello', service: 'main', spec, ready: null };
  const applied = appliedService({ state: 'running', spec, instance });
  const context = testContext({ root, kind: 'process.stop@1', args, applied, update: 'u2' });
  // Undoing starts the service under another mark: that it runs once is what counts.
  const world = async () => {
    const { stopping } = serviceWorld(root);
    return { leaders: observeServices(root).length, stopping };
  };
  return { root, instance, args, context, world };
}

type Stop = Scenario<ArgsOf<'process.stop@1'>>;

function announceStop({ context }: Stop): void {
  const file = join(context.root, stoppingFile('hello', 'main'));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, context.mark);
}

driverContract(
  { describe, test, expect },
  {
    kind: 'process.stop@1',
    driver: processStop,
    arrange: () => arranged(),
    prefixes: [
      {
        name: 'a stop that announced itself',
        state: 'partial',
        reach: async (scenario) => announceStop(scenario),
      },
      {
        name: 'a leader that ended while its children still live',
        state: 'partial',
        reach: async (scenario, { instance }) => {
          announceStop(scenario);
          process.kill(instance?.pid ?? 0, 'SIGKILL');
          await until(() => instance === null || !isAlive(instance));
        },
      },
      {
        name: 'a stop that still says it is under way, with nobody left to stop',
        state: 'partial',
        reach: async (scenario, { instance }) => {
          announceStop(scenario);
          process.kill(-(instance?.pid ?? 0), 'SIGKILL');
          await until(() => markedProcesses(scenario.context.root).length === 0);
        },
      },
      {
        name: 'a service that ended while nobody looked',
        state: 'done',
        reach: async (scenario, { instance }) => {
          process.kill(-(instance?.pid ?? 0), 'SIGKILL');
          await until(() => markedProcesses(scenario.context.root).length === 0);
        },
      },
    ],
  },
);

test('ends every process of the group and keeps the last lines', async () => {
  // The child says that it is ready: one that is only being forked still has the trap, and forgets a signal.
  const { root, instance, args, context } = await arranged(
    shell("trap 'echo bye; exit 0' TERM; sh -c 'echo ready; exec sleep 60' & wait"),
  );
  const { result } = await processStop.run(context, args, { instance });
  expect(markedProcesses(root)).toEqual([]);
  expect(result.exit).toBe('ended on SIGTERM');
  expect(result.log).toEqual(['ready', 'bye']);
});

test('kills what does not end in time', async () => {
  const { root, instance, args, context } = await arranged(
    shell("trap '' TERM; echo ready; while :; do sleep 60; done", 50),
  );
  const { result } = await processStop.run(context, args, { instance });
  expect(markedProcesses(root)).toEqual([]);
  expect(result.exit).toBe('killed 50 ms after SIGTERM');
});

test('leaves another process with the same number alone', async () => {
  const { root, instance, args, context } = await arranged();
  const other = { ...instance, startTicks: instance.startTicks - 1, mark: 'u0/hello/other' };
  await processStop.run(context, args, { instance: other });
  expect(markedProcesses(root).length).toBeGreaterThan(0);
});

test('finds the process by its mark when it was started again since', async () => {
  const { root, instance, args, context } = await arranged();
  const older = { ...instance, pid: 1, startTicks: 1 };
  await processStop.run(context, args, { instance: older });
  expect(markedProcesses(root)).toEqual([]);
});

test('undo leaves a process alone that no signal was sent to', async () => {
  const { root, instance, args, context } = await arranged();
  await processStop.undo?.(context, args, { instance });
  expect(observeServices(root).map((service) => service.instance)).toEqual([instance]);
});

test('undo starts the service once, under the mark of the stop', async () => {
  const { root, instance, args, context } = await arranged();
  await processStop.run(context, args, { instance });
  const first = await processStop.undo?.(context, args, { instance });
  const second = await processStop.undo?.(context, args, { instance });
  const [service, ...others] = observeServices(root);
  expect(others).toEqual([]);
  expect(service?.instance.mark).toBe(context.mark);
  expect(first).toEqual(second);
  expect(first?.patch).toEqual([
    {
      op: 'add',
      path: '/chutes/hello/services/main',
      value: { state: 'running', spec: args.spec, instance: service?.instance },
    },
  ]);
});

test('gives up with an open end when it is aborted while it waits', async () => {
  const { root, instance, args, context } = await arranged(
    shell("trap 'echo termed' TERM; echo ready; while :; do sleep 60; done", 60_000),
  );
  const abort = new AbortController();
  const stopping = processStop.run({ ...context, signal: abort.signal }, args, { instance });
  await until(() => serviceWorld(root).stopping);
  abort.abort();
  await expect(stopping).rejects.toMatchObject({ code: 'RIPCORD_STEP_TIMEOUT', class: 'unknown' });
});

test('has nothing to undo when the service was not running', async () => {
  const { root, instance, args, context } = await arranged();
  const applied = appliedService({ state: 'exited', spec: args.spec, instance });
  const undo = await processStop.prepare?.({ ...context, applied }, args);
  expect(undo).toEqual({ instance: null });
  await processStop.undo?.(context, args, { instance: null });
  expect(observeServices(root)).toHaveLength(1);
});

test('undoing is over only when the service answers again', async () => {
  const port = await freePort();
  const spec = {
    ...STAYS,
    command: [
      'node',
      '-e',
      `setTimeout(() => require('http').createServer((q, s) => s.end('up')).listen(${port}, () => console.log('ready')), 300)`,
    ],
  };
  const { instance, args, context } = await arranged(spec);
  const ready: Health = {
    check: { type: 'http', port, path: '/' },
    intervalMs: 100,
    timeoutMs: 1000,
    retries: 3,
    settleMs: 0,
    withinMs: 10_000,
  };
  await processStop.run(context, { ...args, ready }, { instance });
  await processStop.undo?.(context, { ...args, ready }, { instance });
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  expect(await answer.text()).toBe('up');
});

describe('the last lines', () => {
  const says = (text: string) => ({
    ...shell(`echo '${text}'; echo ready; sleep 60 & wait`),
    environment: { TOKEN: { $secret: 'abc' }, PLAIN: 'visible' },
  });

  test.each([
    { form: 'as it is', value: 'hush-hush', text: 'token hush-hush, visible' },
    { form: 'in JSON', value: 'hush"hush', text: 'token hush\\"hush, visible' },
    { form: 'in a URL', value: 'hush/hush', text: 'token hush%2Fhush, visible' },
    { form: 'line by line', value: 'first hush\nsecond hush', text: 'token second hush, visible' },
  ])('hold no secret of the service, $form', async ({ value, text }) => {
    const { instance, args, context } = await arranged(says(text));
    const secret = async (): Promise<string> => value;
    const { result } = await processStop.run({ ...context, secret }, args, { instance });
    expect(result.log).toEqual(['token (secret), visible', 'ready']);
  });

  test('are left out when a secret cannot be read', async () => {
    const { instance, args, context } = await arranged(says('hush-hush'));
    const { result } = await processStop.run(context, args, { instance });
    expect(result.log).toEqual(['(left out: a secret of this service cannot be read)']);
  });

  test('are those of this process, not of one before it that had other secrets', async () => {
    const root = serviceRoot();
    mkdirSync(join(root, 'chutes/hello/logs'));
    writeFileSync(join(root, STAYS.log), 'an older secret\nready\n');
    const instance = await runningService(root, shell('echo now; sleep 60 & wait'));
    const args = { chute: 'hello', service: 'main', spec: STAYS, ready: null };
    const applied = appliedService({ state: 'running', spec: STAYS, instance });
    const context = testContext({ root, kind: 'process.stop@1', args, applied });
    await until(() => readFileSync(join(root, STAYS.log), 'utf8').includes('now'));
    const { result } = await processStop.run(context, args, { instance });
    expect(result.log).toEqual(['now']);
  });
});

describe('on a full disk', () => {
  test('stops all the same', async () => {
    const { root, instance, args, context } = await arranged();
    const file = join(root, stoppingFile('hello', 'main'));
    symlinkSync('/dev/full', file);
    expect(() => writeFileSync(file, 'x')).toThrow('ENOSPC');
    const { result } = await processStop.run(context, args, { instance });
    expect(result.exit).toBe('ended on SIGTERM');
    expect(markedProcesses(root)).toEqual([]);
  });

  test('undo replaces a process where there was no room to say which step stops it', async () => {
    const { root, instance, args, context } = await arranged();
    writeFileSync(join(root, stoppingFile('hello', 'main')), '');
    expect((await processStop.probe?.(context, args, { instance }))?.state).toBe('partial');
    await processStop.undo?.(context, args, { instance });
    expect(observeServices(root).map((each) => each.instance.mark)).toEqual([context.mark]);
  });
});
