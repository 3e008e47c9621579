import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { Simulation } from '../../src/library/simulate.ts';
import { Shell } from './shell.ts';

type Printed = { readonly steps: readonly { id: string }[]; readonly simulation: Simulation };

const printed = (out: string): Printed => JSON.parse(out) as Printed;

test('a simulation runs every step, ends as desired and leaves no root behind', async () => {
  const shell = new Shell();
  const file = shell.define('sleep 600');
  const { code, out, err } = await shell.run(`plan ${file} --simulate -o json`);
  expect(err).toBe('');
  expect(code).toBe(0);
  const { steps, simulation } = printed(out);
  expect(simulation).toMatchObject({
    outcome: 'committed',
    result: 'as desired',
    error: null,
    differences: [],
  });
  expect(simulation.steps.map(({ step, what }) => `${what} ${step}`)).toEqual(
    steps.map(({ id }) => `done ${id}`),
  );
  expect(simulation.durationMs).toBeGreaterThan(1000);
  expect(existsSync(shell.root)).toBe(false);

  const again = await shell.run(`plan ${file} --simulate -o json`);
  expect(printed(again.out)).toEqual(printed(out));
});

test('a step that fails in a simulation shows how the update is rolled back', async () => {
  const shell = new Shell();
  const file = shell.define('sleep 600');
  const { code, out } = await shell.run(`plan ${file} --simulate --fail gate.check -o json`);
  expect(code).toBe(4);
  const { simulation } = printed(out);
  expect(simulation).toMatchObject({ outcome: 'reverted', result: 'as before', differences: [] });
  const ids = (what: string): readonly string[] =>
    simulation.steps.filter((each) => each.what === what).map(({ step }) => step);
  expect(ids('failed')).toEqual(['hello/gate.check']);
  expect(ids('undone')).toEqual(ids('done').toReversed());
});

test('an undo that fails in a simulation shows what would be stuck', async () => {
  const shell = new Shell();
  const file = shell.define('sleep 600');
  const faults = { RIPCORD_FAULT: 'fail@undo=*release.switch' };
  const line = `plan ${file} --simulate --fail s7`;
  const { code, out } = await shell.run(line, faults);
  expect(out).toContain('Simulated: stuck');
  expect(code).toBe(5);
});

test.each([
  ['--simulate --fail nothing.like', {}, 'the plan has none like it'],
  ['--fail s1', {}, 'add --simulate'],
  ['--simulate', { RIPCORD_FAULT: 'kill@append=1' }, 'a simulation has no process'],
])('%s is refused where it cannot be: %j', async (options, env, words) => {
  const shell = new Shell();
  const { code, err } = await shell.run(`plan ${shell.define('sleep 600')} ${options}`, env);
  expect(err).toContain(words);
  expect(code).toBe(2);
});

test('a simulation begins with what is applied, and changes nothing of it', async () => {
  const shell = new Shell();
  await shell.run(`apply ${shell.define('sleep 600')} -y`);
  const before = readFileSync(join(shell.root, 'HEAD'), 'utf8');
  const file = shell.define('sleep 500');
  const { code, out } = await shell.run(`plan ${file} --simulate -o json`);
  expect(code).toBe(0);
  const { simulation } = printed(out);
  expect(simulation).toMatchObject({ outcome: 'committed', result: 'as desired', differences: [] });
  const effects = simulation.ledger.map(({ effect }) => effect);
  expect(effects).toContain('end hello/main');
  expect(effects.indexOf('end hello/main')).toBeLessThan(effects.indexOf('start hello/main'));
  expect(readFileSync(join(shell.root, 'HEAD'), 'utf8')).toBe(before);
  const applied = await shell.run('status -o json');
  expect(applied.out).toContain('running');
  const hash = await shell.run(`plan ${file} --simulate --fail *gate* -o json`);
  expect(printed(hash.out).simulation).toMatchObject({ result: 'as before', differences: [] });
});

test('another host is simulated with its own facts', async () => {
  const shell = new Shell();
  const facts = join(shell.home, 'facts.json');
  writeFileSync(facts, JSON.stringify({ hostname: 'other', portsTaken: { '81/tcp': 'nginx' } }));
  const { code, out } = await shell.run(
    `plan ${shell.define('sleep 600')} --facts ${facts} --simulate`,
  );
  expect(out).toContain('the device is as desired');
  expect(code).toBe(0);
});
