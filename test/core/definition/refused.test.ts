import { expect, test } from 'vitest';

import type { Complaint } from '../../../src/core/definition/complaint.ts';
import { complaintText, definitionError, dotted } from '../../../src/core/definition/complaint.ts';
import type { Case } from './parse.ts';
import { chute, complaintsOf, parse, textAt, words } from './parse.ts';

const HEAD = 'name: hello\nservices:\n';
const MAIN = 'services.main';
const many = (unit: string, times: number): string => unit.repeat(times);

const VALUES: readonly Case[] = [
  [
    'no name',
    'services: {main: {command: x}}\n',
    'services',
    'name: is missing (write name: my-ch',
  ],
  [
    'a name with capitals',
    'name: Hello World!\nservices: {main: {command: x}}\n',
    'Hello',
    'name: is not a name for a chute: "Hello World!" (the nearest valid one is hello-world)',
  ],
  ['a name of one letter', 'name: x\nservices: {m: {}}\n', 'x', 'name: is not a name for a chute'],
  ['a name as a number', 'name: 5\nservices: {m: {}}\n', '5', 'name: must be a text, not 5 (write'],
  [
    'a version that is true',
    `version: true\n${HEAD}  m: {}\n`,
    'true',
    'version: must be a number',
  ],
  ['no services', 'name: hello\nservices: {}\n', '{}', 'services: names no service'],
  ['services as a text', 'name: hello\nservices: x\n', 'x', 'services: must be a map, not "x"'],
  ['a service without a body', `${HEAD}  main:\n`, 'main:', `${MAIN}: must be a map, not null`],
  [
    'a service name with an underscore',
    `${HEAD}  my_db: {command: x}\n`,
    'my_db',
    'services.my_db: is not a name for a service: "my_db" (the nearest valid one is my-db)',
  ],
  [
    'a type that is none',
    chute('type: ligth'),
    'ligth',
    `${MAIN}.type: must be light, normal, image or inline, not "ligth" (did you mean light?)`,
  ],
  [
    'an unknown light language',
    chute('type: light, image: pyton3'),
    'pyton3',
    `${MAIN}.image: is no light language: pyton3 (did you mean python3? light languages are go, gradle, maven, node, python2, python3)`,
  ],
  ['an image service without one', chute('type: image'), 'main', `${MAIN}.image: is missing`],
  ['an inline service without one', chute('type: inline'), 'main', `${MAIN}: an inline service`],
  [
    'a command that is a map',
    `${HEAD}  main: {command: {}}\n`,
    '{}',
    `${MAIN}.command: must be a text or a list, not a map`,
  ],
  ['an empty command', `${HEAD}  main: {command: " "}\n`, '" "', `${MAIN}.command: is no command`],
  ['an open quote', `${HEAD}  main:\n    command: a "x\n`, 'a "x', `${MAIN}.command: has a quote`],
  [
    'yes for true',
    chute('requests: {privileged: yes}'),
    'yes',
    `${MAIN}.requests.privileged: must be true or false, not "yes" (write true)`,
  ],
  [
    'a package with a semicolon',
    chute('build: {packages: ["a;b"]}'),
    '"a;b"',
    `${MAIN}.build.packages[0]: is not the name`,
  ],
  [
    'packages as a number',
    chute('build: {packages: 42}'),
    '42',
    `${MAIN}.build.packages: must be a list, not 42`,
  ],
  [
    'a fraction over 1',
    chute('requests: {cpu-fraction: 1.5}'),
    '1.5',
    `${MAIN}.requests.cpu-fraction: must be at most 1, not 1.5`,
  ],
  [
    'too little memory',
    chute('requests: {memory: 64}'),
    '64',
    `${MAIN}.requests.memory: is too little to run in: 64 bytes (for example 64M or 1G)`,
  ],
  [
    'memory as a word',
    chute('requests: {memory: lots}'),
    'lots',
    `${MAIN}.requests.memory: is no amount: lots`,
  ],
  [
    'half a millisecond',
    chute('stop: {graceMs: 1.5}'),
    '1.5',
    `${MAIN}.stop.graceMs: must be a whole number, not 1.5`,
  ],
  [
    'a signal that is none',
    chute('stop: {signal: SIGTREM}'),
    'SIGTREM',
    `${MAIN}.stop.signal: is not a signal: SIGTREM (did you mean SIGTERM?)`,
  ],
  [
    'two health checks',
    chute('health: {tcp: {port: 1}, exec: [a]}'),
    '{tcp',
    `${MAIN}.health: names tcp and exec`,
  ],
  [
    'a health path with a space',
    chute('health: {http: {port: 1, path: /a b}}'),
    '/a b',
    `${MAIN}.health.http.path: is not a path`,
  ],
  [
    'a health port of 0',
    chute('health: {http: {port: 0}}'),
    '0',
    `${MAIN}.health.http.port: must be at least 1`,
  ],
  [
    'a DNS server that is none',
    chute('dns: [1.1.1.1, one]'),
    'one',
    `${MAIN}.dns[1]: is not an IP address`,
  ],
  [
    'a variable with a space',
    chute('environment: {"A B": 1}'),
    '"A B"',
    `${MAIN}.environment["A B"]: is not a name`,
  ],
  [
    'a variable that is a list',
    chute('environment: {A: [1]}'),
    '[1]',
    `${MAIN}.environment.A: must be a text, a number`,
  ],
  [
    'a secret mark',
    chute('environment: {A: {$secret: x}}'),
    'A:',
    `${MAIN}.environment.A.secret: is missing`,
  ],
  [
    'an interface type that is none',
    chute('interfaces: {e: {type: fun}}'),
    'fun',
    `${MAIN}.interfaces.e.type: must be wifi-ap`,
  ],
  [
    'an interface name too long',
    chute('interfaces: {abcdefghijklmnop: {type: lan}}'),
    'abc',
    `${MAIN}.interfaces.abcdefghijklmnop: is not a name`,
  ],
  [
    'a VLAN over 4094',
    chute('interfaces: {v: {type: vlan, vlan-id: 5000}}'),
    '5000',
    `${MAIN}.interfaces.v.vlan-id: must be at most 4094`,
  ],
  [
    'a web port over 65535',
    `${HEAD}  m: {}\nweb:\n  port: 70000\n`,
    '70000',
    'web.port: must be at most 65535, not 70000 (ports are 1 to 65535)',
  ],
  [
    'a web port that is a word',
    `${HEAD}  m: {}\nweb: {port: http}\n`,
    'http',
    'web.port: is not a port: "http"',
  ],
];

