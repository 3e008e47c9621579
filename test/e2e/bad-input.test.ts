import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Device } from './device.ts';
import { footprint, journalFootprint } from './footprint.ts';
import { good, WRONG } from './wrong-definitions.ts';

/** A device without a root, and one that runs version 1: what is wrong must leave no trace on either. */
let fresh: Device;
let settled: Device;
/** One more that runs version 1, for what takes hold of it before it is refused. */
let asked: Device;

beforeAll(async () => {
  fresh = await Device.make();
  settled = await Device.make();
  asked = await Device.make();
  for (const device of [fresh, settled])
    for (const { name, text } of WRONG) device.define(name, text);
  for (const device of [asked, settled]) await device.install('hello');
});

afterAll(() => {
  fresh.destroy();
  settled.destroy();
  asked.destroy();
});

describe.concurrent.each(WRONG)('a definition that is wrong: $name', ({ name, at, says }) => {
  const place = `${name}/chute.yaml:${at}`;

  test('apply refuses it with place and hint, and makes no root', async () => {
    const { code, out, err } = await fresh.ripcord(['apply', name, '-y', '--strict']);
    expect({ code, out }, err).toEqual({ code: 2, out: '' });
    expect(err).toContain(place);
    expect(err.split('\n').find((line) => line.includes(place))).toMatch(says);
    expect(err).toMatch(/^hint: +\S/m);
    expect(err).not.toContain('hunter2');
    expect(existsSync(fresh.root)).toBe(false);
  });

  test('apply -o json ends with the outcome, and leaves every file of a root as it was', async () => {
    const before = footprint(settled.root);
    const { code, out } = await settled.ripcord(['apply', name, '-y', '--strict', '-o', 'json']);
    expect(code).toBe(2);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      type: 'outcome',
      update: null,
      outcome: 'rejected',
      failedStep: null,
      error: {
        code: expect.stringMatching(/^RIPCORD_DEFINITION_/),
        message: expect.stringMatching(says),
        hint: expect.stringMatching(/./),
        at: place,
      },
    });
    expect(footprint(settled.root)).toEqual(before);
  });

  test('validate says the same', async () => {
    const { code, out, err } = await fresh.ripcord(['validate', name, '--strict']);
    expect(code, out).toBe(2);
    expect(`${out}${err}`).toContain(place);
    expect(existsSync(fresh.root)).toBe(false);
  });
});

describe.concurrent('a definition that is not there', () => {
  test.each([
    { argument: 'no-such-file', says: /no such file/ },
    { argument: 'nothing-in-it', says: /has no chute\.yaml/ },
    { argument: '-', says: /stdin/ },
  ])('$argument is refused and makes no root', async ({ argument, says }) => {
    mkdirSync(join(fresh.home, 'nothing-in-it'), { recursive: true });
    for (const command of [
      ['apply', argument, '-y'],
      ['validate', argument],
      ['plan', argument],
    ]) {
      const { code, err, out } = await fresh.ripcord(command);
      expect(code, command.join(' ')).toBe(2);
      expect(`${out}${err}`).toMatch(says);
    }
    const { out } = await fresh.ripcord(['apply', argument, '-y', '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject({ type: 'outcome', update: null, outcome: 'rejected' });
    expect(existsSync(fresh.root)).toBe(false);
  });
});

describe('a call that is wrong', () => {
  test.concurrent.each([
    { call: 'aply hello', says: /Did you mean apply\?/ },
    { call: 'stauts', says: /Did you mean status\?/ },
    { call: 'frobnicate', says: /no such command/ },
    { call: 'apply hello -y --stict', says: /--strict/ },
    { call: 'apply hello -y -o xml', says: /json/ },
    { call: 'apply hello -y --timeout soon', says: /no duration/ },
    { call: 'apply hello -y --mode later', says: /queue/ },
    { call: 'apply hello -y --api http://localhost', says: /come later/ },
    { call: 'apply hello -y --runtime docker', says: /process/ },
    { call: 'apply hello-v2', says: /--yes/ },
    { call: 'rm hello', says: /--yes/ },
    { call: 'rollback hello', says: /--yes/ },
    { call: 'at', says: /ref/ },
    { call: 'show nonsense', says: /no point in time/ },
    { call: 'why helo', says: /did you mean hello\?/ },
    { call: 'at u99', says: /u99/ },
    { call: 'at @99999', says: /99999/ },
    { call: 'diff u1 u99', says: /u99/ },
    { call: 'log --status bogus', says: /bogus/ },
    { call: 'log -n many', says: /no number/ },
    { call: 'log --grep (', says: /no pattern/ },
    { call: 'status nobody', says: /nobody/ },
    { call: 'logs nobody', says: /nobody/ },
    { call: 'watch u99', says: /u99/ },
    { call: 'cancel nine', says: /no update/ },
    { call: 'resolve u1.s1 --as retry', says: /--message/ },
    { call: 'journal repar', says: /Did you mean repair\?/ },
    ...[
      'replay',
      'bisect',
      'export',
      'open',
      'ui',
      'daemon',
      'drift',
      'hold',
      'compact',
      'fleet',
    ].map((word) => ({ call: `${word} hello`, says: /later/ })),
  ])('$call exits 2 and changes nothing', async ({ call, says }) => {
    const before = footprint(settled.root);
    const { code, out, err } = await settled.ripcord(call.split(' '));
    expect({ code, out }, err).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
    expect(err).toMatch(/^hint: +\S/m);
    expect(footprint(settled.root)).toEqual(before);
  });

  test.each([
    { call: 'cancel u99', says: /u99/ },
    { call: 'retry u99', says: /u99/ },
    { call: 'resolve u99.s1 --as done -m why', says: /u99/ },
    { call: 'resolve u1.s1 --as done -m why', says: /u1/ },
    { call: 'cancel u1', says: /u1/ },
  ])('$call is refused and journals nothing', async ({ call, says }) => {
    const before = journalFootprint(asked.root);
    const { code, err } = await asked.ripcord(call.split(' '));
    expect([2, 8], err).toContain(code);
    expect(err).toMatch(says);
    expect(journalFootprint(asked.root)).toEqual(before);
  });
});

test('what only the planner can refuse is journaled and changes nothing else', async () => {
  const other = asked.define(
    'rival',
    good('web:', '  service: main', `  port: ${asked.port}`).replace('hello', 'rival'),
  );
  const before = (await asked.json(['status'])) as { readonly stateHash: string };
  const planned = await asked.ripcord(['plan', other, '-o', 'json']);
  expect(planned.code).toBe(8);
  const { refusals } = JSON.parse(planned.out) as { readonly refusals: readonly object[] };
  expect(refusals).toEqual([
    {
      chute: 'rival',
      module: expect.any(String),
      code: expect.stringMatching(/./),
      message: expect.stringContaining(String(asked.port)),
      path: expect.any(String),
      hint: expect.any(String),
    },
  ]);
  const { code, out } = await asked.ripcord(['apply', other, '-y', '-o', 'json']);
  expect(code).toBe(8);
  expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'outcome',
    update: 'u2',
    outcome: 'rejected',
    error: { message: expect.stringContaining(String(asked.port)) },
  });
  expect(await asked.json(['status'])).toMatchObject({ stateHash: before.stateHash });
  expect(await asked.answer()).toContain('version 1');
});
