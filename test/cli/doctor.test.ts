import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { parseFacts } from '../../src/core/facts-schema.ts';
import { footprint } from '../e2e/footprint.ts';
import { Shell } from './shell.ts';

const hashOf = (out: string): unknown => (JSON.parse(out) as { hash: unknown }).hash;

describe('doctor', () => {
  test('prints facts that plan takes as they are, for the same plan', async () => {
    const shell = new Shell();
    const file = shell.define('sleep 600');
    const { out: facts, code } = await shell.run('doctor -o json');
    expect(code).toBe(0);
    expect(parseFacts(JSON.parse(facts))).toEqual({ facts: JSON.parse(facts) as unknown });
    writeFileSync(join(shell.home, 'facts.json'), facts);
    const { out: yaml } = await shell.run('doctor -o yaml');
    writeFileSync(join(shell.home, 'facts.yaml'), yaml);
    const { out: plain } = await shell.run(`plan ${file} -o json`);
    for (const name of ['facts.json', 'facts.yaml']) {
      const { out: planned } = await shell.run(`plan ${file} --facts ${name} -o json`);
      expect(hashOf(planned)).toBe(hashOf(plain));
    }
    expect(hashOf(plain)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('goes on with the host where there is no root, and makes none', async () => {
    const shell = new Shell();
    const { out, code } = await shell.run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^engine +! root \S+ is not there yet/m);
    for (const area of ['host', 'network', 'wifi', 'tools'])
      expect(out).toMatch(new RegExp(`^${area} +[✓!✗] \\S`, 'm'));
    expect(footprint(shell.root)).toEqual({});
  });

  test('tells of journal, disk and leftovers of a root, and leaves it as it was', async () => {
    const shell = new Shell();
    await shell.run(`apply ${shell.define('sleep 600')} -y`);
    mkdirSync(join(shell.root, 'chutes', 'stray'));
    const before = footprint(shell.root);
    const { out } = await shell.run('doctor');
    expect(out).toMatch(/✓ journal \d+ events, \d+ MiB, chain ok, head @\d+/);
    expect(out).toMatch(/✓ fsync [\d.]+/);
    expect(out).toMatch(/✓ nobody holds the root/);
    expect(out).toMatch(/disk .* free/);
    expect(out).toMatch(/^owner +! chutes\/stray belongs to no chute/m);
    expect(out).not.toContain('chutes/hello');
    expect(footprint(shell.root)).toEqual(before);
  });

  test.each<{ name: string; make: (root: string) => void; says: RegExp; code: number }>([
    {
      name: 'an empty directory',
      make: (root) => mkdirSync(root),
      says: /! \S+ is no ripcord root yet/,
      code: 0,
    },
    {
      name: 'a file',
      make: (root) => writeFileSync(root, ''),
      says: /✗ cannot use '\S+' as a root: it is no directory/,
      code: 1,
    },
  ])('goes on where the root is $name', async ({ make, says, code }) => {
    const shell = new Shell();
    make(shell.root);
    const told = await shell.run('doctor');
    expect(told.out).toMatch(says);
    expect(told.out).toMatch(/^tools /m);
    expect(told.code).toBe(0);
    const strict = await shell.run('doctor engine --strict');
    expect(strict.code).toBe(code);
  });

  test('finds a damaged journal, which --strict answers for', async () => {
    const shell = new Shell();
    await shell.run(`apply ${shell.define('sleep 600')} -y`);
    const sound = await shell.run('doctor engine --strict');
    expect(sound.code).toBe(0);
    writeFileSync(join(shell.root, 'HEAD'), 'nothing of the kind');
    const damaged = await shell.run('doctor engine --strict');
    expect(damaged.out).toMatch(/✗ .*journal/);
    expect(damaged.code).toBe(1);
    const { code } = await shell.run('doctor engine');
    expect(code).toBe(0);
  });

  test.each([
    { call: 'doctor engin', says: /Did you mean engine\?/ },
    { call: 'doctor bogus', says: /there is engine, host, network, wifi, tools, owner/ },
    { call: 'doctor host -o json', says: /facts of the whole host/ },
    { call: 'doctor --fix', says: /RIPCORD_COMMAND_LATER|does not have it yet/ },
    { call: 'plan - --facts -', says: /only one/ },
  ])('$call is refused in words', async ({ call, says }) => {
    const { code, out, err } = await new Shell().run(call);
    expect(`${out}${err}`).toMatch(says);
    expect(code).toBe(2);
  });
});
