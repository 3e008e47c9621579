import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { describe, expect, test } from 'vitest';

import { filesBelow, type SourceFile } from './source-files.ts';

const TOP = ['README.md', 'CHANGELOG.md'].map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}));
const PAGES: readonly SourceFile[] = [...TOP, ...filesBelow('docs', '.md')];

test('every link leads to a file, and every anchor to a heading', () => {
  const broken = PAGES.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => !leadsSomewhere(path, link))
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function linksOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
}

function leadsSomewhere(path: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : normalize(join(dirname(path), file));
  if (!existsSync(target)) return false;
  if (anchor === undefined || statSync(target).isDirectory()) return true;
  return anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
}

/** The anchors that GitHub makes of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...proseOf(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

/** A page without its fenced blocks. */
function proseOf(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
}

describe('README.md', () => {
  const lines = (TOP[0]?.text ?? '').split('\n');

  test('is read in one go', () => {
    expect(lines.length).toBeLessThanOrEqual(121);
  });

  test('shows code early', () => {
    expect(lines.findIndex((line) => line.startsWith('```'))).toBeLessThan(20);
  });

  test('begins with the two commands that the pipeline runs', () => {
    const [, first = ''] = /```sh\n([\s\S]*?)```/.exec(TOP[0]?.text ?? '') ?? [];
    expect(first).toBe('npm ci && npm start\nnpm test\n');
    const pipeline = readFileSync('.ci/run', 'utf8');
    expect(pipeline).toMatch(/^npm ci\b/m);
    expect(pipeline).toMatch(/^run npm test$/m);
  });
});

describe.each(filesBelow('docs/adr', '.md'))('$path', ({ path, text }) => {
  test('has its parts, in at most 60 lines', () => {
    expect(path).toMatch(/^docs\/adr\/\d{4}-[a-z0-9-]+\.md$/);
    expect(text).toMatch(/^# [^\n]+\n\nStatus: (accepted|refused|superseded by \d{4})\n/);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual([
      'Context',
      'Decision',
      'Consequences',
      'Alternatives refused',
    ]);
    expect(text.split('\n').length).toBeLessThanOrEqual(61);
  });
});

test('decisions are numbered without gaps or twins', () => {
  const numbers = filesBelow('docs/adr', '.md').map(({ path }) => Number(path.slice(9, 13)));
  expect(numbers).toEqual(numbers.map((_, at) => at + 1));
});

test('pages name the files of the repository as they are', () => {
  const wrong = PAGES.flatMap(({ path, text }) =>
    [...proseOf(text).matchAll(/`((?:src|journal|replay|test|docs|\.ci)\/[\w./-]*)`/g)]
      .map(([, file = '']) => file)
      .filter((file) => !existsSync(file))
      .map((file) => `${path}: ${file}`),
  );
  expect(wrong).toEqual([]);
});
