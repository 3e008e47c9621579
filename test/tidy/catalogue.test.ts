import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { ORDER } from '../../src/core/phases.ts';
import { importsOf, SOURCES } from './source-files.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

/** The members that a type map of `src/core` declares, as `'noun.verb'` lines. */
function declaredIn(path: string): readonly string[] {
  return [...read(path).matchAll(/^ {2}'([a-z]+\.[a-zA-Z]+(?:@\d+)?)':/gm)].map(found);
}

/** Headings of one level that consist of one name in backticks. */
function headingsOf(path: string, level: '##' | '###'): readonly string[] {
  return [...read(path).matchAll(new RegExp(`^${level} \`([^\`]+)\`$`, 'gm'))].map(found);
}

function found([, name]: RegExpMatchArray): string {
  return name ?? '';
}

describe('docs/events.md', () => {
  const declared = declaredIn('src/core/events.ts');

  test('lists every event, only events, in the order of events.ts', () => {
    const listed = [...read('docs/events.md').matchAll(/^\|\s*\[`([a-z]+\.[a-zA-Z]+)`\]/gm)];
    expect(declared.length).toBeGreaterThan(30);
    expect(listed.map(found)).toEqual(declared);
  });

  test('describes every event, only events, in the order of events.ts', () => {
    expect(headingsOf('docs/events.md', '###')).toEqual(declared);
  });

  test.each(declared)('says all there is to say of %s', (event) => {
    const [, after = ''] = read('docs/events.md').split(`### \`${event}\`\n`);
    const [entry = ''] = after.split(/^##/m);
    expect(entry).toMatch(/\*\*Written by\*\*/);
    expect(entry).toMatch(/\*\*Fold\*\*/);
    const [, json = ''] = /```json\n([\s\S]*?)\n```/.exec(entry) ?? [];
    expect(JSON.parse(json)).toMatchObject({ type: event });
  });

  test.each(declared)('names who writes %s', (event) => {
    const [, after = ''] = read('docs/events.md').split(`### \`${event}\`\n`);
    const [who = ''] = /\*\*Written by\*\* .*/.exec(after) ?? [];
    const named = [...who.matchAll(/`((?:src|replay)\/[\w/.-]+\.ts)`/g)].map(found);
    const writers = SOURCES.filter(({ path }) => /^src\/(engine|cli|library)\//.test(path))
      .filter(({ text }) => new RegExp(`(type: |[?:] )'${event}'`).test(text))
      .map(({ path }) => path);
    expect(named.filter((path) => !writers.includes(path))).toEqual([]);
    if (who.includes('nobody yet')) expect(writers).toEqual([]);
    else expect(named.length).toBeGreaterThan(0);
  });
});

describe('docs/errors.md', () => {
  const codes = ['src/core/errors.ts', 'journal/errors.ts'].flatMap((path) =>
    [...read(path).matchAll(/^ {2}\| '(RIPCORD_[A-Z_]+)'/gm)].map(found),
  );
  const headings = headingsOf('docs/errors.md', '##');

  test('has one heading for every code, and none for another', () => {
    expect(codes.length).toBeGreaterThan(40);
    expect(headings).toEqual([...new Set(codes)].toSorted());
  });

  test.each(headings)('says of %s what to do', (code) => {
    const [, after = ''] = read('docs/errors.md').split(`## \`${code}\`\n`);
    const [entry = ''] = after.split(/^## /m);
    expect(entry).toMatch(/^\*\*Again\?\*\* /m);
    expect(entry).toMatch(/^\*\*Do\*\* /m);
  });

  test('codes that are thrown are declared', () => {
    const thrown = SOURCES.filter(({ path }) => /^(journal|replay|src)\//.test(path)).flatMap(
      ({ path, text }) =>
        [...text.matchAll(/Error\(\s*'(RIPCORD_[A-Z_]+)'/g)].map((match) => [path, found(match)]),
    );
    expect(thrown.filter(([, code]) => !codes.includes(code ?? ''))).toEqual([]);
  });
});

test('docs/architecture.md names every kind of step', () => {
  const kinds = ['src/core/step.ts', 'src/core/container.ts'].flatMap(declaredIn);
  expect(kinds.toSorted()).toEqual(Object.keys(ORDER).toSorted());
  const text = read('docs/architecture.md');
  expect(kinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
});

test('docs/architecture.md names tests that exist in its crash table', () => {
  const text = read('docs/architecture.md');
  const named = [...text.matchAll(/`((?:test|src\/testing)\/[\w/.-]+\.ts)`(?: “([^”]+)”)?/g)];
  expect(named.length).toBeGreaterThan(5);
  const missing = named.filter(
    ([, path = '', title = '']) => !existsSync(path) || !read(path).includes(title),
  );
  expect(missing.map(([reference]) => reference)).toEqual([]);
});

test('every source file is used by something', () => {
  const entries = new Set([
    'src/index.ts',
    'src/testing/index.ts',
    'journal/index.ts',
    'replay/index.ts',
    'src/cli/main.ts',
  ]);
  const imported = new Set(
    SOURCES.flatMap((file) =>
      importsOf(file).map((specifier) =>
        new URL(specifier, `file:///${file.path}`).pathname.slice(1),
      ),
    ),
  );
  const unused = SOURCES.filter(({ path }) => /^(journal|replay|src)\//.test(path))
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !entries.has(path));
  expect(unused).toEqual([]);
});
