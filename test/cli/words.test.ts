import { Command } from 'commander';
import { describe, expect, test } from 'vitest';

import { EXIT, exitCodeForCode } from '../../src/cli/exit-code.ts';
import { formatOf, progressOf } from '../../src/cli/globals.ts';
import { backoffScaleOf } from '../../src/cli/holder.ts';
import { nearestWord, wordOf } from '../../src/cli/program.ts';
import { errorReport } from '../../src/cli/show-error.ts';
import { ownPaint, shown } from '../../src/cli/terminal-text.ts';
import {
  clip,
  duration,
  durationMs,
  table,
  wantsColor,
  wantsUnicode,
} from '../../src/cli/terminal.ts';
import { stepRefOf, updateIdOf } from '../../src/cli/update-id.ts';
import { webUrl } from '../../src/cli/web-url.ts';
import { LATER, WORDS } from '../../src/cli/words.ts';
import { RipcordError } from '../../src/core/errors.ts';
import { definition } from '../engine/world.ts';

describe('the command word', () => {
  test.each([
    [['status'], 'status'],
    [['--root', 'x', 'status'], 'status'],
    [['--root=x', '-q', 'apply', 'y'], 'apply'],
    [['-o', 'json', 'log'], 'log'],
    [['-ojson', 'log'], 'log'],
    [['--', 'plan'], 'plan'],
    [['--help'], null],
    [[], null],
  ])('of %j is %j', (args, word) => {
    expect(wordOf(args)).toBe(word);
  });

  test.each([
    ['stauts', 'status'],
    ['aply', 'apply'],
    ['rolback', 'rollback'],
    ['plna', 'plan'],
    ['frobnicate', null],
  ])('%s was probably meant as %j', (typed, meant) => {
    expect(nearestWord(typed)).toBe(meant);
  });

  test('of every command loads a module that configures and runs', async () => {
    for (const [word, { load }] of Object.entries(WORDS)) {
      const module = await load();
      const command = new Command(word);
      module.configure(command);
      expect(typeof module.run).toBe('function');
      expect(command.options.every(({ description }) => description !== '')).toBe(true);
    }
  });

  test('is either there or comes later, not both', () => {
    expect(LATER.filter((word) => Object.hasOwn(WORDS, word))).toEqual([]);
  });
});

describe('exit codes', () => {
  test.each([
    ['RIPCORD_USAGE_INVALID', 2],
    ['RIPCORD_DEFINITION_INVALID', 2],
    ['RIPCORD_COMMAND_LATER', 2],
    ['RIPCORD_REF_UNKNOWN', 2],
    ['RIPCORD_REQUEST_CONFLICT', 2],
    ['RIPCORD_JOURNAL_LOCKED', 6],
    ['RIPCORD_UPDATE_CONFLICT', 6],
    ['RIPCORD_SERVER_UNREACHABLE', 7],
    ['RIPCORD_PLAN_STALE', 8],
    ['RIPCORD_UPDATE_FINISHED', 8],
    ['RIPCORD_DISK_FULL', 8],
    ['RIPCORD_JOURNAL_DAMAGED', 9],
    ['RIPCORD_WAIT_EXPIRED', 10],
    [null, 1],
    ['ENOENT', 1],
  ])('%s ends with %i', (code, exitCode) => {
    expect(exitCodeForCode(code)).toBe(exitCode);
  });

  test('are all different', () => {
    expect(new Set(Object.values(EXIT)).size).toBe(Object.keys(EXIT).length);
  });
});

describe('an error for programs', () => {
  test('names its place in a definition', () => {
    const complaints = [{ file: 'chute.yaml', line: 6, col: 15 }];
    const error = new RipcordError('RIPCORD_DEFINITION_INVALID', 'cannot', {
      details: { complaints },
      hint: 'mend it',
    });
    expect(errorReport(error)).toEqual({
      code: 'RIPCORD_DEFINITION_INVALID',
      kind: 'usage',
      message: 'cannot',
      hint: 'mend it',
      at: 'chute.yaml:6:15',
      outcome: 'refused',
    });
  });

  test('names its place in the journal', () => {
    const error = new RipcordError('RIPCORD_PLAN_STALE', 'cannot', { details: { seq: 7 } });
    expect(errorReport(error).at).toBe('@7');
  });

  test('that nobody foresaw leaves open what happened', () => {
    expect(errorReport(new Error('boom'))).toMatchObject({
      code: null,
      kind: 'unexpected',
      outcome: 'unknown',
    });
  });
});

