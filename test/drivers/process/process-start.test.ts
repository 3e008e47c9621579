import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { Level } from 'level';
import { describe, expect, test } from 'vitest';

import type { Json } from '../../../src/core/json.ts';
import { runDirectory } from '../../../src/core/layout.ts';
import { findLeader, markedProcesses } from '../../../src/drivers/marked.ts';
import { isAlive, readStat } from '../../../src/drivers/proc.ts';
import { observeServices } from '../../../src/drivers/process/observe.ts';
import { processStart } from '../../../src/drivers/process/start.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { until } from '../world.ts';
import { ready, runningService, serviceRoot, shell } from './service-world.ts';

const STAYS = 'echo ready; while :; do sleep 60; done';

function arranged(spec = shell(STAYS), root = serviceRoot()) {
  const args = { chute: 'hello', service: 'main', spec };
  const context = testContext({ root, kind: 'process.start@1', args });
  // Which process it is counts, its number does not: the first one of a world is 0.
  const seen: number[] = [];
  const world = async () =>
    observeServices(root).map(({ instance }) => {
      if (!seen.includes(instance.pid)) seen.push(instance.pid);
      return { process: seen.indexOf(instance.pid), mark: instance.mark };
    });
  return { root, args, context, world };
}

driverContract(
  { describe, test, expect },
  {
    kind: 'process.start@1',
    driver: processStart,
    arrange: async () => arranged(),
    prefixes: [
      {
        name: 'a start whose outcome was never recorded',
        state: 'done',
        reach: async ({ context, args }) => {
          await runningService(context.root, args.spec, context.mark);
        },
      },
      {
        name: 'a leader that died and left a child',
        state: 'partial',
        reach: async ({ context, args }) => {
          const leaves = shell('sleep 60 & echo ready; exit 0');
          const instance = await runningService(
            context.root,
            { ...leaves, log: args.spec.log },
            context.mark,
          );
          await until(() => !isAlive(instance));
        },
      },
    ],
    failing: [
      {
        name: 'the command does not exist',
        code: 'RIPCORD_PROCESS_FAILED',
        arrange: async () => arranged({ ...shell(''), command: ['no-such-command'] }),
      },
      {
        name: 'the command is not executable',
        code: 'RIPCORD_PROCESS_FAILED',
        arrange: async () => arranged({ ...shell(''), command: ['/etc/passwd'] }),
      },
      {
        name: 'the directory is missing',
        code: 'RIPCORD_PROCESS_FAILED',
        arrange: async () => arranged({ ...shell(STAYS), directory: 'chutes/hello/nowhere' }),
      },
      {
        name: 'the directory is outside of the root',
        code: 'RIPCORD_OPERATION_REFUSED',
        arrange: async () => arranged({ ...shell(STAYS), directory: 'chutes/../..' }),
      },
      {
        name: 'a secret is missing',
        code: 'RIPCORD_SECRET_MISSING',
        arrange: async () =>
          arranged({ ...shell(STAYS), environment: { TOKEN: { $secret: 'gone' } } }),
      },
    ],
  },
);

test('gives the service its environment, and nothing of the engine’s', async () => {
  const root = serviceRoot();
  const spec = {
    ...shell('env; pwd; echo ready; sleep 60'),
    environment: {
      PORT: '18080',
      STORE: { $path: 'chutes/hello/volumes/store' },
      TOKEN: { $secret: 'abc' },
      API: { $api: '/v1' },
      NAME: { $host: 'name' as const },
      RIPCORD_STEP: 'forged',
    },
  };
  const args = { chute: 'hello', service: 'main', spec };
  const secrets = { abc: 'hush' };
  const context = testContext({ root, kind: 'process.start@1', args, secrets });
  await processStart.run(context, args, null);
  await ready(root, spec);

  const lines = readFileSync(join(root, spec.log), 'utf8').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'PORT=18080',
      'TOKEN=hush',
      `API=http+unix://${encodeURIComponent(`${root}/ripcord.sock`)}/v1`,
      `NAME=${hostname()}`,
      `STORE=${root}/chutes/hello/volumes/store`,
      `HOME=${root}/chutes/hello/data`,
      `RIPCORD_ROOT=${root}`,
      `RIPCORD_STEP=${context.mark}`,
      `${root}/chutes/hello/data`,
    ]),
  );
  expect(lines.filter((line) => /^(VITEST|npm_|NODE_)/.test(line))).toEqual([]);
});

