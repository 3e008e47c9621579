import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { EXIT } from '../../src/cli/exit-code.ts';
import { LATER } from '../../src/cli/words.ts';
import type { Device } from './device.ts';
import { device, jsonLines } from './shell.ts';

/** Version 1, version 2, and an update that failed. */
let on: Device;

beforeAll(async () => {
  on = await device();
  await on.ripcord(['apply', 'hello', '-y', '-m', 'to begin with']);
  await on.ripcord(['apply', 'hello-v2', '-y']);
  await on.ripcord(['apply', 'hello-broken', '-y']);
});

describe('log', () => {
  test('lists updates, newest first, with -o json as an array', async () => {
    const updates = (await on.json(['log'])) as { id: string; outcome: string }[];
    expect(updates.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['u3', 'reverted'],
      ['u2', 'committed'],
      ['u1', 'committed'],
    ]);
    expect(updates.at(-1)).toMatchObject({ chutes: ['hello'], message: 'to begin with' });
  });

  test.each([
    [['-r'], ['u1', 'u2', 'u3']],
    [['-n', '1'], ['u3']],
    [['--status', 'failed'], ['u3']],
    [['--grep', 'begin'], ['u1']],
    [['--since', 'u2'], ['u3']],
    [['--until', 'u1'], ['u1']],
    [
      ['--after', 'u1'],
      ['u3', 'u2'],
    ],
    [['--chute', 'nobody'], []],
  ])('with %j lists %j', async (flags, ids) => {
    const updates = (await on.json(['log', ...flags])) as { id: string }[];
    expect(updates.map(({ id }) => id)).toEqual(ids);
  });

  test('shows one line an update, with patch, steps and causes where asked', async () => {
    const { out } = await on.ripcord(['log']);
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(out).toMatch(/u3 .*reverted .*hello 2.*3/);
    const more = (await on.ripcord(['log', '-p', '--steps', '-x', '-n', '1'])).out;
    expect(more).toContain('RIPCORD_GATE_FAILED');
    expect(more).toContain('~ hello/definition/version  3');
    expect(more).toMatch(/s1 .*fetch release/);
  });

  test('with --events lists events in their order', async () => {
    const events = (await on.json(['log', '--events'])) as { seq: number }[];
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, at) => at + 1));
    const last = (await on.json([
      'log',
      '--events',
      '-n',
      '2',
      '--status',
      'reverted',
    ])) as object[];
    expect(last).toMatchObject([{ update: 'u3' }, { type: 'update.reverted' }]);
    const streamed = jsonLines((await on.ripcord(['log', '--events', '-o', 'ndjson'])).out);
    expect(streamed[0]).toEqual({ type: 'stream', schema: '1.0' });
    expect(streamed).toHaveLength(events.length + 1);
  });
});

describe('show', () => {
  test('tells an update with its request, patch, plan and outcome', async () => {
    expect(await on.json(['show', 'u3'])).toMatchObject({
      id: 'u3',
      outcome: 'reverted',
      failedStep: 'hello/gate.check',
      request: { chutes: [{ chute: 'hello', operation: 'apply' }] },
      plan: { steps: expect.arrayContaining([expect.objectContaining({ n: 1, module: 'files' })]) },
      verified: true,
    });
    const { out } = await on.ripcord(['show', 'u3']);
    expect(out).toContain('device as before (state hash equal)');
    expect(out.trimEnd().split('\n').at(-1)).toBe('ripcord retry u3');
  });

  test.each([
    ['u3.s1', { update: 'u3', n: 1, undone: { outcome: 'undone' } }],
    ['@1', { seq: 1, type: 'engine.started' }],
    ['hello@r2', { id: 'u2', outcome: 'committed' }],
  ])('%s', async (ref, shown) => {
    expect(await on.json(['show', ref])).toMatchObject(shown);
    expect(await on.ripcord(['show', ref])).toMatchObject({ code: 0 });
  });

  test.each(['u99', 'u1.s99', '@99999', 'hello@r9', 'nonsense'])('%s is refused', async (ref) => {
    expect(await on.ripcord(['show', ref])).toMatchObject({ code: EXIT.usage, out: '' });
    expect(await on.json(['show', ref])).toMatchObject({
      error: { code: 'RIPCORD_REF_UNKNOWN', kind: 'usage' },
    });
  });
});

