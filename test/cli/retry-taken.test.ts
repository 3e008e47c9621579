import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';

import type { Context } from '../../src/cli/context.ts';
import { contextOf } from '../../src/cli/globals.ts';
import { runProgram } from '../../src/cli/program.ts';
import { RipcordError } from '../../src/core/errors.ts';
import { resolveStep } from '../../src/engine/resolve.ts';
import { localRequester } from '../../src/library/asked.ts';
import type { Ripcord } from '../../src/library/ripcord.ts';
import { type LocalApi, serve } from '../../src/server/serve.ts';
import { byName, chute, Root, SLEEPS } from '../library/open-root.ts';

/** Holds a root, and is gone for whoever asks for a retry: once it is carried out. */
async function serveUntilRetried(ripcord: Ripcord, root: string): Promise<LocalApi> {
  const { engine, requests } = ripcord;
  const api = await serve(
    {
      engine,
      requests,
      cancel: (id, by) => ripcord.cancel(id, by),
      resolve: (id, n, resolution) => resolveStep(engine, id, n, resolution),
      status: async () => null,
      retry: async (id, by) => {
        await (
          await ripcord.retry(id, { by })
        ).done;
        await ripcord.close('gone');
        void api.close();
        throw new RipcordError('RIPCORD_ENGINE_CLOSED', 'cannot answer: the engine closes');
      },
    },
    { root, logger: pino({ level: 'silent' }) },
  );
  return api;
}

function contextFor(root: string, told: string[]): Context {
  const env = { ...process.env, RIPCORD_BACKOFF_SCALE: '0.01' };
  const { stdout, stderr, stdin } = process;
  const context = contextOf({ root, output: 'json' }, { env, stdout, stderr, stdin }, 'ripcord');
  const { terminal } = context;
  return { ...context, terminal: { ...terminal, out: (text) => void told.push(text) } };
}

const named = (name: string): object => ({ ...chute(SLEEPS), name });

test.each([
  ['an update', ['hello'], ''],
  ['what of several did not get through', ['hello', 'lamp'], 'fail@step=u3.s*'],
])('a retry of %s is asked once when its answer got lost', async (_what, names, faults) => {
  const root = new Root();
  onTestFinished(() => root.destroy());
  const ripcord = await root.open({ faults });
  await (
    await ripcord.apply(names.map(named))
  ).done;
  const restarts = names.map((name) => ({ ...byName('restart'), chute: name }));
  await (
    await ripcord.ask(restarts, { by: localRequester('cli'), perChute: true })
  ).done;
  const api = await serveUntilRetried(ripcord, root.path);
  onTestFinished(() => api.close());

  const told: string[] = [];
  const next = names.length + 2;
  expect(await runProgram(['retry', 'u2'], () => contextFor(root.path, told))).toBe(0);
  const outcome: unknown = JSON.parse(told.join('').trimEnd().split('\n').at(-1) ?? '');
  expect(outcome).toMatchObject({ update: `u${next}`, outcome: 'committed' });
  const { engine } = await root.open();
  expect(engine.state.nextUpdate).toBe(next + 1);
});