test('finds node without a PATH of its own', async () => {
  const root = serviceRoot();
  const script = "console.log('ready'); setInterval(() => {}, 60000)";
  const spec = { ...shell(''), command: ['node', '-e', script] };
  const args = { chute: 'hello', service: 'main', spec };
  const { result } = await processStart.run(
    testContext({ root, kind: 'process.start@1', args }),
    args,
    null,
  );
  await ready(root, spec);
  expect(isAlive(result.instance)).toBe(true);
});

test('says what to check when a command is missing', async () => {
  const { context, args } = arranged({ ...shell(''), command: ['no-such-command', '--fast'] });
  await expect(processStart.run(context, args, null)).rejects.toMatchObject({
    message: "cannot start service main of hello: 'no-such-command' was not found",
    hint: expect.stringContaining('no-such-command --fast'),
    class: 'permanent',
  });
});

test('names a process that ended at once, so that the gate can tell', async () => {
  const { context, args } = arranged(shell('exit 3'));
  const { result } = await processStart.run(context, args, null);
  expect(result.instance.startTicks).toBeGreaterThan(0);
  await until(() => !isAlive(result.instance));
  expect(await processStart.probe?.(context, args, null)).toMatchObject({ state: 'not-done' });
});

test('gets no descriptor of the engine’s but its log', async () => {
  const root = serviceRoot();
  // LevelDB opens its files so that they would be handed down.
  const level = new Level(join(root, 'index'));
  await level.open();
  try {
    const spec = shell('ls -l /proc/$$/fd; echo ready; exec sleep 60');
    await runningService(root, spec);
    const log = readFileSync(join(root, spec.log), 'utf8');
    const targets = [...log.matchAll(/-> (.*)$/gm)].map(([, target]) => target ?? '');
    const known = new Set([join(root, spec.log), '/dev/null']);
    expect(targets).toContain('/dev/null');
    expect(targets.filter((target) => !known.has(target))).toEqual([]);
  } finally {
    await level.close();
  }
});

test('leads a session of its own', async () => {
  const { root, context, args } = arranged();
  const { result } = await processStart.run(context, args, null);
  const { pid } = result.instance;
  expect(readStat(pid)).toMatchObject({ session: pid, group: pid });
  expect(findLeader(root, context.mark)).toEqual(result.instance);
});

test('ends what a dead process of the service left behind', async () => {
  const { root, context, args } = arranged();
  const dead = await runningService(root, shell('sleep 60 & echo ready'), 'u0/hello/old');
  await until(() => !isAlive(dead));
  await processStart.run(context, args, null);
  const marks = new Set(markedProcesses(root).map(({ mark }) => mark));
  expect(marks).toEqual(new Set([context.mark]));
});

test('ends a living process of the service that the journal does not know, and says so', async () => {
  const { root, context, args } = arranged();
  const stray = await runningService(root, shell(STAYS), 'u9/hello/lost');
  const notes: Json[] = [];
  const note = async (fact: Json): Promise<void> => void notes.push(fact);
  await processStart.run({ ...context, note }, args, null);
  expect(isAlive(stray)).toBe(false);
  expect(notes).toEqual([{ unknown: stray.mark, pid: stray.pid, fate: 'ended' }]);
});