describe('at and diff', () => {
  test('give the state of then with its hash', async () => {
    const then = (await on.json(['at', 'u1'])) as { stateHash: string };
    const now = (await on.json(['status'])) as { stateHash: string };
    expect(then.stateHash).toMatch(/^[0-9a-f]{64}$/);
    expect(then.stateHash).not.toBe(now.stateHash);
    expect(await on.json(['at', 'u3'])).toMatchObject({ stateHash: now.stateHash });
    expect(await on.json(['at', 'u3^'])).toMatchObject({ stateHash: now.stateHash });
    expect((await on.ripcord(['at', 'u1', 'hello.version'])).out).toBe('1\n');
    expect(await on.ripcord(['at', 'u1', 'hello.nothing'])).toMatchObject({ code: EXIT.usage });
  });

  test('tell two points in time apart', async () => {
    const { out } = await on.ripcord(['diff', 'u1', 'u2', 'hello.version']);
    expect(out).toContain('hello.version');
    expect(out).toContain('1 path in 1 chute, 1 update (u2)');
    expect((await on.ripcord(['diff', 'u1..u2', '--stat'])).out).toMatch(/^\d+ paths in 1 chute/);
    expect(await on.ripcord(['diff', '--exit-code'])).toMatchObject({ code: EXIT.ok });
    expect(await on.ripcord(['diff', 'u1', '--exit-code'])).toMatchObject({ code: EXIT.differs });
    expect((await on.ripcord(['diff', '--live'])).out).toContain('what is applied');
  });
});

describe('the journal', () => {
  test('is checked, printed whole, and printed from its end', async () => {
    const { head, events } = (await on.json(['verify'])) as { head: object; events: number };
    const lines = jsonLines((await on.ripcord(['journal', 'cat'])).out);
    expect(lines).toHaveLength(events);
    expect(lines.at(-1)).toMatchObject(head);
    const tail = jsonLines((await on.ripcord(['journal', 'tail', '-n', '2'])).out);
    expect(tail).toEqual(lines.slice(-2));
    expect(await on.ripcord(['journal', 'verify', '--deep'])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['journal', 'repair'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to repair'),
    });
  });

  test('is not written by looking at it', async () => {
    const log = join(on.root, 'log');
    const bytes = (): string =>
      readdirSync(log)
        .map((name) => readFileSync(join(log, name), 'latin1'))
        .join('');
    const before = bytes();
    for (const words of [['status'], ['log'], ['show', 'u1'], ['at', 'u1'], ['watch', 'u1']])
      await on.ripcord(words);
    expect(bytes() === before).toBe(true);
  });
});

describe('where there is no root', () => {
  test.each([
    [['status'], 0],
    [['log'], 0],
    [['watch'], 0],
    [['show', 'u1'], 2],
    [['at', 'u1'], 2],
    [['verify'], 2],
    [['stop', 'hello'], 2],
    [['cancel', 'u1'], 2],
  ])('%j ends with %i and makes none', async (words, code) => {
    const empty = await device();
    expect(await empty.ripcord(words)).toMatchObject({ code });
    expect(existsSync(empty.root)).toBe(false);
  });
});

describe('around the commands', () => {
  test.each(LATER)('%s comes later, and it says so', async (word) => {
    const { code, err } = await on.ripcord([word]);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain('RIPCORD_COMMAND_LATER');
  });

  test.each([
    [['stauts'], 'Did you mean status?'],
    [['status', '--wdie'], 'Did you mean --wide?'],
    [['show'], 'ripcord show --help'],
    [['apply', '--mode', 'maybe'], 'refuse, queue, supersede'],
    [['status', '--timeout', 'soon'], 'durations look like'],
    [['logs', 'hello', '-n', 'x'], 'is no number'],
  ])('%j is refused with a hint', async (words, hint) => {
    const { code, err } = await on.ripcord(words);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(hint);
  });

  test('init writes a definition that is valid and can be planned', async () => {
    const directory = join(on.home, 'My Chute');
    mkdirSync(directory);
    expect(await on.ripcord(['init', directory])).toMatchObject({ code: 0 });
    expect(await on.ripcord(['validate', directory, '--strict'])).toMatchObject({ code: 0 });
    expect(await on.json(['plan', directory])).toMatchObject({ refusals: [] });
    expect(await on.ripcord(['init', directory])).toMatchObject({ code: EXIT.usage });
  });

  test('validate names every mistake with its place', async () => {
    const file = join(on.home, 'two.yaml');
    writeFileSync(file, 'name: UPPER\nservices:\n  main: {image: node, needs: [nobody]}\n');
    const { code, out } = await on.ripcord(['validate', file]);
    expect(code).toBe(EXIT.usage);
    expect(out.match(/two\.yaml:\d+:\d+/g)?.length).toBe(2);
  });

  test('completion offers commands, options, chutes and updates', async () => {
    expect(await offered('sta')).toEqual(['start', 'status']);
    expect(await offered('stop', 'h')).toEqual(['hello']);
    expect(await offered('show', 'u')).toEqual(['u3', 'u2', 'u1']);
    expect(await offered('log', '--ev')).toEqual(['--events']);
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await on.ripcord(['completion', shell])).toMatchObject({ code: 0 });
  });

  test('the schema and the version are printed', async () => {
    expect(await on.json(['schema'])).toMatchObject({ title: 'Ripcord chute' });
    expect((await on.ripcord(['--version'])).out).toMatch(/^ripcord \d+\.\d+\.\d+/);
  });
});

/** What completion offers for the last of the words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  return (await on.ripcord(['__complete', '--', ...words])).out.trim().split('\n');
}
