import { stripVTControlCharacters } from 'node:util';

import picocolors from 'picocolors';

import { oneLine, ownPaint, shown } from './terminal-text.ts';

/** Marks in front of lines; words say the same, so that neither colour nor mark is ever alone. */
export type Symbols = {
  readonly done: string;
  readonly failed: string;
  readonly undone: string;
  readonly running: string;
  readonly waiting: string;
  readonly arrow: string;
};

const UNICODE: Symbols = {
  done: '✓',
  failed: '✗',
  undone: '↩',
  running: '▸',
  waiting: '·',
  arrow: '→',
};
const ASCII: Symbols = {
  done: '+',
  failed: 'x',
  undone: '<',
  running: '>',
  waiting: '.',
  arrow: '->',
};

export type Paint = (text: string) => string;

export interface Terminal {
  readonly symbols: Symbols;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  /** Columns of standard error, where progress is drawn. */
  readonly columns: number;
  /** Writes to standard output: results, control characters of others escaped. */
  out(text: string): void;
  /** Writes to standard error: progress, prompts, messages, control characters of others escaped. */
  err(text: string): void;
  /** Writes to standard output what has to stay as it is. */
  raw(text: string): void;
  /** Takes back so many lines of standard error. */
  erase(lines: number): void;
}

export type ColorChoice = 'auto' | 'always' | 'never';

type Env = Readonly<Record<string, string | undefined>>;

/** Whether colours are wanted: `--color`, then NO_COLOR, FORCE_COLOR, TERM and the terminal. Pure. */
export function wantsColor(choice: ColorChoice, env: Env, isTty: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  return isTty && env['TERM'] !== 'dumb';
}

/** Whether the locale can show more than ASCII. Pure. */
export function wantsUnicode(env: Env): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((each) => (each ?? '') !== '');
  return /utf-?8/i.test(locale ?? '');
}

/** A terminal whose output is a stream of values: the first line says so. */
export function streaming(terminal: Terminal): Terminal {
  let begun = false;
  const begin = (): string => {
    if (begun) return '';
    begun = true;
    return '{"type":"stream","schema":"1.0"}\n';
  };
  return {
    ...terminal,
    out: (text) => terminal.out(begin() + text),
    raw: (text) => terminal.raw(begin() + text),
  };
}

/** The terminal of this process. Once its reader is gone, output is dropped without a sound. */
export function openTerminal(options: {
  readonly color: ColorChoice;
  readonly env: Env;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}): Terminal {
  const { env, stdout, stderr } = options;
  const colored = wantsColor(options.color, env, stdout.isTTY && stderr.isTTY);
  const { bold, dim, red, green, yellow } = picocolors.createColors(colored);
  const paint = (each: Paint): Paint => (colored ? ownPaint(each) : (text) => text);
  return {
    symbols: wantsUnicode(env) ? UNICODE : ASCII,
    bold: paint(bold),
    dim: paint(dim),
    red: paint(red),
    green: paint(green),
    yellow: paint(yellow),
    columns: stderr.columns || 80,
    out: (text) => write(stdout, shown(text)),
    err: (text) => write(stderr, shown(text)),
    raw: (text) => write(stdout, text),
    erase: (lines) => {
      if (lines > 0) write(stderr, `\u001B[${lines}A\u001B[0J`);
    },
  };
}

function write(stream: NodeJS.WriteStream, text: string): void {
  if (!stream.destroyed && stream.writable) stream.write(text);
}

/** Rows with their columns aligned, two spaces apart; colours do not count. Pure. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  const lines = rows.map((row) => row.map(oneLine));
  for (const row of lines)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  return lines
    .map((row) => {
      const cells = row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)));
      return `${indent}${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Columns that a text takes, without its colours. Pure. */
function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(shown(text))).length;
}

/** A text cut to so many columns. Pure; for texts without colours. */
export function clip(text: string, columns: number): string {
  const characters = Array.from(oneLine(text));
  if (characters.length <= columns) return characters.join('');
  return `${characters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}

/** `36ms`, `1.2s`, `3m 20s`, `2h 5m`. Pure. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes}m ${Math.floor((ms % 60_000) / 1000)}s`;
  return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** `30s`, `5m`, `1500ms`, `2h` or a bare number of seconds, in milliseconds; null otherwise. Pure. */
export function durationMs(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) return null;
  return Math.round(Number(number) * (UNITS_MS[unit ?? 's'] ?? 1000));
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Local and short for people: the time today, the day otherwise. */
export function shortTime(at: string, now: Date = new Date()): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return at;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (date.toDateString() === now.toDateString()) return clock;
  const day = `${MONTHS[date.getMonth()] ?? ''}${two(date.getDate())}`;
  return date.getFullYear() === now.getFullYear() ? day : `${date.getFullYear()} ${day}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;
