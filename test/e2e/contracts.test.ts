import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import type { Device } from './device.ts';
import { deviceWithPast } from './past.ts';
import { device, jsonLines } from './shell.ts';

let on: Device;

beforeAll(async () => {
  on = await deviceWithPast();
});

describe('what programs read', () => {
  const text = expect.stringMatching(/./) as string;
  const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  const count = expect.any(Number) as number;

  test('status', async () => {
    const status = (await on.json(['status'])) as { readonly chutes: { readonly hello: object } };
    expect(status).toEqual({
      head: { seq: count, hash },
      stateHash: hash,
      running: null,
      updates: [],
      stuck: [],
      reloadsOwed: [],
      chutes: { hello: expect.any(Object) as object, other: expect.any(Object) as object },
      host: expect.objectContaining({ config: expect.any(Object) as object }) as object,
    });
    expect(status.chutes.hello).toMatchObject({
      state: 'running',
      version: 2,
      revision: 2,
      applied: { definition: { name: 'hello', version: 2 } },
      desired: { definition: { name: 'hello', version: 2 } },
      observed: { services: { main: { state: 'running' } } },
      drift: [],
    });
  });

  test('the lines of apply are the journal’s own, and the outcome', async () => {
    const mine = await device();
    const lines = [...jsonLines((await mine.ripcord(['apply', 'hello', '-y', '-o', 'json'])).out)];
    expect(lines.pop()).toEqual({
      type: 'outcome',
      update: 'u1',
      outcome: 'committed',
      failedStep: null,
      error: null,
    });
    const events = (await mine.json(['log', '--events'])) as readonly Record<string, unknown>[];
    expect(lines).toEqual(events.filter(({ update }) => update === 'u1'));
    expect(jsonLines((await mine.ripcord(['journal', 'cat'])).out)).toEqual(events);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
    const again = await mine.ripcord(['apply', 'hello', '-y', '-o', 'json']);
    expect(jsonLines(again.out)).toEqual([
      { type: 'outcome', update: null, outcome: 'unchanged', failedStep: null, error: null },
    ]);
    const failed = jsonLines(
      (await mine.ripcord(['apply', 'hello-broken', '-y', '-o', 'json'])).out,
    );
    expect(failed.at(-1)).toEqual({
      type: 'outcome',
      update: 'u2',
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
      error: { code: 'RIPCORD_GATE_FAILED', message: text },
    });
  });

  test('verify', async () => {
    const { head } = (await on.json(['status'])) as { readonly head: { readonly seq: number } };
    expect(await on.json(['verify'])).toEqual({ ok: true, events: head.seq, head, problems: [] });
  });

  test('log', async () => {
    const updates = (await on.json(['log'])) as readonly object[];
    expect(updates).toHaveLength(6);
    expect(updates.at(-1)).toMatchObject({ id: 'u1', outcome: 'committed', chutes: ['hello'] });
    expect(updates.at(-3)).toMatchObject({
      id: 'u3',
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
      error: { code: 'RIPCORD_GATE_FAILED', message: text },
    });
  });

  test('show', async () => {
    const story = (await on.json(['show', 'u2'])) as {
      readonly plan: { readonly steps: readonly Record<string, unknown>[] };
    };
    expect(story).toMatchObject({
      id: 'u2',
      outcome: 'committed',
      request: { chutes: [{ chute: 'hello', operation: 'apply' }] },
      patch: expect.arrayContaining([
        { op: 'replace', path: '/chutes/hello/definition/version', value: 2 },
      ]) as object[],
      plan: { hash },
    });
    for (const [index, step] of story.plan.steps.entries())
      expect(step).toMatchObject({
        n: index + 1,
        id: expect.stringMatching(/^[a-z0-9][a-z0-9.:/@_-]*$/) as string,
        kind: expect.stringMatching(/^[a-z]+\.[a-z]+@\d+$/) as string,
        module: text,
        phase: count,
        afterCommit: expect.any(Boolean) as boolean,
        attempts: expect.any(Array) as object[],
      });
    expect(story.plan.steps.at(-1)).toMatchObject({ afterCommit: true });
  });

  test('plan', async () => {
    const nothing = await on.ripcord(['plan', 'hello-v2', '-o', 'json']);
    expect(JSON.parse(nothing.out)).toMatchObject({ patch: [], steps: [], refusals: [] });
    const some = await on.ripcord([
      'plan',
      'hello',
      '--allow-downgrade',
      '-o',
      'json',
      '--exit-code',
    ]);
    expect(some.code).toBe(3);
    expect(JSON.parse(some.out)).toMatchObject({
      hash,
      patch: expect.arrayContaining([
        { op: 'replace', path: '/chutes/hello/definition/version', value: 1 },
      ]) as object[],
      refusals: [],
    });
    const lower = await on.ripcord(['plan', 'hello', '-o', 'json']);
    expect(lower.code).toBe(8);
    expect(JSON.parse(lower.out)).toMatchObject({
      steps: [],
      refusals: [
        {
          chute: 'hello',
          module: text,
          code: 'RIPCORD_VERSION_LOWER',
          message: text,
          path: expect.any(String) as string,
          hint: text,
        },
      ],
    });
  });

  test('two roots with the same definitions have the same hash, and a plan is the same each time', async () => {
    const two = await device();
    const hashes: unknown[] = [];
    const plans: unknown[] = [];
    for (const root of [two.root, `${two.home}/elsewhere/root`]) {
      const at = ['--root', root];
      await two.install('hello', ...at);
      await two.install('hello-v2', ...at);
      hashes.push(((await two.json(['status', ...at])) as { stateHash: string }).stateHash);
      plans.push(
        ((await two.json(['plan', 'hello', '--allow-downgrade', ...at])) as { hash: string }).hash,
      );
      await two.ripcord(['rm', 'hello', '-y', ...at]);
    }
    expect(hashes[0]).toEqual(hashes[1]);
    expect(plans[0]).toEqual(plans[1]);
  });
});

