import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { filesBelow } from '../tidy/source-files.ts';
import { type Block, blocksOf, commandsOf } from './blocks.ts';
import { Session } from './session.ts';

const README = filesBelow('.', 'README.md').filter(({ path }) => path === 'README.md');
const PAGES_OF_ALL = [...README, ...filesBelow('docs', '.md')];
/** Shown where there is an engine of containers: `test/docker/guide.test.ts`. */
const IN_CONTAINERS = 'docs/guides/docker.md';
const PAGES = PAGES_OF_ALL.filter(({ path }) => path !== IN_CONTAINERS)
  .map(({ path, text }) => ({
    path,
    blocks: blocksOf(text, ['sh', 'console']),
  }))
  .filter(({ blocks }) => blocks.length > 0);

describe.each(PAGES)('$path', ({ blocks }) => {
  test('shows commands that work, and what they print', async () => {
    const session = await Session.open();
    try {
      const printed = await session.run(blocks.flatMap(commandsOf));
      for (const { shown, output } of printed) expect(output.join('\n')).toContain(shown.says);
      const transcripts = printed.filter(({ shown }) => isTranscript(blocks, shown.line));
      expect(
        transcripts.map(({ shown, output }) => [shown.command, ...output.map(timeless)]),
      ).toEqual(transcripts.map(({ shown }) => [shown.command, ...shown.output.map(timeless)]));
    } finally {
      session.close();
    }
  });
});

const PROGRAMS = PAGES_OF_ALL.map(({ path, text }) => ({
  path,
  programs: blocksOf(text, ['ts']),
})).filter(({ programs }) => programs.length > 0);

test.each(PROGRAMS)('$path shows programs that run', async ({ programs }) => {
  const session = await Session.open();
  try {
    const shown = programs.map(({ lines, line }) => session.program(lines, line));
    expect(await session.run(shown)).toHaveLength(programs.length);
  } finally {
    session.close();
  }
});

const QUOTES = PAGES_OF_ALL.map(({ path, text }) => ({
  path,
  quotes: blocksOf(text, ['typescript']),
})).filter(({ quotes }) => quotes.length > 0);

/** A block that begins with a file's name shows a part of that file, which is compiled and run. */
test.each(QUOTES)('$path quotes what its files say', ({ quotes }) => {
  for (const { lines } of quotes) {
    const [first = '', ...code] = lines;
    const file = readFileSync(first.replace('// ', ''), 'utf8').split('\n');
    expect(bare(file)).toContain(bare(code));
  }
});

/** Lines without their indentation, which quoting changes. Pure. */
const bare = (lines: readonly string[]): string => lines.map((line) => line.trim()).join('\n');

function isTranscript(blocks: readonly Block[], line: number): boolean {
  return blocks.some(
    (block) =>
      block.language === 'console' && block.line <= line && line < block.line + block.lines.length,
  );
}

/** A line without what differs from run to run: times, hashes, places in the journal. Pure. */
function timeless(line: string): string {
  return line
    .replace(/^.*: line \d+: +\d+ Killed .*$/, 'Killed')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replaceAll(/\b\d\d:\d\d(:\d\d(\.\d+)?)?\b/g, 'TIME')
    .replaceAll(/\b\d+(\.\d+)?(ms|s)\b/g, 'DURATION')
    .replaceAll(/\b[0-9a-f]{12,64}\b/g, 'HASH')
    .replaceAll(/@\d+/g, '@SEQ')
    .replaceAll(/\w+@(cli|local)\b|\b\w+ cli\b/g, 'WHO')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
