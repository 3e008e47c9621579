import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { WAITING, WAITING_IN_PART } from './scenarios.ts';

test('each of the 25 failures from real life is played by a test that has its number, or waits for something', () => {
  const files = readdirSync('test/e2e').filter((name) => /^scenarios-.*\.test\.ts$/.test(name));
  const texts = files.map((name) => readFileSync(`test/e2e/${name}`, 'utf8'));
  const titles = texts.flatMap((text) => [...text.matchAll(/^\s*'(\d+): |\btest\('(\d+): /gm)]);
  titles.push(...texts.flatMap((text) => [...text.matchAll(/\)\('(\d+): /g)]));
  const played = new Set(titles.map(([, first, second]) => Number(first ?? second)));
  const waiting = Object.keys(WAITING).map(Number);
  const all = [...played, ...waiting].toSorted((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  for (const number of Object.keys(WAITING_IN_PART)) expect(played).toContain(Number(number));
});
