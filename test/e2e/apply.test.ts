import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Device } from './device.ts';
import { device, jsonLines, rootExists } from './shell.ts';

describe.concurrent('apply', () => {
  test('brings a chute up, and a second time changes nothing', async () => {
    const on = await device();
    const first = await on.ripcord(['apply', 'hello', '-y', '-m', 'first']);
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain(`http://localhost:${on.port}/`);
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
    const { head } = (await on.json(['status'])) as { head: unknown };
    const second = await on.ripcord(['apply', 'hello']);
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('No changes.') });
    expect((await on.json(['status'])) as object).toMatchObject({ head });
  });

  test('prints records a line with -o json, and the outcome last', async () => {
    const on = await device();
    const { out, err, code } = await on.ripcord(['apply', 'hello', '-y', '-o', 'json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = jsonLines(out);
    expect(lines[0]).toMatchObject({ type: 'update.requested', update: 'u1' });
    expect(lines.at(-1)).toEqual({
      type: 'outcome',
      update: 'u1',
      outcome: 'committed',
      failedStep: null,
      error: null,
    });
    const again = await on.ripcord(['apply', 'hello', '-y', '-o', 'json']);
    expect(jsonLines(again.out)).toEqual([
      { type: 'outcome', update: null, outcome: 'unchanged', failedStep: null, error: null },
    ]);
  });

  test('without --yes and without a terminal names the flag and touches nothing', async () => {
    const on = await device();
    const { code, err } = await on.ripcord(['apply', 'hello']);
    expect(code).toBe(2);
    expect(err).toContain('--yes');
    expect(existsSync(on.root)).toBe(false);
    const json = await on.ripcord(['apply', 'hello', '-o', 'json']);
    expect(json.code).toBe(2);
    expect(jsonLines(json.out)).toMatchObject([{ type: 'outcome', outcome: 'rejected' }]);
  });

  test('refuses a wrong definition with its place, and makes no root', async () => {
    const on = await device();
    writeFileSync(join(on.home, 'bad.yaml'), 'name: hello\nservices:\n  main: {image: 7}\n');
    const { code, err } = await on.ripcord(['apply', 'bad.yaml', '-y']);
    expect(code).toBe(2);
    expect(err).toMatch(/bad\.yaml:3:\d+/);
    const json = await on.ripcord(['apply', 'bad.yaml', '-y', '-o', 'json']);
    expect(jsonLines(json.out)).toMatchObject([
      {
        type: 'outcome',
        update: null,
        outcome: 'rejected',
        error: { code: 'RIPCORD_DEFINITION_INVALID', at: expect.stringMatching(/^bad\.yaml:3:/) },
      },
    ]);
    expect(existsSync(on.root)).toBe(false);
  });

  test('takes a failed update back and says so', async () => {
    const on = await device();
    await on.ripcord(['apply', 'hello', '-y']);
    const { stateHash } = (await on.json(['status'])) as { stateHash: string };
    const { code, err } = await on.ripcord(['apply', 'hello-broken', '-y']);
    expect(code).toBe(4);
    expect(err).toContain('device as before (state hash equal)');
    expect(err.trimEnd().split('\n').at(-1)).toContain('ripcord show u2');
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
    expect(await on.json(['status'])).toMatchObject({ stateHash });
  });

  test('refuses a lower version with exit 8, and goes back when asked to', async () => {
    const on = await device();
    await on.ripcord(['apply', 'hello-v2', '-y']);
    const refused = await on.ripcord(['apply', 'hello', '-y', '-o', 'json']);
    expect(refused.code).toBe(8);
    expect(jsonLines(refused.out).at(-1)).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_VERSION_LOWER' },
    });
    expect(await on.ripcord(['apply', 'hello', '-y', '--allow-downgrade'])).toMatchObject({
      code: 0,
    });
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
  });

  test('takes a request once, whatever its number of tries', async () => {
    const on = await device();
    const words = ['apply', 'hello', '-y', '--key', 'k1', '-o', 'json'];
    const first = jsonLines((await on.ripcord(words)).out).at(-1);
    expect(jsonLines((await on.ripcord(words)).out).at(-1)).toEqual(first);
    expect(await on.json(['log'])).toHaveLength(1);
    const other = await on.ripcord(['apply', 'hello-v2', '-y', '--key', 'k1']);
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('REQUEST_CONFLICT') });
  });

  test('with --dry-run and plan shows the steps and writes nothing', async () => {
    const on = await device();
    const plan = (await on.json(['plan', 'hello'])) as { steps: unknown[]; hash: string };
    expect(plan.steps.length).toBeGreaterThan(3);
    expect(plan.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await on.json(['apply', 'hello', '--dry-run'])).toEqual(plan);
    expect(await on.ripcord(['plan', 'hello', '--exit-code'])).toMatchObject({ code: 3 });
    expect(rootExists(on)).toBe(false);
  });

  test('refuses when the device is not as it was', async () => {
    const on = await device();
    await on.ripcord(['apply', 'hello', '-y']);
    const stale = await on.ripcord(['apply', 'hello-v2', '-y', '--if-base', 'u1^']);
    expect(stale).toMatchObject({ code: 8, err: expect.stringContaining('PLAN_STALE') });
    expect(await on.ripcord(['apply', 'hello-v2', '-y', '--if-base', 'u1'])).toMatchObject({
      code: 0,
    });
  });
});

