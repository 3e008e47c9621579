import { describe, expect, test } from 'vitest';

import { isObject } from '../../../src/core/definition/json-object.ts';
import {
  parseRequest,
  type ParsedForChute,
  type ParsedRequest,
} from '../../../src/core/definition/parse.ts';
import { readYaml } from '../../../src/core/definition/read-yaml.ts';
import { readUpdateObject } from '../../../src/core/definition/update-object.ts';
import { OPTIONS, definitionOf, words } from './parse.ts';

function request(text: string, strict = false): ParsedRequest {
  return parseRequest(text, { ...OPTIONS, strict });
}

function forChute(text: string): ParsedForChute {
  const parsed = request(text);
  if (parsed.ok && 'definition' in parsed) return parsed;
  throw new Error(JSON.stringify(parsed));
}

function complaints(text: string): readonly string[] {
  const parsed = request(text);
  if (parsed.ok) throw new Error('accepted');
  return parsed.complaints.map(words);
}

const MAIN = 'services: {main: {image: node, command: node a.js}}';

describe('for a chute', () => {
  test('a definition without an update object is applied', () => {
    expect(forChute(`name: hello\n${MAIN}\n`)).toMatchObject({
      operation: 'apply',
      requestId: null,
    });
  });

  test.each(['create', 'update'])('%s means the definition that its config holds', (type) => {
    const text = `
updateClass: CHUTE
updateType: ${type}
name: hello
external: {update_id: 5a3}
config:
  version: 2
  ${MAIN}
`;
    const parsed = forChute(text);
    expect(parsed).toMatchObject({ operation: type, requestId: '5a3', warnings: [] });
    expect(parsed.definition).toEqual(definitionOf(`name: hello\nversion: 2\n${MAIN}\n`));
  });

  test('the form of an older definition, with a config of its own or beside it', () => {
    const older = 'type: light, use: node, command: node a.js, version: 1';
    const inner = 'web: {port: 80}, net: {x: {type: lan, intfName: eth0}}, environment: {A: 1}';
    const wanted = definitionOf(`{name: hello, ${older}, config: {${inner}}}`);
    const head = 'updateClass: CHUTE, updateType: create, name: hello';
    expect(forChute(`{${head}, config: {${older}, config: {${inner}}}}`).definition).toEqual(
      wanted,
    );
    const beside = forChute(`{${head}, ${older}, config: {${inner}}}`).definition;
    // Variables stand beside the others then, and those are for the whole chute.
    expect(beside.services['main']?.interfaces).toEqual(wanted.services['main']?.interfaces);
    expect(beside.web).toEqual(wanted.web);
    expect(beside.environment).toEqual({ A: '1' });
  });

  test('the name outside wins, any other key of config does', () => {
    const text = `{updateType: create, name: outside, description: outer, config: {name: inside, description: inner, ${MAIN}}}`;
    expect(forChute(text).definition).toMatchObject({ name: 'outside', description: 'inner' });
    expect(forChute(text.replace('name: outside, ', '')).definition.name).toBe('inside');
  });

  test.each(['start', 'stop', 'restart', 'delete'])('%s needs only the name', (type) => {
    const parsed = forChute(`{"updateClass": "CHUTE", "updateType": "${type}", "name": "hello"}`);
    expect(parsed).toEqual({
      ok: true,
      operation: type,
      requestId: null,
      warnings: [],
      sources: {},
      definition: { name: 'hello', environment: {}, services: {}, firewall: {} },
    });
  });

  test('start carries another environment, web port and description, secrets by their name', () => {
    const { definition } = forChute(
      `{updateType: start, name: hello, description: d, web: {port: "81"}, config: {environment: {A: 1, API_TOKEN: x}}}`,
    );
    expect(definition).toMatchObject({
      environment: { A: '1', API_TOKEN: { $secret: 'mark of x' } },
      web: { service: 'main', port: 81 },
      description: 'd',
    });
  });

  test('what an operation cannot use is warned of, at its place', () => {
    const { warnings } = forChute(
      'updateType: stop\nname: hello\nconfig:\n  environment: {A: 1}\n',
    );
    expect(warnings).toMatchObject([{ line: 4, col: 3, message: 'has no effect' }]);
    expect(forChute('{updateType: stop, name: hello, user: me}').warnings.map(words)).toEqual([
      'user: has no effect: who runs the command asks',
    ]);
  });

  test('complaints have the place where it was written', () => {
    const parsed = request('updateType: create\nname: hello\nconfig:\n  use: nod\n  type: light\n');
    expect(parsed).toMatchObject({
      ok: false,
      complaints: [{ line: 4, path: '/config/use', code: 'language-unknown' }],
    });
    const deeper = request(
      'updateType: create\nname: hello\nconfig:\n  use: node\n  config:\n    web: {port: 0}\n',
    );
    expect(deeper).toMatchObject({
      ok: false,
      complaints: [{ line: 6, path: '/config/config/web/port' }],
    });
  });
});

