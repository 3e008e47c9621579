import { readFileSync, readdirSync } from 'node:fs';

import { expect, test } from 'vitest';

import type { Service } from '../../../src/core/chute.ts';
import { complaintText } from '../../../src/core/definition/complaint.ts';
import { contentHash } from '../../../src/core/definition/content-hash.ts';
import { HEALTH_DEFAULTS, healthOf } from '../../../src/core/definition/health.ts';
import { jsonSchema } from '../../../src/core/definition/json-schema.ts';
import { parseDefinitionValue } from '../../../src/core/definition/parse.ts';
import { complete } from '../../../src/core/definition/raw.ts';
import { starterDefinition } from '../../../src/core/definition/starter.ts';
import { OPTIONS, accepted, chute, complaintsOf, definitionOf, parse, words } from './parse.ts';

function main(fields: string): Service {
  const service = definitionOf(chute(fields)).services['main'];
  if (service === undefined) throw new Error('no service main');
  return service;
}

const HEAD = 'name: hello\nservices:\n';

test('fills in what is not said', () => {
  expect(accepted('name: hello\nservices: {main: {command: node a.js}}\n')).toEqual({
    ok: true,
    warnings: [],
    definition: {
      name: 'hello',
      environment: {},
      services: {
        main: {
          type: 'light',
          command: 'node a.js',
          environment: {},
          interfaces: {},
          ports: {},
          volumes: {},
          requests: {},
          dns: [],
          needs: [],
          stop: { signal: 'SIGTERM', graceMs: 10_000 },
        },
      },
      firewall: {},
    },
    sources: { main: { type: 'local', path: '.' } },
  });
});

/** Fields of a service that say the same in different words. */
const EQUAL: readonly (readonly [string, string])[] = [
  ['type: light', ''],
  ['image: node', 'type: light, image: node'],
  ['image: "redis:6"', 'type: image, image: "redis:6"'],
  ['environment: {A: null}', 'environment: {}'],
  ['environment: {A: 1, B: true}', 'environment: {B: "true", A: "1"}'],
  ['requests: {as-root: false, privileged: false}', 'requests: {}'],
  ['requests: {network-mode: bridge, priority: normal}', ''],
  ['requests: {memory: 64M}', 'requests: {memory: 67108864}'],
  ['requests: {memory: 0.5g}', 'requests: {memory: 512 MiB}'],
  ['requests: {port-bindings: {80: 8080}}', 'requests: {port-bindings: {80/tcp: "8080"}}'],
  [
    'requests: {port-bindings: {80: 8080}}',
    'requests: {port-bindings: [{external: "8080", internal: 80}]}',
  ],
  ['requests: {port-bindings: {80: null}}', 'requests: {port-bindings: [{internal: 80}]}'],
  ['needs: []', ''],
  ['dns: 1.1.1.1', 'dns: [1.1.1.1]'],
  ['volumes: {/data/: data}', 'volumes: {//data/.: {name: data}}'],
  ['stop: {signal: term}', 'stop: {signal: SIGTERM, graceMs: 10000}'],
  ['health: {tcp: {port: 80}}', 'health: {tcp: {port: "80"}, retries: 10}'],
  ['health: {http: {port: 80}}', 'health: {http: {port: 80, path: /}}'],
  ['interfaces: {w: {type: wifi}}', 'interfaces: {w: {type: wifi-ap, dhcp: null}}'],
  ['interfaces: {w: {type: wifi, mode: sta}}', 'interfaces: {w: {type: wifi-sta}}'],
  [
    'interfaces: {w: {type: lan, dhcp: {lease: 12h}}}',
    'interfaces: {w: {type: lan, dhcp: {leasetime: 12h}}}',
  ],
  [
    'interfaces: {w: {type: vlan, vlan_id: 5, requests: {a: 1}}}',
    'interfaces: {w: {type: vlan, vlan-id: "5", requirements: {a: 1}}}',
  ],
  ['source: ./', 'source: .'],
  ['source: a/b/..', 'source: {path: a}'],
];

test.each(EQUAL)('{%s} means {%s}', (left, right) => {
  expect(accepted(chute(left))).toEqual(accepted(chute(right)));
});

test('binds ports by their outside, any free one by their inside', () => {
  const bindings = '{80: 18080, 53/udp: 53, 53: 53, 90: null}';
  expect(main(`requests: {port-bindings: ${bindings}}`).ports).toEqual({
    '18080/tcp': { internal: 80 },
    '53/udp': { internal: 53 },
    '53/tcp': { internal: 53 },
    'auto:90/tcp': { internal: 90 },
  });
});

test('one inside port may be bound twice in a list', () => {
  const bindings = '[{external: 1, internal: 80}, {external: 2, internal: 80}]';
  expect(Object.keys(main(`requests: {port-bindings: ${bindings}}`).ports)).toEqual([
    '1/tcp',
    '2/tcp',
  ]);
});

