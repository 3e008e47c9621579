import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { isDefinitionText } from '../../src/core/definition/recognise.ts';
import { withSources } from '../../src/library/definitions.ts';
import { temporaryRoot, writeTree } from '../drivers/world.ts';
import { Root } from './open-root.ts';

const MAIN = 'main: {type: light, image: node, command: node x.js}';

describe('a file is a definition', () => {
  test.each([
    ['with services and a name', `name: a\nservices: {${MAIN}}\n`],
    ['with services and no name', `services: {${MAIN}}\n`],
    ['with mistakes', 'name: a\nservices: {main: {nonsense: 1}}\n'],
    ['in JSON', '{"version": 1, "name": "a", "services": {"main": {}}}'],
    ['in braces', '{version: 1, name: a, services: {main: {}}}'],
    ['of one service', 'name: a\ntype: light\nuse: node\ncommand: node x.js\nunknown: 1\n'],
    ['of one service without a name', 'use: node\ncommand: node x.js\n'],
    ['that stands elsewhere', 'name: a\nsource: {type: git, url: "https://host/a.git"}\n'],
    ['an update object', '{"updateType": "stop", "name": "a", "user": "me"}'],
    ['an update object by its class', 'updateClass: ROUTER\nupdateType: reboot\n'],
    ['a host configuration', 'lan: {proto: static}\nwifi-interfaces: []\n'],
    ['a host configuration that says so', 'kind: host\nnonsense: 1\n'],
  ])('%s', (_, text) => {
    expect(isDefinitionText(text)).toBe(true);
  });
});

describe('a file is none', () => {
  test.each([
    ['a package', '{"name": "app", "version": "1.0.0", "type": "module", "description": "x"}'],
    ['a package with settings', '{"name": "app", "config": {"port": 80}, "scripts": {}}'],
    ['settings of a program', 'defaults: {colour: red}\nsystem: {threads: 4}\n'],
    ['settings of a program in JSON', '{"system": {"threads": 4}}'],
    ['a manifest of something else', 'kind: Deployment\nmetadata: {name: a}\n'],
    ['services that are none', 'services: [a, b]\n'],
    ['compose', 'services:\n  web:\n    image: nginx\n    build: .\n    ports: ["80:80"]\n'],
    ['no YAML', 'services: {\n'],
    ['a list', '- services: {}\n'],
    ['empty', ''],
  ])('%s', (_, text) => {
    expect(isDefinitionText(text)).toBe(false);
  });
});

describe('definitions beside a definition', () => {
  let root = new Root();

  afterEach(async () => {
    await root.destroy();
    root = new Root();
  });

  const reading = (directory: string, path: string | null) => ({
    definition: { name: 'a', services: {} } as never,
    sources: { main: { type: 'local', path: '.' } as const },
    directory,
    path,
    secrets: new Map<string, string>(),
    warnings: [],
  });

  async function digest(directory: string, path: string | null): Promise<string | undefined> {
    const looking = { root: root.path, allowUnpinned: async () => false };
    return (await withSources(reading(directory, path), looking)).found.sources['main']?.digest;
  }

  test('come, change and go without a change of what its service is made of', async () => {
    const directory = temporaryRoot();
    writeTree(directory, { 'a.yaml': `name: a\nservices: {${MAIN}}\n`, 'x.js': '1' });
    const before = await digest(directory, join(directory, 'a.yaml'));
    writeTree(directory, { 'b.yml': `name: b\nservices: {${MAIN}}\n`, 'b.yml.sig': 'signed' });
    expect(await digest(directory, join(directory, 'a.yaml'))).toBe(before);
    writeFileSync(join(directory, 'b.yml'), 'kind: host\n');
    expect(await digest(directory, join(directory, 'a.yaml'))).toBe(before);
    // Its own file, when it came by standard input.
    expect(await digest(directory, null)).toBe(before);
    writeFileSync(join(directory, 'settings.yaml'), 'a: 1\n');
    expect(await digest(directory, null)).not.toBe(before);
  });

  test('leave none of their secrets in its release', async () => {
    const directory = temporaryRoot();
    const main = { type: 'light', image: 'node', source: directory, command: ['sleep', '600'] };
    writeTree(directory, {
      'x.js': '1',
      'other.yaml': `name: other\nenvironment: {P: {secret: siblingsecret}}\nservices: {${MAIN}}\n`,
    });
    const ripcord = await root.open();
    const update = await ripcord.apply([
      { name: 'hello', services: { main: { ...main, health: { settleMs: 20 } } } },
    ]);
    expect(await update.done).toMatchObject({ outcome: 'committed' });
    const files = readdirSync(root.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(files.some((file) => file.endsWith('x.js'))).toBe(true);
    for (const file of files) expect(readFileSync(file, 'utf8')).not.toContain('siblingsecret');
  });
});
