import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { jsonSchema } from '../../src/core/definition/json-schema.ts';
import { hostJsonSchema } from '../../src/core/host-config/json-schema.ts';

test('the published schema of host configurations is the one that the program checks with', () => {
  const published: unknown = JSON.parse(readFileSync('docs/reference/host.schema.json', 'utf8'));
  expect(published).toEqual(hostJsonSchema());
});

test('the published schema is the one that the program checks with', () => {
  const published: unknown = JSON.parse(readFileSync('docs/reference/chute.schema.json', 'utf8'));
  expect(published).toEqual(jsonSchema());
});
