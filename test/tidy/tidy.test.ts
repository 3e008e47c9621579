import { basename, dirname } from 'node:path';

import { expect, test } from 'vitest';

import { bareCode } from './bare-code.ts';
import { filesBelow, isBelow, type SourceFile, SOURCES } from './source-files.ts';

const LINES_MAX = 300;

test('no file is too long to be read at once', () => {
  const long = SOURCES.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  expect(long).toEqual([]);
});

test('the core knows no clock, no chance, no process and no network', () => {
  const wrong = SOURCES.filter(({ path }) => isBelow(path, 'src/core')).flatMap(impurities);
  expect(wrong).toEqual([]);
});

test.each([
  'const now = Date.now();',
  'const now = `${new Date().toISOString()}`;',
  'const chance = Math.random();',
  'const root = process.env.RIPCORD_ROOT;',
  'setTimeout(() => undefined, 10);',
  'const answer = await fetch(url);',
  "// why\nconst all = globalThis; // 'x",
])('impure: %s', (text) => {
  expect(impurities({ path: 'src/core/bad.ts', text })).toHaveLength(1);
});

test.each([
  '/** Not even `Date.now()`. */',
  "const kind = 'process.start@1';",
  'const id = `${chute}/process.start:${short(digest)}`;',
  'const text = /process|Date/.test(title);',
  'const { fetchedAt, processes } = state;',
])('pure: %s', (text) => {
  expect(impurities({ path: 'src/core/good.ts', text })).toEqual([]);
});

/** What of a file only the shell may use. */
function impurities({ path, text }: SourceFile): readonly string[] {
  const impure =
    /(?<![.\w])(?:Date|Math\.random|performance|process|globalThis|fetch|set(?:Timeout|Interval|Immediate)|queueMicrotask|crypto)\b(?!\??:)/;
  return bareCode(text)
    .split('\n')
    .filter((line) => impure.test(line))
    .map((line) => `${path}: ${line.trim()}`);
}

test('nothing is left for later', () => {
  // Spelled so that this file does not find itself.
  const words = /\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/;
  const everything = [...SOURCES, ...filesBelow('docs', '.md'), ...filesBelow('docs', '.mjs')];
  const left = everything.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (words.test(line) ? [`${path}:${at + 1}`] : [])),
  );
  expect(left).toEqual([]);
});

test('no folder is a drawer for odds and ends', () => {
  const drawers = new Set(['utils', 'util', 'common', 'helpers', 'lib', 'misc', 'shared']);
  const found = SOURCES.filter(({ path }) =>
    dirname(path)
      .split('/')
      .some((folder) => drawers.has(folder)),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test('files are named in kebab-case', () => {
  const wrong = SOURCES.filter(
    ({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.bench)?\.ts$/.test(basename(path)),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('tests lie where what they test lies', () => {
  const kinds = new Set([
    'contracts',
    'sim',
    'tidy',
    'e2e',
    'docs',
    'bench',
    'host',
    'power',
    'docker',
  ]);
  const wrong = SOURCES.filter(({ path }) => path.endsWith('.test.ts')).filter(({ path }) => {
    const [, folder = ''] = path.split('/');
    if (kinds.has(folder)) return false;
    return !SOURCES.some(
      (file) => isBelow(file.path, folder) || isBelow(file.path, `src/${folder}`),
    );
  });
  expect(wrong.map(({ path }) => path)).toEqual([]);
});
