import { expect, test } from 'vitest';

import { mergeUci } from '../../../src/core/render/uci-merge.ts';
import { parseUci, uciQuote, uciSectionText } from '../../../src/core/render/uci-text.ts';

const section = (name: string, value = 'x'): string =>
  uciSectionText({ type: 'zone', name: `ripcord__${name}`, options: { name: value } });

const merge = (existing: string, ours: string): string => mergeUci(existing, ours, 'ripcord') ?? '';

const LAN = `# my router
config interface 'lan'
	option proto static   # by hand
	option device "br-lan"

config interface wan
	option proto 'dhcp'
`;

test('sections of others stay byte for byte, before and behind ours', () => {
  const first = merge(LAN, section('a'));
  expect(first.startsWith(LAN)).toBe(true);
  const behind = `${first}\n# mine too\nconfig rule\n\toption x 'y'\n`;
  const second = merge(behind, section('b'));
  expect(second.startsWith(`${LAN}\n# mine too\nconfig rule\n\toption x 'y'\n`)).toBe(true);
  expect(parseUci(second).map(({ name }) => name)).toEqual(['lan', 'wan', null, 'ripcord__b']);
});

test.each([
  ['an empty file', ''],
  ['an empty line', '\n'],
  ['a file', LAN],
  ['one that ends with empty lines', `${LAN}\n\n`],
  ['one that ends within a line', LAN.trimEnd()],
  ['one that ends with a comment', `${LAN}# the end`],
  ['one with other line ends', LAN.replaceAll('\n', '\r\n')],
])('%s comes back when our last section goes', (_, existing) => {
  const merged = merge(existing, section('a') + section('b'));
  expect(parseUci(merged).filter(({ name }) => name?.startsWith('ripcord__'))).toHaveLength(2);
  expect(merge(merge(merged, section('b')), '')).toBe(existing);
});

test('a file that says the same already comes back as it is', () => {
  const merged = merge(LAN, section('a'));
  expect(merge(merged, section('a'))).toBe(merged);
  // As the uci program itself would write it again: no comments, other quotes.
  const rewritten = "\nconfig zone 'ripcord__a'\n\toption name x\n\nconfig interface 'lan'\n";
  expect(merge(rewritten, section('a'))).toBe(rewritten);
  expect(merge(LAN, '')).toBe(LAN);
});

test('a value that changed is the only thing that changes', () => {
  const before = merge(LAN, section('a', 'old'));
  expect(merge(before, section('a', 'new'))).toBe(before.replace('old', 'new'));
});

test('a section of ours is ours wherever it was moved to', () => {
  const moved = `${section('a')}\n${LAN}`;
  expect(merge(moved, '')).toBe(`\n${LAN}`);
});

test('a section that only looks like ours is not', () => {
  const alike = "config zone 'ripcord'\n\toption name 'ripcord__x'\n\nconfig zone 'ripcord_a'\n";
  expect(merge(merge(alike, section('a')), '')).toBe(alike);
});

test.each([
  ["config zone 'a\n\toption x y\n", 'line 1'],
  ['config zone a\n\n\tnonsense\n', 'line 3'],
  ['option lost value\n', 'line 1'],
])('a file that cannot be read is not written: %j', (text, line) => {
  expect(() => merge(text, section('a'))).toThrow(line);
});

test.each([
  'plain',
  '',
  "it's",
  'two\nlines',
  '"; # \\ $(x)',
  'ünïcode 🚀',
  "'",
  '{{secret:uci:aa}}',
  '{{{',
])('%j reads back as it was quoted', (text) => {
  const quoted = uciQuote(text);
  expect(quoted).not.toContain('{{');
  expect(parseUci(`config a b\n\toption c ${quoted}\n`)[0]?.lines).toEqual([['option', 'c', text]]);
});

test('what libuci reads is read alike: bare words, both quotes, escapes, ; and comments', () => {
  const text = String.raw`package network
config a 'n'; option one two\ three # four
	list five "s\"ix" # 'x
	option joined a'b c'"d"
`;
  expect(parseUci(text)).toMatchObject([
    {
      type: 'a',
      name: 'n',
      lines: [
        ['option', 'one', 'two three'],
        ['list', 'five', 's"ix'],
        ['option', 'joined', 'ab cd'],
      ],
    },
  ]);
});