describe('what people read', () => {
  const MAIN = resolve('dist/src/cli/main.js');
  const shell = (line: string, env: Readonly<Record<string, string>> = {}) =>
    spawnSync('sh', ['-c', line.replaceAll('ripcord', `${process.execPath} ${MAIN}`)], {
      cwd: on.home,
      env: { PATH: process.env['PATH'], RIPCORD_ROOT: on.root, ...env },
      encoding: 'utf8',
    });

  test.each(['journal cat', 'log --events', 'status', 'log --events -o json', 'schema'])(
    '%s into a pipe that closes early says nothing about it',
    (command) => {
      const { stdout, stderr } = shell(`ripcord ${command} | head -n 1`);
      expect(stdout.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toBe('');
    },
  );

  test('has colours where they are wanted, and nowhere else', () => {
    const escape = '\u001B[';
    for (const [line, env, colours] of [
      ['ripcord log', {}, false],
      ['ripcord log', { TERM: 'xterm-256color' }, false],
      ['ripcord log', { FORCE_COLOR: '1' }, true],
      ['ripcord log', { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
      ['ripcord log --color always', { NO_COLOR: '1' }, true],
      ['ripcord log --color never', { FORCE_COLOR: '1' }, false],
      ['ripcord log -o json --color always', {}, false],
    ] as const)
      expect([line, env, shell(line, env).stdout.includes(escape)]).toEqual([line, env, colours]);
  });

  test('is plain lines without animation where nobody sees it, and nothing with -q', async () => {
    const mine = await device();
    const { code, out, err } = await mine.ripcord(['apply', 'hello', '-y']);
    expect(code).toBe(0);
    expect(err).not.toContain('\u001B');
    expect(err).not.toContain('\r');
    expect(err).toMatch(/^\d\d:\d\d:\d\d\.\d{3} u1 update\.requested/m);
    expect(err.split('\n').length).toBeLessThan(25);
    expect(out).toMatch(/u1 committed in/);
    expect(await mine.ripcord(['apply', 'hello-v2', '-y', '-q'])).toMatchObject({
      code: 0,
      out: '',
      err: '',
    });
    const failed = await mine.ripcord(['apply', 'hello-broken', '-y', '-q']);
    expect(failed.code).toBe(4);
    expect(failed.err.trimEnd().split('\n').at(-1)).toContain('ripcord show u3');
  });
});
