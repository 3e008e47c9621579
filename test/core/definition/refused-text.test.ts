import { expect, test } from 'vitest';

import type { Case } from './parse.ts';
import { chute, complaintsOf, textAt, words } from './parse.ts';

const HEAD = 'name: hello\nservices:\n';
const MAIN = 'services.main';
const many = (unit: string, times: number): string => unit.repeat(times);

const YAML: readonly Case[] = [
  ['an empty text', '', '', 'is empty'],
  ['a list', '- 1\n', '- 1', 'is not a map of fields'],
  ['an open bracket', 'name: [1, 2', '', 'is not YAML'],
  ['a tab as indentation', 'a:\n\tb: 1\n', '\tb', 'is not YAML: tabs are not allowed'],
  ['two documents', 'a: 1\n---\nb: 1\n', '---', 'begins a second document'],
  ['an unknown tag', `${HEAD}  main: !run x\n`, '!run', 'is not YAML: unresolved tag: !run'],
  ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 'a: 3', 'a: stands here twice (keep one of them)'],
  ['a duplicate key in quotes', 'a: {b: 1, "b": 2}\n', '"b": 2', 'a.b: stands here twice'],
  ['a duplicate key in JSON', '{"a": {"b": 1,\n"b": 2}}', '"b": 2', 'a.b: stands here twice'],
  ['an unknown alias', 'a: *b\n', '*b', 'a: names the anchor &b, unknown so far'],
  ['an alias to what it stands in', 'a: &a\n  - *a\n', '*a', 'a[0]: *a stands inside of what'],
  ['a merge key', 'a: &a {b: 1}\nc:\n  <<: *a\n', '<<', 'c["<<"]: merge keys (<<) are not read'],
  ['a key that is a list', '? [a]\n: 1\n', '[a]', '["?"]: must be a plain text to be a name'],
  ['__proto__', 'a: 1\n__proto__: {}\n', '__proto__', '__proto__: "__proto__" is not allowed'],
  ['constructor', `${HEAD}  constructor: {}\n`, 'constructor', 'services.constructor: '],
  [
    'prototype',
    chute('environment: {prototype: 1}'),
    'prototype',
    `${MAIN}.environment.prototype: `,
  ],
  ['block nesting', many('- ', 500_000), '- - ', 'is nested more than 32 levels deep'],
  ['flow nesting', many('[', 500_000), '[[[', 'is nested more than 32 levels deep'],
  ['map nesting', many('{a: ', 200_000), '{a:', 'is nested more than 32 levels deep'],
  ['deep indentation', `a:\n${many(' ', 300)}b: 1\n`, '      ', 'is indented by more than 256'],
  ['100,000 keys', many('x: 1\n', 100_000), '1', 'holds too many values'],
  ['60,000 values', `a: [${many('1,', 60_000)}]`, '1', 'a[49998]: is nested too deeply or one'],
  ['more than 1 MiB', many('x', 1024 * 1024 + 1), 'xxx', 'is larger than 1 MiB'],
  ['infinity', 'a: .inf\n', '.inf', 'a: must be a finite number, not .inf'],
  ['a number too big', 'a: 12345678901234567890\n', '1234', 'a: 12345678901234567890 is too big'],
];

test.each(YAML)('refuses %s', (_, text, at, beginning) => {
  const [complaint] = complaintsOf(text);
  if (complaint === undefined) throw new Error('no complaint');
  expect(words(complaint).slice(0, beginning.length)).toBe(beginning);
  expect(textAt(text, complaint, at.length)).toBe(at);
});

test('names the alias that a bomb goes off at, and ends soon', () => {
  const lines = ['a: &a [1,1,1,1,1,1,1,1,1]'];
  for (const [index, name] of Array.from('bcdefghijk').entries()) {
    lines.push(`${name}: &${name} [${many(`*${'abcdefghij'.charAt(index)},`, 9)}]`);
  }
  const text = lines.join('\n');
  const begun = performance.now();
  const complaints = complaintsOf(text);
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(complaints.map(({ code }) => code)).toEqual(['alias-unbounded']);
  expect(complaints.map((complaint) => textAt(text, complaint, 2))).toEqual(['*d']);
});

test('refuses 10 MB of YAML before parsing it', () => {
  const text = many('key: [value, {a: b}]\n', 500_000);
  const begun = performance.now();
  expect(complaintsOf(text)[0]?.code).toBe('text-too-large');
  expect(performance.now() - begun).toBeLessThan(100);
});

const LONG: readonly (readonly [what: string, text: string])[] = [
  ['unknown fields', Array.from({ length: 40_000 }, (_, at) => `k${at}: 1`).join('\n')],
  ['aliases', `a: &a 1\nb: [${many('*a,', 40_000)}]`],
  ['duplicate keys', many('a: 1\n', 40_000)],
  ['anchors', Array.from({ length: 20_000 }, (_, at) => `k${at}: &a${at} 1`).join('\n')],
];

// Each of these took a minute when the work per item grew with the text.
test.each(LONG)('is done with tens of thousands of %s in seconds', (_, text) => {
  const begun = performance.now();
  expect(complaintsOf(text).length).toBeLessThanOrEqual(200);
  expect(performance.now() - begun).toBeLessThan(8_000);
});

test('quotes no more of a value than a line or two', () => {
  const [complaint] = complaintsOf(`${HEAD}  main: {image: ${many('9', 9000)}}\n`);
  expect(complaint?.message).toMatch(/^must be a finite number, not 9+…$/);
  expect(complaint?.message.length).toBeLessThan(400);
});
