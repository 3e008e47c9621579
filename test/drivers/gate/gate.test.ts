import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Health } from '../../../src/core/chute.ts';
import type { GateCheck } from '../../../src/core/step.ts';
import { gateCheck } from '../../../src/drivers/gate/gate.ts';
import { isAlive } from '../../../src/drivers/proc.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import {
  appliedService,
  runningService,
  serviceRoot,
  serviceWorld,
  shell,
} from '../process/service-world.ts';
import { until, writeTree } from '../world.ts';

const QUICK = { intervalMs: 5, timeoutMs: 1_000, retries: 2, settleMs: 0, withinMs: 30_000 };

/** A service that answers each path with the status of that name, and never answers `/hang`. */
const SERVER = `
const server = require('http').createServer((request, response) => {
  if (request.url === '/hang') return;
  if (request.url === '/twice' && ++this.asked < 3) { response.writeHead(500).end(); return; }
  response.writeHead(Number(request.url.slice(1)) || 200).end();
});
this.asked = 0;
server.listen(0, '127.0.0.1', () => {
  require('fs').writeFileSync('port', String(server.address().port));
  console.log('ready');
});`;

const STAYS = shell('echo ready; sleep 60 & wait');

async function gating(
  check: (port: number) => Health['check'],
  options: { readonly spec?: typeof STAYS; readonly health?: Partial<Health> } = {},
) {
  const root = serviceRoot();
  const spec = options.spec ?? STAYS;
  const instance = await runningService(root, spec);
  const health = { check: check(await portOf(root, spec)), ...QUICK, ...options.health };
  const checks: readonly GateCheck[] = [
    { chute: 'hello', service: 'main', health, directory: spec.directory },
  ];
  const args = { checks, withinMs: 30_000 };
  const applied = appliedService({ state: 'running', spec, instance });
  const context = testContext({ root, kind: 'gate.check@1', args, applied });
  return { root, instance, args, context, world: async () => serviceWorld(root) };
}

async function portOf(root: string, spec: typeof STAYS): Promise<number> {
  if (spec.command[0] !== 'node') return 1;
  const { readFile } = await import('node:fs/promises');
  return Number(await readFile(join(root, spec.directory, 'port'), 'utf8'));
}

const web = { ...STAYS, command: ['node', '-e', `(function () {${SERVER}}).call({})`] };
const http = (path: string) => (port: number) => ({ type: 'http', port, path }) as const;
const exec = (line: string) => () => ({ type: 'exec', command: ['/bin/sh', '-c', line] }) as const;

driverContract(
  { describe, test, expect },
  {
    kind: 'gate.check@1',
    driver: gateCheck,
    arrange: () => gating(http('/'), { spec: web }),
    failing: [
      {
        name: 'the service answers with an error',
        code: 'RIPCORD_GATE_FAILED',
        arrange: () => gating(http('/500'), { spec: web }),
      },
    ],
  },
);

test.each([
  { name: 'http 200', check: http('/200'), spec: web, answer: '200 OK' },
  { name: 'http 302', check: http('/302'), spec: web, answer: '302 Found' },
  { name: 'http after two errors', check: http('/twice'), spec: web, answer: '200 OK' },
  {
    name: 'tcp',
    check: (port: number) => ({ type: 'tcp', port }) as const,
    spec: web,
    answer: 'connected',
  },
  { name: 'exec', check: exec('test -d . && echo fine'), spec: STAYS, answer: 'exit 0: fine' },
  { name: 'alive', check: () => ({ type: 'alive' }) as const, spec: STAYS, answer: 'alive' },
])('lets a good service through: $name', async ({ check, spec, answer }) => {
  const { args, context } = await gating(check, { spec });
  const { result } = await gateCheck.run(context, args, null);
  expect(result).toMatchObject({ passed: [{ chute: 'hello', service: 'main', answer }] });
});

