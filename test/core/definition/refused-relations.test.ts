import { expect, test } from 'vitest';

import { dotted } from '../../../src/core/definition/complaint.ts';
import { complaintsOf, words } from './parse.ts';

const HEAD = 'name: hello\nservices:\n';
const TWO = `${HEAD}  web: {command: x}\n  db: {command: x}\n`;

const RELATIONS: readonly (readonly [title: string, text: string, end: string])[] = [
  [
    'needs of an unknown service',
    `${HEAD}  web: {needs: [bd]}\n  db: {}\n`,
    'names no service of this chute: bd (did you mean db?)',
  ],
  [
    'needs in a circle',
    `${HEAD}  a: {needs: [b]}\n  b: {needs: [c]}\n  c: {needs: [a]}\n`,
    'goes round in a circle: a → b → c → a (one of them has to start first)',
  ],
  [
    'a service that needs itself',
    `${HEAD}  a: {needs: a}\n`,
    'goes round in a circle: a → a (one of them has to start first)',
  ],
  [
    'web without a service among several',
    `${TWO}web: {port: 80}\n`,
    'does not say which service answers (write service: and one of web, db)',
  ],
  [
    'web of an unknown service',
    `${TWO}web: {port: 80, service: wbe}\n`,
    'is no service of this chute: wbe (did you mean web?)',
  ],
  ['web without a port', `${TWO}web: {service: web}\n`, 'is missing'],
  [
    'two services on one port',
    `${HEAD}  a: {requests: {port-bindings: {1: 80}}}\n  b: {requests: {port-bindings: {2: 80}}}\n`,
    'binds 80/tcp, which a binds already',
  ],
  [
    'two rules of one name',
    `${TWO}firewall: [{name: r, from: a, to: b}, {name: r, from: a, to: c}]\n`,
    'has the name of another rule: r',
  ],
];

test.each(RELATIONS)('refuses %s', (_, text, end) => {
  const [complaint, ...more] = complaintsOf(text);
  if (complaint === undefined) throw new Error('no complaint');
  expect(more).toEqual([]);
  expect(words(complaint)).toBe(`${dotted(complaint.path)}: ${end}`);
  expect(complaint.line).toBeGreaterThan(1);
});
