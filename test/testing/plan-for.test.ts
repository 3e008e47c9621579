import { expect, test } from 'vitest';

import { planFor } from '../../src/testing/plan-for.ts';

const light = { type: 'light', image: 'node', source: '.', command: 'node server.mjs' };
const chute = { name: 'hello', version: 1, services: { main: light } };

test('plans a definition on a host that is only described, the same way each time', () => {
  const [once, again] = [0, 1].map(() => planFor({ definitions: [chute], planners: [] }));
  expect(once).toHaveProperty('plan');
  expect(again).toEqual(once);
});

test('says what is wrong with a definition, and with the facts', () => {
  const versionless = { ...chute, version: [] };
  expect(() => planFor({ definitions: [versionless], planners: [] })).toThrow(/version/);
  const facts = { cpus: 0 };
  expect(() => planFor({ definitions: [chute], planners: [], facts })).toThrow(/cpus/);
});
