import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { nearestName } from '../../../src/core/definition/nearest.ts';
import { findCycle } from '../../../src/core/definition/needs.ts';
import { parseDefinition, parseDefinitionValue } from '../../../src/core/definition/parse.ts';
import type { RawDefinition } from '../../../src/core/definition/raw.ts';
import { writtenForm } from '../../../src/core/definition/write.ts';
import type { Json } from '../../../src/core/json.ts';
import { OPTIONS, accepted } from './parse.ts';

const inner = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/);
const word = fc.stringMatching(/^[ -~]{1,20}$/).filter((text) => text.trim() !== '');
const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const port = fc.integer({ min: 1, max: 65_535 });
const scalar = fc.oneof(word, fc.integer(), fc.boolean());
const passphrase = fc.stringMatching(/^[ -~]{8,63}$/);
const environment = fc.dictionary(
  fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/),
  fc.oneof(scalar, fc.constant(null), fc.record({ secret: word })),
  { maxKeys: 4 },
);

const health = fc
  .tuple(
    fc.constantFrom('http', 'tcp', 'exec', 'none'),
    port,
    fc.record({ retries: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
  )
  .map(([type, at, times]) => {
    if (type === 'http') return { http: { port: at, path: '/health?a=b' }, ...times };
    if (type === 'tcp') return { tcp: { port: at }, ...times };
    return type === 'exec' ? { exec: ['probe', String(at)], ...times } : times;
  });

const networkInterface = fc.record(
  {
    type: fc.constantFrom('wifi', 'wifi-ap', 'wifi-sta', 'wifi-monitor', 'vlan', 'lan'),
    mode: fc.constantFrom('ap', 'sta', 'monitor'),
    dhcp: fc.record({ lease: word, start: fc.integer(), relay: word }, { requiredKeys: [] }),
    options: fc.record({ ssid: word, key: passphrase, hidden: scalar }, { requiredKeys: [] }),
    wireless: fc.record({ ssid: word, key: passphrase, auth_secret: word }, { requiredKeys: [] }),
    ssid: word,
    requests: fc.dictionary(inner, scalar),
    vlan_id: fc.integer({ min: 1, max: 4094 }),
  },
  { requiredKeys: ['type'] },
);

const service = fc.record(
  {
    image: fc.constantFrom('node', 'python3', 'redis:6', 'a.example:5000/b@sha256:00'),
    command: fc.oneof(fc.array(word, { minLength: 1, maxLength: 3 }), inner),
    source: fc.constantFrom('.', 'a', '/b', 'c.tgz', 'https://d.example/e.tar', 'git@f.example:g'),
    environment,
    interfaces: fc.dictionary(
      inner.map((name) => `i${name}`),
      networkInterface,
      { maxKeys: 2 },
    ),
    requests: fc.record(
      {
        'as-root': fc.boolean(),
        memory: fc.constantFrom('64M', '1g', 8_388_608),
        'cpu-fraction': fc.constantFrom(0, 0.25, 1),
        priority: fc.constantFrom('high', 'normal'),
        'port-bindings': fc.uniqueArray(
          fc.record({ external: port, internal: port, protocol: fc.constantFrom('tcp', 'udp') }),
          { maxLength: 1 },
        ),
      },
      { requiredKeys: [] },
    ),
    volumes: fc.dictionary(
      inner.map((name) => `/${name}/`),
      inner,
      { maxKeys: 3 },
    ),
    dns: fc.constantFrom('1.1.1.1', ['9.9.9.9', '::1']),
    health,
    stop: fc.record(
      { signal: fc.constantFrom('SIGINT', 'term'), graceMs: fc.nat(10_000) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** Any definition that is valid, in all the ways to write it. */
const definition = fc
  .record({
    name: fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,12}$/),
    version: optional(fc.oneof(fc.integer(), fc.constantFrom(0.1, 1.5, -0), word)),
    description: optional(word),
    environment: optional(environment),
    main: service,
    other: service.map(({ requests: _ports, ...rest }) => ({ ...rest, needs: ['main'] })),
    web: optional(port),
    onInterrupt: optional(fc.constantFrom('resume', 'rollback')),
    firewall: optional(
      fc.uniqueArray(fc.record({ name: inner, from: word, to: word }), {
        maxLength: 2,
        selector: ({ name }) => name,
      }),
    ),
  })
  .map(({ main, other, web, ...rest }) => ({
    ...rest,
    services: { main, other },
    ...(web === undefined ? {} : { web: { service: 'main', port: web } }),
  }));

/** What was written, with the secrets that the marks stand for. */
function rewritten(raw: RawDefinition): Json {
  const text = JSON.stringify(writtenForm(raw), (_, value: unknown) =>
    typeof value === 'object' && value !== null && '$secret' in value
      ? { secret: String(value.$secret).replace('mark of ', '') }
      : value,
  );
  return JSON.parse(text) as Json;
}

test('normalising is idempotent: the normal form, written and read again, is the same', () => {
  fc.assert(
    fc.property(definition, (written) => {
      const once = accepted(JSON.stringify(written));
      const twice = accepted(JSON.stringify(rewritten(once)));
      expect(twice).toEqual({ ...once, warnings: [] });
    }),
    { numRuns: 200 },
  );
});

test('YAML, JSON and a value mean the same', () => {
  fc.assert(
    fc.property(definition, (written) => {
      const json = JSON.stringify(written);
      const fromJson = accepted(json);
      const plain = JSON.parse(json) as Json;
      expect(accepted(stringify(plain)).definition).toEqual(fromJson.definition);
      const fromValue = parseDefinitionValue(plain, OPTIONS);
      expect(fromValue.ok && fromValue.definition).toEqual(fromJson.definition);
    }),
    { numRuns: 100 },
  );
});

/** Texts that are nearly definitions: the way to the deeper checks. */
const nearly = fc
  .tuple(definition, fc.nat(), fc.nat(40), fc.string({ maxLength: 6 }))
  .map(([written, at, length, instead]) => {
    const text = stringify(JSON.parse(JSON.stringify(written)));
    const from = at % (text.length + 1);
    return text.slice(0, from) + instead + text.slice(from + length);
  });

test('whatever the text is, the answer is a meaning or complaints with places', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), nearly), (text) => {
      const parsed = parseDefinition(text, OPTIONS);
      if (parsed.ok) return;
      expect(parsed.complaints.length).toBeGreaterThan(0);
      const lines = text.split('\n');
      for (const { line, col } of parsed.complaints) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(col).toBeGreaterThanOrEqual(1);
        expect(col).toBeLessThanOrEqual((lines[(line ?? 1) - 1] ?? '').length + 1);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('whatever the value is, the answer is a meaning or complaints', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, maxDepth: 4 });
  const shaped = fc.record({ name: anything, services: fc.dictionary(inner, anything) });
  fc.assert(
    fc.property(fc.oneof(anything, shaped), (value) => {
      const parsed = parseDefinitionValue(value, OPTIONS);
      expect(parsed.ok || parsed.complaints.length > 0).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('the nearest valid name is valid, and a valid name is nearest to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const name = nearestName(text);
      if (name === null) return;
      expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,62}$/);
      expect(nearestName(name)).toBe(name);
    }),
  );
});

test('a cycle is found exactly when no order exists', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const needs = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.subarray(names, { maxLength: 2 })])),
  );
  fc.assert(
    fc.property(needs, (graph) => {
      const left = new Set(names);
      for (let removed = true; removed;) {
        const free = [...left].filter((name) => !graph[name]?.some((need) => left.has(need)));
        for (const name of free) left.delete(name);
        removed = free.length > 0;
      }
      const cycle = findCycle(graph);
      expect(cycle !== null).toBe(left.size > 0);
      for (const [index, name] of (cycle ?? []).slice(1).entries()) {
        expect(graph[cycle?.[index] ?? '']).toContain(name);
      }
    }),
  );
});
