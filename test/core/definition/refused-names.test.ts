import { expect, test } from 'vitest';

import { type Case, chute, complaintsOf, parse, textAt, words } from './parse.ts';

const HEAD = 'name: hello\nservices:\n';
const MAIN = 'services.main';

const CASES: readonly Case[] = [
  [
    'a name that every object has',
    'name: constructor\nservices: {m: {}}\n',
    'constructor',
    'name: is not a name for a chute: "constructor", that name is reserved (the nearest valid one is constructor-chute)',
  ],
  [
    'a volume of such a name',
    chute('volumes: {/a: prototype}'),
    '/a',
    `${MAIN}.volumes["/a"]: is not a name for a volume: "prototype", that name is reserved`,
  ],
  [
    'an interface of such a name',
    chute('interfaces: {toString: {type: lan}}'),
    'toString',
    `${MAIN}.interfaces.toString: is not a name for an interface`,
  ],
  [
    'an interface of such a name in the older form',
    'name: hello\ntype: light\nuse: node\nconfig: {net: {n1: {type: lan, intfName: __proto__}}}\n',
    'n1',
    'config.net.n1: is not a name for an interface',
  ],
  [
    'a rule of such a name',
    `${HEAD}  m: {}\nfirewall: [{name: __proto__, from: a, to: b}]\n`,
    '{name: __proto__',
    'firewall[0]: is not a name for a rule: "__proto__", that name is reserved (use another name)',
  ],
  [
    'a kind that is none',
    'kind: hosts\n',
    'kind',
    'kind: is not a known field (did you mean kind: host, of a host',
  ],
  [
    'a section that is none',
    'systm: {}\n',
    'systm',
    'systm: is not a known field (did you mean system, of a host',
  ],
  ['nothing that a chute has', 'colour: red\n', 'colour', 'colour: is not a known field'],
  [
    'a command with a NUL',
    chute('needs: []').replace('x', '"a\\0b"'),
    '"a',
    `${MAIN}.command: holds a NUL character`,
  ],
  [
    'a version with a NUL',
    'name: hello\nversion: "1\\0"\nservices: {m: {command: x}}\n',
    '"1',
    'version: holds a control character',
  ],
  [
    'a version that colours a terminal',
    'name: hello\nversion: "1\\e[31m2"\nservices: {m: {command: x}}\n',
    '"1',
    'version: holds a control character',
  ],
  [
    'a version of two lines',
    'name: hello\nversion: "1\\n2"\nservices: {m: {command: x}}\n',
    '"1',
    'version: holds a control character',
  ],
  [
    'an owner that some terminals obey',
    'name: hello\nowner: "me\\x9b31m"\nservices: {m: {command: x}}\n',
    '"me',
    'owner: holds a control character',
  ],
  [
    'a description that rings',
    'name: hello\ndescription: "a\\a"\nservices: {m: {command: x}}\n',
    '"a',
    'description: holds a control character',
  ],
];

test.each(CASES)('%s is refused where it stands', (_, text, at, beginning) => {
  const [complaint] = complaintsOf(text);
  expect(complaint && words(complaint)).toContain(beginning);
  expect(complaint && textAt(text, complaint, at.length)).toBe(at);
});

test('a description may have lines', () => {
  const text = 'name: hello\ndescription: |\n  one\n  two\nservices: {m: {command: x}}\n';
  expect(parse(text)).toMatchObject({ ok: true, definition: { description: 'one\ntwo' } });
});
