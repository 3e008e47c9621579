import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { create } from 'tar';
import { describe, expect, test } from 'vitest';

import {
  type ParsedElsewhere,
  parseRequest,
  type ParseOptions,
} from '../../src/core/definition/parse.ts';
import { findElsewhere, type FoundDefinition } from '../../src/library/definition-elsewhere.ts';
import { requestOf, withSources } from '../../src/library/definitions.ts';
import { vectors } from '../core/vectors/vectors.ts';
import { repository } from '../drivers/files/fetch-world.ts';
import { gzipped } from '../drivers/files/hostile-archive.ts';
import { temporaryRoot, writeTree } from '../drivers/world.ts';

const OPTIONS = {
  file: 'outer.yaml',
  secret: (value: string) => ({ $secret: value }),
  allowUnpinned: async () => false,
} satisfies ParseOptions & { readonly allowUnpinned: () => Promise<boolean> };

function elsewhere(text: string): ParsedElsewhere {
  const parsed = parseRequest(text, OPTIONS);
  if (parsed.ok && 'elsewhere' in parsed) return parsed;
  throw new Error(JSON.stringify(parsed));
}

async function find(text: string, directory: string): Promise<FoundDefinition> {
  const path = join(directory, 'outer.yaml');
  return await findElsewhere(elsewhere(text), { directory, path }, OPTIONS);
}

const FOUND = 'name: inner\nversion: 3\ntype: light\nuse: node\ncommand: node a.js\n';

describe('the definition is found', () => {
  test('in a directory, under the fields beside the source', async () => {
    const base = temporaryRoot();
    writeTree(base, { 'app/paradrop.yaml': `${FOUND}config: {web: {port: 80}}\n` });
    const found = await find('name: outer\nsource: app\nconfig: {environment: {A: 1}}\n', base);
    expect(found.definition).toMatchObject({
      name: 'outer',
      version: 3,
      web: { service: 'main', port: 80 },
      services: { main: { type: 'light', image: 'node', environment: { A: '1' } } },
    });
    const directory = join(base, 'app');
    expect(found).toMatchObject({
      sources: { main: { type: 'local', path: directory } },
      // Its own definition is left out of what is copied.
      directory,
      path: join(directory, 'paradrop.yaml'),
      operation: 'apply',
    });
  });

  test('in a directory that is named by its content, which its services have to find', async () => {
    const base = temporaryRoot();
    writeTree(base, { 'app/paradrop.yaml': FOUND });
    const sha256 = 'a'.repeat(64);
    const { sources } = await find(`source: {path: app, sha256: ${sha256}}\n`, base);
    expect(sources['main']).toEqual({ type: 'local', path: join(base, 'app'), sha256 });
  });

  test('in an archive, with a directory around it or without', async () => {
    const base = temporaryRoot();
    writeTree(base, { 'around/p/paradrop.yaml': FOUND, 'bare/chute.yaml': FOUND });
    await create({ file: join(base, 'a.tar.gz'), cwd: join(base, 'around'), gzip: true }, ['p']);
    await create({ file: join(base, 'b.tar'), cwd: join(base, 'bare') }, ['.']);
    for (const name of ['a.tar.gz', 'b.tar']) {
      const { definition, sources } = await find(`source: {url: ${name}}\n`, base);
      expect(definition.name).toBe('inner');
      expect(sources['main']).toEqual({ type: 'archive', path: join(base, name) });
    }
  });

  test('in a repository, whose commit is the source from then on', async () => {
    const { path, git, commit, first } = repository();
    writeTree(path, {
      'paradrop.yaml': `${FOUND}source: {type: git, url: "https://x.example/y"}\n`,
    });
    const second = commit('listen(2)');
    git('tag', 'v1');
    const text = `{updateType: create, name: outer, external: {update_id: u-9}, download: {type: git, url: "${path}", checkout: v1, user: me, secret: hush}}`;
    const found = await find(text, temporaryRoot());
    expect(found).toMatchObject({
      operation: 'create',
      requestId: 'u-9',
      definition: { name: 'outer', version: 3 },
      sources: { main: { type: 'git', url: path, checkout: second } },
      warnings: [{ path: '/download/user' }, { path: '/download/secret' }],
    });
    expect(JSON.stringify(found)).not.toContain('hush');
    await expect(find(text.replace('v1', first), temporaryRoot())).rejects.toMatchObject({
      code: 'RIPCORD_DEFINITION_MISSING',
    });
  });

  test('in an archive from the network, which is what was found from then on', async () => {
    const bytes = gzipped([{ path: 'p/paradrop.yaml', content: FOUND }]);
    const server = createServer((_request, response) => void response.end(bytes));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const { port } = server.address() as AddressInfo;
      const url = `http://127.0.0.1:${port}/app.tar.gz`;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const looking = { ...OPTIONS, allowUnpinned: async () => true };
      const here = { directory: temporaryRoot(), path: null };
      const found = await findElsewhere(elsewhere(`source: {url: "${url}"}\n`), here, looking);
      expect(found.sources['main']).toEqual({ type: 'http', url, sha256, isFound: true });
      const text = `source: {url: "${url}", sha256: ${sha256}}\n`;
      expect((await find(text, here.directory)).sources['main']).toEqual({
        type: 'http',
        url,
        sha256,
      });
      const wrong = text.replace(sha256, 'a'.repeat(64));
      await expect(find(wrong, here.directory)).rejects.toMatchObject({
        code: 'RIPCORD_DIGEST_MISMATCH',
        message: expect.stringContaining(`it is sha256:${sha256}`),
      });
      await expect(find(`source: {url: "${url}"}\n`, here.directory)).rejects.toMatchObject({
        code: 'RIPCORD_SOURCE_INVALID',
      });
    } finally {
      server.close();
    }
  });

  test('by its Dockerfile alone', async () => {
    const base = temporaryRoot();
    writeTree(base, { 'app/Dockerfile': 'FROM scratch\n' });
    const { definition } = await find('name: outer\nsource: app\nversion: 2\n', base);
    expect(definition).toMatchObject({ version: 2, services: { main: { type: 'normal' } } });
  });

  test('beside the file that names its own directory', async () => {
    const base = temporaryRoot();
    writeTree(base, { 'outer.yaml': 'source: .\n', 'paradrop.yaml': FOUND });
    expect((await find('source: .\n', base)).definition.name).toBe('inner');
  });
});

