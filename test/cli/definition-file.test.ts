import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { absoluteSource, loadDefinition, readDefinition } from '../../src/cli/definition-file.ts';
import { RipcordError } from '../../src/core/errors.ts';

let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ripcord-definition-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function directory(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

async function failure(work: Promise<unknown>): Promise<RipcordError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof RipcordError) return error;
  throw new Error('no RipcordError', { cause: error });
}

test('reads a file, and knows its directory', async () => {
  const path = await directory('camera', { 'x.yaml': 'name: a\n' });
  expect(await readDefinition(join(path, 'x.yaml'))).toMatchObject({
    text: 'name: a\n',
    file: join(path, 'x.yaml'),
    directory: path,
    fallbackName: 'camera',
  });
});

const ORDER = [
  [['paradrop.yml'], 'paradrop.yml'],
  [['paradrop.yaml', 'paradrop.yml'], 'paradrop.yaml'],
  [['chute.json', 'paradrop.yaml'], 'chute.json'],
  [['chute.yml', 'chute.json'], 'chute.yml'],
  [['chute.yaml', 'chute.yml'], 'chute.yaml'],
] as const;

test.each(ORDER)('in a directory with %s it reads %s', async (files, chosen) => {
  const name = `with-${files.join('-')}`;
  const path = await directory(name, Object.fromEntries(files.map((file) => [file, file])));
  const found = await readDefinition(path);
  expect(found.file).toBe(join(path, chosen));
  expect(found.text).toBe(chosen);
  expect(found.fallbackName).toBe(name);
});

test('says what it looked for in a directory without a definition', async () => {
  const path = await directory('empty', { 'readme.md': '' });
  const error = await failure(readDefinition(path));
  expect(error.code).toBe('RIPCORD_DEFINITION_MISSING');
  expect(error.message).toBe(
    `cannot find a definition in ${path}: it has no chute.yaml, chute.yml, chute.json, paradrop.yaml, paradrop.yml`,
  );
  expect(error.hint).toBe(`ripcord init ${path}`);
});

test('says when there is nothing at all', async () => {
  const error = await failure(readDefinition(join(root, 'nothing')));
  expect(error.code).toBe('RIPCORD_DEFINITION_MISSING');
  expect(error.message).toMatch(/^cannot read .*nothing: no such file or directory$/);
});

test('refuses a large file by its size, without reading it', async () => {
  const path = await directory('large', { 'chute.yaml': '' });
  // A terabyte of nothing: reading it would not end.
  await truncate(join(path, 'chute.yaml'), 2 ** 40);
  const error = await failure(readDefinition(path));
  expect(error.code).toBe('RIPCORD_DEFINITION_TOO_LARGE');
});

test('refuses what is no text', async () => {
  const path = join(await directory('binary', {}), 'chute.yaml');
  await writeFile(path, Buffer.from([0x6e, 0xff, 0xfe]));
  expect((await failure(readDefinition(path))).code).toBe('RIPCORD_DEFINITION_INVALID');
});

test('reads standard input, up to the limit', async () => {
  const found = await readDefinition('-', Readable.from([Buffer.from('name: ä\n')]));
  expect(found).toMatchObject({
    text: 'name: ä\n',
    file: 'stdin',
    directory: process.cwd(),
    fallbackName: null,
  });
  const endless = new Readable({ read: (size) => void endless.push(Buffer.alloc(size, 0x20)) });
  const error = await failure(readDefinition('-', endless));
  expect(error.code).toBe('RIPCORD_DEFINITION_TOO_LARGE');
});

test('loads a definition, its name from the directory, its sources made absolute', async () => {
  const path = await directory('door', { 'chute.yaml': 'services: {main: {source: app}}\n' });
  const { found, parsed } = await loadDefinition(path, { secret: () => ({ $secret: 'x' }) });
  if (!parsed.ok || !('definition' in parsed)) throw new Error('refused');
  expect(parsed.definition.name).toBe('door');
  const source = parsed.sources['main'];
  expect(source && absoluteSource(source, found.directory)).toEqual({
    type: 'local',
    path: join(path, 'app'),
  });
});

test('complaints name the file as it was given', async () => {
  const path = await directory('wrong', { 'chute.yaml': 'name: wrong\nservices:\n  main: 5\n' });
  const { parsed } = await loadDefinition(path, { secret: () => ({ $secret: 'x' }) });
  expect(parsed.ok ? [] : parsed.complaints).toMatchObject([
    { file: join(path, 'chute.yaml'), line: 3, col: 9, path: '/services/main' },
  ]);
});
