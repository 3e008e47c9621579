import { readFileSync } from 'node:fs';

import { Command } from 'commander';
import { expect, test } from 'vitest';

import { LATER, WORDS } from '../../src/cli/words.ts';

const PAGE = readFileSync('docs/reference/cli.md', 'utf8');

/** The part of the page under one heading. */
function partOf(word: string): string {
  const [, after = ''] = PAGE.split(new RegExp(`^## ${word}$`, 'm'));
  return after.split(/^## /m)[0] ?? '';
}

test('docs/reference/cli.md describes every command, and no other, in the order of the help', () => {
  const headings = [...PAGE.matchAll(/^## ([a-z]+)$/gm)].map(([, word]) => word);
  expect(headings).toEqual(Object.keys(WORDS));
});

test.each(Object.keys(WORDS))('docs/reference/cli.md has every option of %s', async (word) => {
  const module = await WORDS[word]?.load();
  const command = new Command(word);
  module?.configure(command);
  const options = [command, ...command.commands].flatMap(({ options: own }) =>
    own.filter(({ hidden }) => !hidden).map(({ long }) => long ?? ''),
  );
  const text = partOf(word);
  expect(options.filter((option) => !text.includes(option))).toEqual([]);
  expect(
    command.commands.map((verb) => verb.name()).filter((verb) => !text.includes(verb)),
  ).toEqual([]);
});

test('the readme says what comes later', () => {
  const readme = readFileSync('README.md', 'utf8');
  const named = ['replay', 'bisect', 'daemon', 'fleet'];
  expect(LATER).toEqual(expect.arrayContaining(named));
  expect(named.filter((word) => !readme.includes(word))).toEqual([]);
});