describe.concurrent('the other changes', () => {
  test('stop, start, restart, roll back and remove', async () => {
    const on = await device();
    await on.ripcord(['apply', 'hello', '-y']);
    await on.ripcord(['apply', 'hello-v2', '-y']);
    expect(await on.ripcord(['stop', 'hello'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe(null);
    expect(await on.json(['status'])).toMatchObject({ chutes: { hello: { state: 'stopped' } } });
    expect(await on.ripcord(['stop', 'hello'])).toMatchObject({ code: 8 });
    expect(await on.ripcord(['start', 'hello'])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['restart', 'hello'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('Hello again from ripcord: version 2');
    expect(await on.ripcord(['rollback', 'hello', '-y', '--to', 'u1'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
    expect(await on.ripcord(['rm', 'hello'])).toMatchObject({ code: 2 });
    expect(await on.ripcord(['rm', 'hello', '-y'])).toMatchObject({ code: 0 });
    expect(on.processes()).toEqual([]);
    expect(await on.json(['status'])).toMatchObject({ chutes: {} });
    expect(await on.ripcord(['stop', 'hello'])).toMatchObject({ code: 8 });
  });

  test('retry asks again for what failed', async () => {
    const on = await device();
    const failed = await on.ripcord(['apply', 'hello', '-y'], 'fail@step=hello/main/process.start');
    expect(failed.code).toBe(4);
    expect(await on.ripcord(['retry', 'u1'])).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
    expect(await on.ripcord(['retry', 'u9'])).toMatchObject({ code: 2 });
  });

  test.each(['retry', 'done'] as const)('resolve --as %s settles an undo', async (as) => {
    const on = await device();
    const ref = await stuck(on);
    const resolved = await on.ripcord(['resolve', ref, '--as', as, '-m', 'seen']);
    expect(resolved).toMatchObject({ code: 0 });
    expect(await on.json(['status'])).toMatchObject({ stuck: [], updates: [] });
  });

  test('resolve --as undone is believed only when the effect is gone', async () => {
    const on = await device();
    const ref = await stuck(on);
    const words = ['resolve', ref, '--as', 'undone', '-m', 'by hand'];
    expect(await on.ripcord(words)).toMatchObject({ code: 8 });
    for (const { pid } of on.processes()) process.kill(-pid, 'SIGKILL');
    expect(await on.ripcord(words)).toMatchObject({ code: 0 });
    expect(await on.answer()).toBe('Hello from ripcord: version 1');
  });

  test('logs prints what the chute printed', async () => {
    const on = await device();
    await on.ripcord(['apply', 'hello', '-y']);
    const { out } = await on.ripcord(['logs', 'hello', '-n', '5']);
    expect(out).toBe(`version 1 listens on port ${on.port}\n`);
    expect(await on.ripcord(['logs', 'nobody'])).toMatchObject({ code: 2 });
    expect(readdirSync(on.root)).not.toContain('ripcord.sock');
  });
});

/** An update whose start of the new service could not be undone; the step that is stuck. */
async function stuck(on: Device): Promise<string> {
  await on.ripcord(['apply', 'hello', '-y']);
  const faults = 'fail@step=hello/gate.check,fail@undo=hello/main/process.start';
  const { code, err } = await on.ripcord(['apply', 'hello-v2', '-y'], faults);
  expect(code).toBe(5);
  const status = (await on.json(['status'])) as { stuck: { ref: string; state: string }[] };
  const ref = status.stuck.find(({ state }) => state === 'failed')?.ref ?? '';
  expect(err.trimEnd().split('\n').at(-1)).toContain(`ripcord resolve ${ref}`);
  return ref;
}