test.each([
  { name: 'http 404', check: http('/404'), spec: web, answer: '404 Not Found' },
  {
    name: 'http without an answer',
    check: http('/hang'),
    spec: web,
    health: { timeoutMs: 20 },
    answer: 'no answer within 20 ms',
  },
  { name: 'exec', check: exec('echo ill; exit 3'), spec: STAYS, answer: 'exit 3: ill' },
  {
    name: 'exec that hangs',
    check: exec('sleep 60'),
    spec: STAYS,
    health: { timeoutMs: 20 },
    answer: 'timed out after 20 ms',
  },
  {
    name: 'nobody listens for as long as the check is given',
    check: () => ({ type: 'tcp', port: 1 }) as const,
    spec: STAYS,
    health: { withinMs: 30 },
    answer: 'connection refused',
  },
])('stops a bad service: $name', async ({ check, spec, health = {}, answer }) => {
  const { args, context } = await gating(check, { spec, health });
  await expect(gateCheck.run(context, args, null)).rejects.toMatchObject({
    code: 'RIPCORD_GATE_FAILED',
    class: 'permanent',
    message: expect.stringContaining(`service main of hello is well`),
    details: { chute: 'hello', service: 'main', answer, log: ['ready'] },
    hint: 'ripcord logs hello main',
  });
});

test('fails at once when the process is gone, however long the check is given', async () => {
  const { args, context, instance } = await gating(() => ({ type: 'alive' }), {
    spec: shell('echo ready; echo out of luck; exit 1'),
    health: { settleMs: 3_600_000, withinMs: 7_200_000 },
  });
  await until(() => !isAlive(instance));
  await expect(
    gateCheck.run(context, { ...args, withinMs: 7_200_000 }, null),
  ).rejects.toMatchObject({
    code: 'RIPCORD_GATE_FAILED',
    message: expect.stringContaining('its process has ended'),
    details: { log: ['ready', 'out of luck'] },
  });
});

test('fails as soon as the process ends while it settles', async () => {
  const { args, context, instance } = await gating(() => ({ type: 'alive' }), {
    health: { settleMs: 3_600_000, withinMs: 7_200_000 },
  });
  const running = gateCheck.run(context, { ...args, withinMs: 7_200_000 }, null);
  process.kill(-instance.pid, 'SIGKILL');
  await expect(running).rejects.toMatchObject({ code: 'RIPCORD_GATE_FAILED' });
});

test('does not believe the answer of another process on the port', async () => {
  const { args, context, instance } = await gating(http('/'), { spec: web });
  const applied = appliedService({
    state: 'running',
    spec: web,
    instance: { ...instance, startTicks: 1, mark: 'u9/hello/main/process.start' },
  });
  await expect(gateCheck.run({ ...context, applied }, args, null)).rejects.toMatchObject({
    code: 'RIPCORD_GATE_FAILED',
  });
});

test('keeps the deadline that began before a restart', async () => {
  const { args, context } = await gating(() => ({ type: 'tcp', port: 1 }));
  const passed = { ...context, deadlineUp: context.up() - 1 };
  await expect(gateCheck.run(passed, args, null)).rejects.toMatchObject({
    code: 'RIPCORD_GATE_FAILED',
    details: { answer: 'connection refused' },
  });
});

test('gives an exec check the environment of its service, in its directory', async () => {
  const spec = { ...STAYS, environment: { GREETING: 'hi' } };
  const { root, args, context } = await gating(exec('echo $GREETING $(cat here)'), { spec });
  writeTree(root, { [`${spec.directory}/here`]: 'there' });
  const { result } = await gateCheck.run(context, args, null);
  expect(result).toMatchObject({ passed: [{ answer: 'exit 0: hi there' }] });
});

test('stops with an abort', async () => {
  const { args, context } = await gating(() => ({ type: 'tcp', port: 1 }));
  const abort = new AbortController();
  const running = gateCheck.run({ ...context, signal: abort.signal }, args, null);
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});

test('keeps the last 40 lines and the last answer without the secrets of the service', async () => {
  const line = 'for n in $(seq 50); do echo "line $n of hush-hush"; done; echo ready; sleep 60';
  const spec = { ...shell(line), environment: { TOKEN: { $secret: 'abc' } } };
  const { context, args } = await gating(exec('echo no hush-hush; exit 3'), { spec });
  const secret = async (): Promise<string> => 'hush-hush';
  const lines = Array.from({ length: 39 }, (_, at) => `line ${at + 12} of (secret)`);
  await expect(gateCheck.run({ ...context, secret }, args, null)).rejects.toMatchObject({
    message: expect.stringContaining('exit 3: no (secret)'),
    details: { answer: 'exit 3: no (secret)', log: [...lines, 'ready'] },
  });
});