describe('for the device', () => {
  const set = { operation: 'sethostconfig', hostconfig: { lan: { proto: 'static' } } };
  test.each([
    ['updateClass: ROUTER, updateType: sethostconfig, hostconfig: {lan: {proto: static}}', set],
    [
      'updateClass: ROUTER, updateType: sethostconfig, config: {hostconfig: {lan: {proto: static}}}',
      set,
    ],
    ['updateType: sethostconfig, name: __PARADROP__, hostconfig: {lan: {proto: static}}', set],
    [
      'updateClass: ROUTER, updateType: patchhostconfig, patch: [{op: remove, path: /lan}]',
      { operation: 'patchhostconfig', patch: [{ op: 'remove', path: '/lan' }] },
    ],
    ['updateClass: ROUTER, name: __PARADROP__, updateType: reboot', { operation: 'reboot' }],
    ['updateClass: ROUTER, updateType: factoryreset', { operation: 'factoryreset' }],
  ])('%s', (text, device) => {
    const { located, report } = readYaml(`{${text}}`, 'update.yaml');
    const update = isObject(located.value) ? readUpdateObject(located.value, report) : null;
    expect(update).toEqual({ device, requestId: null });
    expect([...report.complaints, ...report.warnings]).toEqual([]);
  });
});

const REFUSED = [
  ['updateClass: FAIL, updateType: create', 'updateClass: must be one of CHUTE, ROUTER, SNAP'],
  [
    'updateClass: chute, updateType: start, name: ab',
    'updateClass: must be one of CHUTE, ROUTER, SNAP (did you mean CHUTE?)',
  ],
  ['updateClass: SNAP, updateType: create', 'updateClass: asks for a snap, which is not managed'],
  [
    'updateType: creat, name: ab',
    'updateType: must be one of create, update, delete, start, stop, restart (did you mean create?)',
  ],
  ['updateClass: CHUTE, name: ab', 'updateType: is missing (of a chute: create'],
  ['updateType: reboot, name: ab', 'restart (that is for the device: write updateClass: ROUTER)'],
  [
    'updateClass: ROUTER, updateType: start',
    'shutdown (that is for chutes: write updateClass: CHUTE',
  ],
  ['updateType: start, name: __PARADROP__', 'shutdown (that is for chutes'],
  ['updateClass: ROUTER, updateType: sethostconfig', 'hostconfig: is missing'],
  ['updateClass: ROUTER, updateType: sethostconfig, hostconfig: 5', 'hostconfig: must be a map'],
  ['updateClass: ROUTER, updateType: patchhostconfig', 'patch: is missing'],
  [
    'updateClass: ROUTER, updateType: patchhostconfig, patch: {}',
    'patch: must be a list of operations',
  ],
  ['updateType: create, name: ab, config: []', 'config: must be a map'],
  ['updateType: start', 'name: is missing'],
  ['updateType: stop, name: A B', 'name: is not a name for a chute: "A B"'],
  ['updateType: start, name: ab, web: {port: 0}', 'web.port: must be at least 1'],
  ['updateType: start, name: ab, external: {update_id: "a b"}', 'external.update_id: is not an id'],
] as const;

test.each(REFUSED)('refuses {%s}', (text, words_) => {
  expect(complaints(`{${text}}`).join('\n')).toContain(words_);
});