const SOURCES: readonly (readonly [written: string, reference: object])[] = [
  ['.', { type: 'local', path: '.' }],
  ['src', { type: 'local', path: 'src' }],
  ['/srv/app/', { type: 'local', path: '/srv/app' }],
  ['app.tar.gz', { type: 'archive', path: 'app.tar.gz' }],
  ['file:///srv/my%20app.tgz', { type: 'archive', path: '/srv/my app.tgz' }],
  ['file:/srv/app', { type: 'local', path: '/srv/app' }],
  ['https://a.example/x.tar', { type: 'http', url: 'https://a.example/x.tar' }],
  ['https://github.com/o/r', { type: 'git', url: 'https://github.com/o/r' }],
  ['https://github.com/o/r/a/x.tgz', { type: 'http', url: 'https://github.com/o/r/a/x.tgz' }],
  ['https://a.example/r.git', { type: 'git', url: 'https://a.example/r.git' }],
  ['git+https://a.example/r', { type: 'git', url: 'https://a.example/r' }],
  ['ssh://git@a.example/r', { type: 'git', url: 'ssh://git@a.example/r' }],
  ['git@a.example:o/r', { type: 'git', url: 'git@a.example:o/r' }],
];

test.each(SOURCES)('reads the source %s', (written, reference) => {
  expect(accepted(chute(`source: ${JSON.stringify(written)}`)).sources['main']).toEqual(reference);
});

test('keeps what a source is pinned by', () => {
  const sum = 'a'.repeat(64);
  const archive = `{type: archive, path: x.zip, sha256: "sha256:${sum.toUpperCase()}"}`;
  expect(accepted(chute(`source: ${archive}`)).sources['main']).toEqual({
    type: 'archive',
    path: 'x.zip',
    sha256: sum,
  });
  const git = '{type: git, url: "https://a.example/r", checkout: 1}';
  expect(accepted(chute(`source: ${git}`)).sources['main']).toEqual({
    type: 'git',
    url: 'https://a.example/r',
    checkout: '1',
  });
});

test('is complete once its sources were observed, and equal for equal files', () => {
  const raw = accepted(`${HEAD}  a: {source: x}\n  b: {image: "redis:6"}\n`);
  const digest = `sha256:${'0'.repeat(64)}`;
  const definition = complete(raw, { a: { type: 'local', digest } });
  expect(definition.services['a']?.source).toEqual({ type: 'local', digest });
  expect(definition.services['b']).not.toHaveProperty('source');
  const elsewhere = accepted(`${HEAD}  a: {source: /y}\n  b: {image: "redis:6"}\n`);
  const same = complete(elsewhere, { a: { type: 'local', digest } });
  expect(contentHash(same, (text) => text)).toBe(contentHash(definition, (text) => text));
  expect(() => complete(raw, {})).toThrow('the source of a was not observed');
});

test('takes secrets out by form, by schema, and in old definitions by name', () => {
  const kept: string[] = [];
  const secret = (value: string): { $secret: string } => {
    kept.push(value);
    return { $secret: `#${kept.length}` };
  };
  const fields = [
    'environment: {A: {secret: one}, API_KEY: plain}',
    'interfaces: {w: {type: wifi, ssid: s, key: twotwotwo, acct_secret: {secret: three}}}',
  ];
  const text = chute(fields.join(', '));
  const { definition } = accepted(text, { secret });
  expect(definition.services['main']?.environment).toEqual({
    A: { $secret: '#1' },
    API_KEY: 'plain',
  });
  expect(definition.services['main']?.interfaces['w']?.['wireless']).toEqual({
    ssid: 's',
    key: { $secret: '#2' },
    acct_secret: { $secret: '#3' },
  });
  const old = 'name: old\nconfig: {environment: {API_KEY: four, MY_TOKEN: 5, TOKENS: x}}\n';
  expect(accepted(old, { secret }).definition.services['main']?.environment).toEqual({
    API_KEY: { $secret: '#4' },
    MY_TOKEN: { $secret: '#5' },
    TOKENS: 'x',
  });
  expect(kept).toEqual(['one', 'twotwotwo', 'three', 'four', '5']);
  expect(JSON.stringify(definition)).not.toMatch(/one|two|three/);
});

test('a definition cannot set what the system sets', () => {
  const parsed = parse(chute('environment: {PARADROP_CHUTE_NAME: x, RIPCORD_STEP: y, PORT: 1}'));
  expect(parsed.ok && parsed.definition.services['main']?.environment).toEqual({ PORT: '1' });
  expect(parsed.warnings.map(({ code }) => code)).toEqual([
    'environment-reserved',
    'environment-reserved',
  ]);
});

