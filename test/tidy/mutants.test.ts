import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { broken } from '../mutants/broken.ts';
import { CHANGES, nameOf } from '../mutants/mutant.ts';
import { MUTANTS } from '../mutants/mutants.ts';
import { PLAYS } from '../power/plays.ts';

describe('mutants', () => {
  test.each(MUTANTS.map((mutant) => [nameOf(mutant), mutant] as const))(
    '%s: fits the file, and names tests that are there',
    (_name, mutant) => {
      const text = readFileSync(mutant.file, 'utf8');
      expect(broken(text, mutant)).not.toBe(text);
      for (const each of mutant.tests) {
        const [, play] = /^power (.*)$/.exec(each) ?? [];
        if (play !== undefined) expect(PLAYS.map(({ name }) => name)).toContain(play);
        else expect(each === 'sim' || existsSync(each.split(' > ')[0] ?? ''), each).toBe(true);
      }
    },
  );

  test('make every change that has to be noticed, each under a name of its own', () => {
    expect(new Set(MUTANTS.map(({ change }) => change))).toEqual(new Set(CHANGES));
    expect(new Set(MUTANTS.map(nameOf)).size).toBe(MUTANTS.length);
  });
});