test.each(VALUES)('refuses %s', (_, text, at, beginning) => {
  const [complaint] = complaintsOf(text);
  if (complaint === undefined) throw new Error('no complaint');
  expect(words(complaint).slice(0, beginning.length)).toBe(beginning);
  expect(textAt(text, complaint, at.length)).toBe(at);
});

const PORTS: readonly (readonly [ports: string, at: string, beginning: string])[] = [
  ['{80: 70000}', '70000', '[80]: must be at most 65535, not 70000 (ports are 1 to 65535)'],
  ['{80: -1}', '-1', '[80]: must be at least 1, not -1'],
  ['{80: 8.5}', '8.5', '[80]: must be a whole number, not 8.5'],
  ['{80: http}', 'http', '[80]: is not a port: "http"'],
  ['{80: "0"}', '"0"', '[80]: is not a port: "0"'],
  ['{0: 80}', '80', '[0]: is not a port: "0"'],
  ['{80/icmp: 81}', '80/icmp', '["80/icmp"]: is not a port and a protocol: "80/icmp"'],
  ['{80: 1, 81: 1}', '1}', '[81]: binds 1/tcp a second time'],
  ['{80: null, 80/tcp: null}', 'null}', '["80/tcp"]: binds 80/tcp a second time'],
  ['[{external: 1}]', '{external', '[0].internal: is missing'],
  ['[{external: 1, internal: 99999}]', '99999', '[0].internal: must be at most 65535'],
  ['80', '80', ': must be a list or a map, not 80'],
];

test.each(PORTS)('refuses the ports %s', (ports, at, beginning) => {
  const text = chute(`requests: {port-bindings: ${ports}}`);
  const [complaint] = complaintsOf(text);
  if (complaint === undefined) throw new Error('no complaint');
  const start = `${MAIN}.requests.port-bindings${beginning}`;
  expect(words(complaint).slice(0, start.length)).toBe(start);
  expect(textAt(text, complaint, at.length)).toBe(at);
});