test('does not take a process of an earlier life of its root for its own, and ends it', async () => {
  const { root, context, args } = arranged();
  const facts = join(root, 'ripcord.json');
  writeFileSync(facts, JSON.stringify({ uuid: 'first' }));
  const earlier = await runningService(root, args.spec, context.mark);
  writeFileSync(facts, JSON.stringify({ uuid: 'second' }));
  // What the earlier life wrote down went with it.
  rmSync(join(root, runDirectory('hello', 'main')), { recursive: true });
  expect(await processStart.probe?.(context, args, null)).toMatchObject({ state: 'not-done' });
  const { result } = await processStart.run(context, args, null);
  expect(isAlive(earlier)).toBe(false);
  expect(findLeader(root, context.mark)).toEqual(result.instance);
});

test('leaves a living process of the service that is applied as running', async () => {
  const { root, context, args } = arranged();
  const instance = await runningService(root, shell(STAYS), 'u0/hello/known');
  const main = { state: 'running', spec: args.spec, instance } as const;
  const hello = {
    definition: null,
    run: 'running',
    services: { main },
    releases: {},
    volumes: {},
    interfaces: {},
    redirects: [],
  };
  const applied = { ...context.applied, chutes: { hello } } as typeof context.applied;
  await processStart.run({ ...context, applied }, args, null);
  expect(isAlive(instance)).toBe(true);
});

test('finds a process that wrote over its environment', async () => {
  const { root, context, args } = arranged();
  const before = await processStart.run(context, args, null);
  await ready(root, args.spec);
  // Nothing of a mark is left in this one's environment; its session is the service's.
  const bare = { ...args, service: 'bare', spec: shell('echo ready; exec env -i sleep 60') };
  const other = { ...context, mark: 'u9/hello/bare' };
  const { result } = await processStart.run(other, bare, null);
  await until(() => readStat(result.instance.pid)?.name === 'sleep');

  expect(findLeader(root, other.mark)).toEqual(result.instance);
  expect(await processStart.probe?.(other, bare, null)).toMatchObject({ state: 'done' });
  await processStart.undo?.(other, bare, null);
  expect(observeServices(root).map(({ instance }) => instance)).toEqual([before.result.instance]);
});

test('is not found under another root or another step', async () => {
  const { root, context, args } = arranged();
  await processStart.run(context, args, null);
  expect(findLeader(root, 'u2/hello/process.start')).toBeNull();
  expect(findLeader(`${root}/other`, context.mark)).toBeNull();
});

test('puts a long log aside and appends to a short one', async () => {
  const { root, context, args } = arranged();
  const log = join(root, args.spec.log);
  mkdirSync(join(root, 'chutes/hello/logs'));
  writeFileSync(log, 'before\n');
  await processStart.run(context, args, null);
  await ready(root, args.spec);
  expect(readFileSync(log, 'utf8')).toBe('before\nready\n');

  await processStart.undo?.(context, args, null);
  truncateSync(log, 6 * 1024 * 1024);
  await processStart.run(context, args, null);
  await ready(root, args.spec);
  expect(readFileSync(log, 'utf8')).toBe('ready\n');
  expect(statSync(log.replace('.log', '.1.log')).size).toBe(6 * 1024 * 1024);
});

test('undoing keeps the last lines of what it stops, without its secrets', async () => {
  const line = 'for n in $(seq 50); do echo "line $n of hush-hush"; done; echo ready; sleep 60';
  const spec = { ...shell(line), environment: { TOKEN: { $secret: 'abc' } } };
  const { root, args } = arranged(spec);
  const notes: Json[] = [];
  const context = testContext({
    root,
    kind: 'process.start@1',
    args,
    secrets: { abc: 'hush-hush' },
    onNote: (fact) => void notes.push(fact),
  });
  await processStart.undo?.(context, args, null);
  expect(notes).toEqual([]);
  await processStart.run(context, args, null);
  await ready(root, spec);
  await processStart.undo?.(context, args, null);

  const lines = Array.from({ length: 39 }, (_, at) => `line ${at + 12} of (secret)`);
  expect(notes).toEqual([{ service: 'main', exit: 'ended on SIGTERM', log: [...lines, 'ready'] }]);
});