test('the request tells where a definition was found, also when it runs none of the files', async () => {
  const { path, git, commit } = repository();
  writeTree(path, { 'chute.yaml': 'name: inner\nservices: {db: {image: "redis:7"}}\n' });
  const head = commit('x');
  git('tag', 'v1');
  const base = temporaryRoot();
  const found = await find(`source: {type: git, url: "${path}", checkout: v1}\n`, base);
  const read = { ...found, secrets: new Map<string, string>() };
  const looking = { root: join(base, 'root'), allowUnpinned: OPTIONS.allowUnpinned };
  const sourced = await withSources(read, looking);
  const { sources } = await requestOf(sourced, async (value) => value, []);
  expect(Object.values(sources)).toEqual([{ type: 'git', url: path, commit: head }]);
});

test.each([
  ['neither a definition nor a Dockerfile', { 'app/a.js': '' }, 'RIPCORD_DEFINITION_MISSING'],
  ['no directory', {}, 'RIPCORD_DEFINITION_MISSING'],
  [
    'a definition that is wrong',
    { 'app/chute.yaml': 'version: true\nuse: node\n' },
    'RIPCORD_DEFINITION_INVALID',
  ],
  ['one that leads on', { 'app/chute.yaml': 'source: x\n' }, 'RIPCORD_DEFINITION_INVALID'],
])('refuses %s', async (_name, files, code) => {
  const base = temporaryRoot();
  writeTree(base, files);
  await expect(find('name: outer\nsource: app\n', base)).rejects.toMatchObject({ code });
});

test('a place inside of an archive is no source', async () => {
  const base = temporaryRoot();
  mkdirSync(join(base, 'p'));
  const services = 'services: {a: {image: node, command: x, source: inside}}';
  writeFileSync(join(base, 'p/chute.yaml'), `name: inner\n${services}\n`);
  await create({ file: join(base, 'a.tar'), cwd: base }, ['p']);
  await expect(find('source: a.tar\n', base)).rejects.toMatchObject({
    code: 'RIPCORD_SOURCE_INVALID',
    message: expect.stringContaining("'inside' of service a of inner"),
  });
});

test.each(vectors('files', 'archive with'))('$name, as ParaDrop', async ({ given, expected }) => {
  const { members } = given as { members: readonly string[] };
  const base = temporaryRoot();
  const entries = members.map((path) => ({ path, content: FOUND }));
  writeFileSync(join(base, 'a.tar.gz'), gzipped(entries));
  const finding = find('source: a.tar.gz\n', base);
  if ('refused' in Object(expected))
    await expect(finding).rejects.toThrow(/^cannot (find a definition|use source) /);
  else expect((await finding).definition.name).toBe('inner');
});
