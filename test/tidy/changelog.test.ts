import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

const RELEASE = /^## (?:Unreleased|(\d+\.\d+\.\d+) - \d{4}-\d{2}-\d{2})$/;
const GROUPS = ['### Changed', '### Added', '### Removed', '### Fixed'];
/** Common Changelog wants the imperative: what a release does, not what somebody did. */
const NOT_IMPERATIVE = /^(Added|Adds|Changed|Changes|Removed|Removes|Fixed|Fixes)\b/;

/** What is wrong with a changelog, by line. */
function complaints(text: string): readonly string[] {
  const wrong: string[] = [];
  let groups: string[] = [];
  const releases: string[] = [];
  text.split('\n').forEach((line, at) => {
    const complain = (why: string): number => wrong.push(`${at + 1}: ${why}: ${line}`);
    if (line.startsWith('## ')) {
      const release = RELEASE.exec(line);
      if (!release) complain('a release is a version and a date, or Unreleased');
      releases.push(release?.[1] ?? 'Unreleased');
      groups = [];
    } else if (line.startsWith('### ')) {
      const place = GROUPS.indexOf(line);
      if (place < 0) complain('no such group');
      if (groups.some((earlier) => GROUPS.indexOf(earlier) >= place)) complain('out of order');
      groups.push(line);
    } else if (line.startsWith('- ')) {
      const entry = line.slice(2).replace(/^\*\*Breaking:\*\* /, '');
      if (groups.length === 0) complain('belongs to no group');
      if (!/^[A-Z]/.test(entry) || NOT_IMPERATIVE.test(entry)) complain('not imperative');
      if (entry.endsWith('.')) complain('ends with a full stop');
    }
  });
  const { length } = releases.filter((release) => release === 'Unreleased');
  if (length > 1 || (length === 1 && releases[0] !== 'Unreleased'))
    wrong.push('Unreleased comes first and once');
  return wrong;
}

test('the changelog keeps its shape', () => {
  const text = readFileSync('CHANGELOG.md', 'utf8');
  expect(text).toMatch(/^# Changelog\n/);
  expect(complaints(text)).toEqual([]);
});

test('the version of the package is in the changelog, released or not', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const text = readFileSync('CHANGELOG.md', 'utf8');
  expect(text.includes('## Unreleased') || text.includes(`## ${version} - `)).toBe(true);
});

test.each([
  '## v1.0.0 - 2026-01-01',
  '## 1.0.0',
  '## Unreleased\n### Features',
  '## Unreleased\n### Fixed\n### Added',
  '## Unreleased\n- Add x',
  '## Unreleased\n### Added\n- Added x',
  '## Unreleased\n### Added\n- Add x.',
  '## 1.0.0 - 2026-01-01\n## Unreleased',
])('refused: %j', (text) => {
  expect(complaints(text)).toHaveLength(1);
});