const OUTSIDE: readonly (readonly [fields: string, path: string, code: string])[] = [
  ['source: ../other', 'source', 'path-outside'],
  ['source: a/../../b', 'source', 'path-outside'],
  ['source: {path: ../x.tar}', 'source.path', 'path-outside'],
  ['source: "file:../x"', 'source', 'source-invalid'],
  ['source: "ftp://example.org/x.tar"', 'source', 'source-invalid'],
  ['source: "https://u:p@example.org/x.tar"', 'source', 'source-invalid'],
  ['source: {}', 'source', 'source-invalid'],
  ['source: {path: a, url: "http://b/c"}', 'source', 'source-invalid'],
  ['source: {url: "http://b/c.tar", sha256: abc}', 'source.sha256', 'source-invalid'],
  [
    `source: {type: git, url: "http://b/c", sha256: ${many('a', 64)}}`,
    'source.sha256',
    'source-invalid',
  ],
  ['source: {path: a, checkout: main}', 'source.checkout', 'source-invalid'],
  ['volumes: {data: {name: d}}', 'volumes.data', 'path-invalid'],
  ['volumes: {/: {name: d}}', 'volumes["/"]', 'path-invalid'],
  ['volumes: {/data/../etc: {name: d}}', 'volumes["/data/../etc"]', 'path-outside'],
  ['volumes: {/data: {name: ../../etc}}', 'volumes["/data"].name', 'name-invalid'],
  ['volumes: {/data: {name: a}, /data/: {name: b}}', 'volumes["/data/"]', 'key-duplicate'],
];

test.each(OUTSIDE)('refuses the place in %s', (fields, path, code) => {
  const complaints = complaintsOf(chute(fields));
  expect(complaints.map((complaint) => [dotted(complaint.path), complaint.code])).toEqual([
    [`${MAIN}.${path}`, code],
  ]);
  expect(complaints[0]?.line).toBe(3);
});

test.each([
  ['name: index\nservices: {main: {command: a}}\n', 'name: is not a name for a chute'],
  [`${HEAD}  index: {command: a}\n`, 'services.index: is not a name for a service'],
  [
    chute('volumes: {/data: {name: index}}'),
    `${MAIN}.volumes["/data"].name: is not a name for a volume`,
  ],
])('refuses a directory called index: %s', (text, complaint) => {
  expect(complaintsOf(text).map(words)).toEqual([
    `${complaint}: "index", that name is reserved (the nearest valid one is index-chute)`,
  ]);
});

test('warns of unknown fields with the nearest known name, and refuses them when strict', () => {
  const text = `${HEAD}  main: {imagee: node, health: {http: {port: 1, paht: /}}}\nwebb: 1\n`;
  const expected = [
    ['imagee', `${MAIN}.imagee: is not a known field (did you mean image?)`],
    ['paht', `${MAIN}.health.http.paht: is not a known field (did you mean path?)`],
    ['webb', 'webb: is not a known field (did you mean web?)'],
  ];
  const told = (complaints: readonly Complaint[]): string[][] =>
    complaints.map((complaint) => [textAt(text, complaint, 4), words(complaint)]);
  const lenient = parse(text);
  expect(lenient.ok).toBe(true);
  expect(told(lenient.warnings)).toEqual(expected.map(([at = '', said]) => [at.slice(0, 4), said]));
  expect(told(complaintsOf(text, { strict: true }))).toEqual(told(lenient.warnings));
});

test('a complaint as text has file, line, column, path, message and hint', () => {
  const [complaint] = complaintsOf(`${HEAD}  m: {}\nweb:\n  port: 70000\n`);
  expect(complaint === undefined ? '' : complaintText(complaint)).toBe(
    'chute.yaml:5:9 web.port: must be at most 65535, not 70000 (ports are 1 to 65535)',
  );
});

test('an error carries the first complaint in words and all of them in its details', () => {
  const complaints = complaintsOf('name: A\nservices: {main: {type: x}}\n');
  const error = definitionError(complaints);
  expect(error.code).toBe('RIPCORD_DEFINITION_INVALID');
  expect(error.message).toContain('chute.yaml:2:25 services.main.type: must be');
  expect(error.details).toEqual({ complaints });
  expect(definitionError(complaintsOf(many('x', 2 << 20))).code).toBe(
    'RIPCORD_DEFINITION_TOO_LARGE',
  );
});