test('a name comes from the directory when none is written', () => {
  const text = 'services: {main: {command: x}}\n';
  expect(accepted(text, { fallbackName: 'camera' }).definition.name).toBe('camera');
  const [complaint] = complaintsOf(text, { fallbackName: 'My Camera' });
  expect(complaint?.hint).toBe('write name: my-camera');
});

test('the only service answers for the chute', () => {
  expect(definitionOf(`${HEAD}  a: {}\nweb: {port: "80"}\n`).web).toEqual({
    service: 'a',
    port: 80,
  });
  expect(definitionOf(`${HEAD}  a: {}\nweb:\n`)).not.toHaveProperty('web');
});

test('health is what is written, else the web port, else being alive', () => {
  const text = `${HEAD}  a: {health: {exec: [t], withinMs: 99}}\n  b: {}\n  c: {}\nweb: {service: b, port: 80}\n`;
  const definition = definitionOf(text);
  expect(healthOf(definition, 'a')).toEqual({
    ...HEALTH_DEFAULTS,
    check: { type: 'exec', command: ['t'] },
    withinMs: 99,
  });
  expect(healthOf(definition, 'b').check).toEqual({ type: 'tcp', port: 80 });
  expect(healthOf(definition, 'c').check).toEqual({ type: 'alive' });
});

test('a value is read like a text, without lines', () => {
  const value = { name: 'hello', services: { main: { command: ['a', 1] } }, web: undefined };
  const parsed = parseDefinitionValue(value, OPTIONS);
  expect(parsed.ok && parsed.definition.services['main']?.command).toEqual(['a', '1']);
  const wrong = JSON.parse('{"name": "hello", "services": {"__proto__": {}}}') as unknown;
  const refused = parseDefinitionValue(wrong, OPTIONS);
  expect(refused.ok ? [] : refused.complaints.map(complaintText)).toEqual([
    'chute.yaml services.__proto__: is not allowed as a name (use another name)',
  ]);
});

test('an alias means the last anchor of its name before it', () => {
  const text = `name: hello
services:
  a: &it {command: one, environment: &env {A: &v 1, B: *v}}
  b: *it
  c: &it {command: two, environment: *env}
  d: *it
`;
  const { services } = definitionOf(text);
  const commands = Object.values(services).map(({ command }) => command);
  expect(commands).toEqual(['one', 'one', 'two', 'two']);
  expect(services['d']?.environment).toEqual({ A: '1', B: '1' });
});

test('warns of a number that would lose its zeros', () => {
  expect(parse(`version: 1.10\n${HEAD}  a: {}\n`).warnings.map(complaintText)).toEqual([
    'chute.yaml:1:10 version: 1.10 is the number 1.1 (write "1.10" in quotes if it is a text)',
  ]);
});

test('the starter is a definition without a fault, in strict mode too', () => {
  const parsed = parse(starterDefinition('hello'), { strict: true });
  expect(parsed.ok ? [] : parsed.complaints).toEqual([]);
  expect(parsed.warnings).toEqual([]);
  expect(starterDefinition('hello')).toMatch(/^# yaml-language-server: \$schema=\S+\n/);
});

test('the JSON Schema knows every field of the format', () => {
  const schema = jsonSchema();
  expect(Object.keys(schema['properties'] ?? {})).toContain('onInterrupt');
  expect(schema['required']).toEqual(['services']);
  expect(schema['additionalProperties']).toBe(false);
});

const CHUTES = new URL('chutes/', import.meta.url);

test.each(readdirSync(CHUTES))('accepts %s, found in public use', (name) => {
  const text = readFileSync(new URL(name, CHUTES), 'utf8');
  const parsed = parse(text, { fallbackName: 'found', strict: true });
  expect(parsed.ok ? [] : parsed.complaints.map(complaintText)).toEqual([]);
});

test('says where data and system files are found, in both forms', () => {
  const places = { dataDir: '/srv/data', systemDir: '/srv/system' };
  const text = 'name: hello\ndataDir: /srv//data/\nsystemDir: /srv/system\nservices: {main: {}}\n';
  expect(definitionOf(text)).toMatchObject(places);
  expect(definitionOf('name: old\nuse: node\ndataDir: /srv/data\n')).toMatchObject({
    dataDir: '/srv/data',
  });
  expect(
    definitionOf('name: old\nconfig: {dataDir: /srv/data, systemDir: /srv/system}\n'),
  ).toMatchObject(places);
});

test.each([
  ['dataDir: data', 'dataDir: is not an absolute path (for example /data)'],
  ['systemDir: /a/../b', 'systemDir: must not hold ..'],
  ['dataDir: /', 'dataDir: cannot be the root itself'],
  ['{dataDir: /a, systemDir: /a/}', 'systemDir: is /a, as dataDir is'],
])('refuses %s', (fields, message) => {
  const text = `{name: hello, services: {main: {}}, ${fields.replaceAll(/[{}]/g, '')}}`;
  expect(complaintsOf(text).map(words).join()).toContain(message);
});
