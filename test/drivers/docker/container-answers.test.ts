import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, onTestFinished, test } from 'vitest';

import type { Health } from '../../../src/core/chute.ts';
import { askContainer } from '../../../src/drivers/docker/container-health.ts';
import { lastLinesOf } from '../../../src/drivers/docker/container-log.ts';
import { EngineApi } from '../../../src/drivers/docker/engine-api.ts';
import { SPEC } from '../../docker/docker-world.ts';
import { type Answers, fakeEngine, framed } from './fake-engine.ts';

const { signal } = new AbortController();
const TIMES = { intervalMs: 10, timeoutMs: 1_000, retries: 1, settleMs: 0, withinMs: 1_000 };

const linesOf = async (answers: Answers): Promise<readonly string[]> => {
  const engine = new EngineApi(await fakeEngine(answers));
  return lastLinesOf(engine, { secret: async () => '' }, { id: 'c1', spec: SPEC });
};

test('of what a container printed no more is kept than a journal should hold', async () => {
  const log = framed(`${'a'.repeat(300_000)}\nthe end\n`);
  const lines = await linesOf({ '/containers/c1/logs': log });
  expect(lines.at(-1)).toBe('the end');
  expect(lines.join('\n').length).toBeLessThan(70_000);
});

test('a container whose log cannot be read has printed nothing', async () => {
  expect(await linesOf({ '/containers/c1/logs': 500 })).toEqual([]);
});

test('what a check inside a container printed is no longer than that of a process', async () => {
  await fakeEngine({
    '/containers/c1/json': {
      State: { Running: true },
      HostConfig: { NetworkMode: 'n1' },
      NetworkSettings: { Networks: {} },
    },
    '/containers/c1/exec': { Id: 'e1' },
    '/exec/e1/start': framed(`${'a'.repeat(300_000)}\n`),
    '/exec/e1/json': { ExitCode: 1 },
  });
  const health: Health = { check: { type: 'exec', command: ['true'] }, ...TIMES };
  const answer = await askContainer(health, { container: 'c1', signal });
  expect(answer?.verdict).toBe('bad');
  expect(answer?.text.length).toBeLessThan(5_000);
});

test('a container without an address is not asked at that of the host', async () => {
  const other = createServer((_request, response) => response.end('somebody else'));
  await new Promise<void>((done) => {
    other.listen(0, '127.0.0.1', done);
  });
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const health: Health = { check: { type: 'http', port, path: '/' }, ...TIMES };
  const ask = async (network: string) => {
    await fakeEngine({
      '/containers/c1/json': {
        State: { Running: true },
        HostConfig: { NetworkMode: network },
        NetworkSettings: { Networks: { [network]: { IPAddress: '' } } },
      },
    });
    return (await askContainer(health, { container: 'c1', signal }))?.verdict;
  };
  expect(await ask('host')).toBe('good');
  expect(await ask('ripcord-hello')).toBe('silent');
});