describe('how things are shown', () => {
  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [1234, '1.2s'],
    [61_000, '1m 1s'],
    [3_700_000, '1h 1m'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7', 7000],
    ['soon', null],
  ])('%s is %j ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  test.each([
    ['always', { NO_COLOR: '1' }, false, true],
    ['never', { FORCE_COLOR: '1' }, true, false],
    ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    ['auto', { NO_COLOR: '' }, true, true],
    ['auto', { FORCE_COLOR: '1' }, false, true],
    ['auto', { TERM: 'dumb' }, true, false],
    ['auto', {}, true, true],
    ['auto', {}, false, false],
  ] as const)('colour %s with %j on a terminal %j: %j', (choice, env, isTty, wanted) => {
    expect(wantsColor(choice, env, isTty)).toBe(wanted);
  });

  test.each([
    [{ LANG: 'en_GB.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'en_GB.UTF-8', LC_ALL: 'C' }, false],
    [{}, false],
  ])('symbols for %j: %j', (env, unicode) => {
    expect(wantsUnicode(env)).toBe(unicode);
  });

  test('columns are aligned whatever their colour', () => {
    const red = ownPaint((text) => `\u001B[31m${text}\u001B[39m`);
    const rows = [
      ['a', red('red'), 'x'],
      ['bcd', 'r', 'y'],
    ];
    expect(shown(table(rows))).toBe('a    \u001B[31mred\u001B[39m  x\nbcd  r    y\n');
  });

  test('a text that is too long ends with an ellipsis', () => {
    expect(clip('abcdef', 4)).toBe('abc…');
    expect(clip('abcd', 4)).toBe('abcd');
  });

  test.each([
    [{}, {}, 'text'],
    [{ json: true }, {}, 'json'],
    [{ output: 'yaml' }, { RIPCORD_OUTPUT: 'json' }, 'yaml'],
    [{}, { RIPCORD_OUTPUT: 'ndjson' }, 'ndjson'],
  ] as const)('the format of %j with %j is %s', (options, env, format) => {
    expect(formatOf(options, env)).toBe(format);
  });

  test.each([
    [{}, {}, { output: 'text', isTty: true }, 'tty'],
    [{}, { CI: 'true' }, { output: 'text', isTty: true }, 'plain'],
    [{}, {}, { output: 'text', isTty: false }, 'plain'],
    [{ quiet: true }, {}, { output: 'text', isTty: true }, 'none'],
    [{}, {}, { output: 'json', isTty: true }, 'none'],
    [{}, { RIPCORD_PROGRESS: 'plain' }, { output: 'text', isTty: true }, 'plain'],
    [{ progress: 'none' }, { RIPCORD_PROGRESS: 'plain' }, { output: 'text', isTty: true }, 'none'],
  ] as const)('the progress of %j with %j and %j is %s', (options, env, how, style) => {
    expect(progressOf(options, env, how)).toBe(style);
  });
});

describe('the scale of waits', () => {
  test.each([
    [undefined, 1],
    ['', 1],
    ['0', 0],
    ['0.01', 0.01],
    ['2', 2],
  ])('RIPCORD_BACKOFF_SCALE=%s is %d', (given, scale) => {
    expect(backoffScaleOf(given === undefined ? {} : { RIPCORD_BACKOFF_SCALE: given })).toBe(scale);
  });

  test.each(['fast', '-1', 'Infinity', 'NaN'])('is not %s', (given) => {
    expect(() => backoffScaleOf({ RIPCORD_BACKOFF_SCALE: given })).toThrow('is no factor');
  });
});

describe('names', () => {
  test('of updates and steps are read or refused', () => {
    expect(updateIdOf('u43')).toBe('u43');
    expect(stepRefOf('u43.s7')).toEqual({ update: 'u43', n: 7 });
    for (const wrong of ['43', 'u0', 'u1.s1', 'hello'])
      expect(() => updateIdOf(wrong)).toThrow('it is no update');
    for (const wrong of ['u43', 'u43.7', 'u43.s0'])
      expect(() => stepRefOf(wrong)).toThrow('it is no step');
  });

  test('of web ports are those outside', () => {
    const plain = definition('hello', 1, []);
    const web = { service: 'main', port: 80 };
    const main = plain.services['main'];
    if (!main) throw new Error('no service');
    expect(webUrl(null)).toBe(null);
    expect(webUrl(plain)).toBe(null);
    expect(webUrl({ ...plain, web })).toBe('http://localhost:80/');
    const bound = { ...main, ports: { '18080/tcp': { internal: 80 } } };
    expect(webUrl({ ...plain, web, services: { main: bound } })).toBe('http://localhost:18080/');
  });
});
