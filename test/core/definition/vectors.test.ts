import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Json, JsonObject } from '../../../src/core/json.ts';
import { parse } from './parse.ts';

/** Cases computed by ParaDrop's own code; a null there is "absent". */
type Vector = { readonly name: string; readonly given: JsonObject; readonly expected: Json };

const ALL = JSON.parse(
  readFileSync(new URL('../vectors/paradrop.json', import.meta.url), 'utf8'),
) as readonly (Vector & { readonly area: string })[];
const VECTORS = ALL.filter(({ area }) => area === 'definition');

type Loose = { readonly [key: string]: Loose } & { readonly length?: number };

function meaning(document: JsonObject): Loose {
  const parsed = parse(JSON.stringify(document), { fallbackName: 'unnamed' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.complaints));
  return JSON.parse(JSON.stringify(parsed.definition)) as Loose;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The members of an object that are not null. */
function given(value: Json | undefined): JsonObject {
  const members = Object.entries((value ?? {}) as JsonObject);
  return Object.fromEntries(members.filter(([, member]) => member !== null));
}

const WHOLE = VECTORS.filter(({ given: text }) => Object.hasOwn(text, 'version'));

test.each(WHOLE)('reads $name as ParaDrop does', ({ given: text, expected }) => {
  const wanted = expected as unknown as Loose;
  const definition = meaning(text);
  const main = definition['services']?.['main'];
  const wantedMain = wanted['services']?.['main'];
  expect(definition['name']).toEqual(
    wanted['name'] ?? (text['config'] as Loose | undefined)?.['name'] ?? 'unnamed',
  );
  expect(definition['version']).toEqual(wanted['version']);
  expect(definition['web'] ?? {}).toEqual(wanted['web']);
  expect(definition['environment']).toEqual(wanted['environment']);
  for (const field of ['type', 'image', 'command']) {
    expect(main?.[field] ?? null).toEqual(wantedMain?.[field] ?? null);
  }
  const variables = Object.entries(given(wantedMain?.['environment'] as unknown as Json));
  expect(main?.['environment']).toEqual(
    Object.fromEntries(variables.map(([name, value]) => [name, textOf(value)])),
  );
  const names = Object.keys(wantedMain?.['interfaces'] ?? {});
  expect(Object.keys(main?.['interfaces'] ?? {})).toEqual(names);
  for (const name of names) {
    const before = wantedMain?.['interfaces']?.[name];
    const after = main?.['interfaces']?.[name];
    expect(after?.['type']).toEqual(before?.['type']);
    // Wireless settings end up in one place; the key is kept apart.
    const { key, ...open } = given(before?.['wireless']);
    const secret = key === undefined ? {} : { key: { $secret: `mark of ${textOf(key)}` } };
    expect(after?.['wireless'] ?? {}).toEqual({ ...open, ...secret });
  }
  const requests = wantedMain?.['requests'];
  expect(main?.['requests']?.['asRoot'] ?? false).toEqual(requests?.['as-root'] ?? false);
  const bindings = Object.entries(given(requests?.['port-bindings'] as unknown as Json));
  expect(main?.['ports']).toEqual(
    Object.fromEntries(
      bindings.map(([inside, outside]) => [
        `${textOf(outside)}/tcp`,
        { internal: Number.parseInt(inside, 10) },
      ]),
    ),
  );
});

const withInterface = (fields: JsonObject): Loose =>
  meaning({
    name: 'hello',
    services: { main: { interfaces: { wlan0: { type: 'wifi', ...fields } } } },
  });

const TYPES = VECTORS.filter(({ name }) => name.startsWith('interface type'));
const WIRELESS = VECTORS.filter(({ name }) => name.startsWith('wireless fields'));

test.each(TYPES)('$name', ({ given: fields, expected }) => {
  const { type } = withInterface(fields)['services']?.['main']?.['interfaces']?.['wlan0'] ?? {};
  expect({ type }).toEqual(expected);
});

test.each(WIRELESS)('$name', ({ given: fields, expected }) => {
  const after = withInterface(fields)['services']?.['main']?.['interfaces']?.['wlan0'];
  const wireless = JSON.stringify(after?.['wireless']).replaceAll(
    /\{"\$secret":"mark of ([^"]*)"\}/g,
    '"$1"',
  );
  expect({ wireless: JSON.parse(wireless) as Json }).toEqual(expected);
});

test('the presence of services decides the format', () => {
  const multi = parse('{"name": "hello", "services": {}}');
  expect(multi.ok ? [] : multi.complaints.map(({ path }) => path)).toEqual(['/services']);
  const single = meaning({ name: 'hello', use: 'go' });
  expect(single['services']?.['main']?.['image']).toBe('go');
});

test('every vector is used', () => {
  expect(VECTORS).toHaveLength(WHOLE.length + TYPES.length + WIRELESS.length + 2);
  expect([WHOLE.length, TYPES.length, WIRELESS.length]).toEqual([4, 4, 2]);
});
