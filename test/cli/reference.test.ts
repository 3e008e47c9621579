import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Command } from 'commander';
import { describe, expect, test } from 'vitest';

import { EXIT } from '../../src/cli/exit-code.ts';
import { WORDS } from '../../src/cli/words.ts';

const PAGE = readFileSync(resolve('docs/reference/cli.md'), 'utf8');

/** The part of the page under a heading. */
function sectionOf(heading: string): string {
  const [, ...rest] = PAGE.split(`\n## ${heading}\n`);
  return rest.join('').split('\n## ')[0] ?? '';
}

describe('docs/reference/cli.md', () => {
  test.each(Object.keys(WORDS))('has a section on %s with all its options', async (word) => {
    const command = new Command(word);
    (await WORDS[word]?.load())?.configure(command);
    const section = sectionOf(word);
    expect(section).toContain(`ripcord ${word}`);
    const all = [command, ...command.commands].flatMap(({ options }) => options);
    const missing = all.filter(({ long }) => !section.includes(long ?? '?'));
    expect(missing.map(({ long }) => long)).toEqual([]);
  });

  test('lists every exit code', () => {
    const section = sectionOf('Exit codes');
    for (const code of Object.values(EXIT))
      expect(section).toMatch(new RegExp(`^\\| ${code} `, 'm'));
  });
});
