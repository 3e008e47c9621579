import { unrenderable } from './rendered.ts';

/** An option, a list in its order, or text with tokens of ours, which is written as it is. */
export type UciValue = string | readonly string[] | { readonly tokens: string };

/** A named section of a file of OpenWrt's configuration. */
export type UciSection = {
  readonly type: string;
  readonly name: string;
  /** What is null is left out. */
  readonly options: Readonly<Record<string, UciValue | null>>;
};

/** A section as a file has it, and where: from its first line to the end of its last option. */
export type UciSpan = {
  readonly type: string;
  /** Null: it has no name. */
  readonly name: string | null;
  /** `option`, key and value, or `list`, key and value, as they are written. */
  readonly lines: readonly (readonly string[])[];
  readonly start: number;
  readonly end: number;
};

/** A section as text, with an empty line before it, as `uci` itself writes. Pure. */
export function uciSectionText({ type, name, options }: UciSection): string {
  const lines = Object.entries(options).flatMap(([key, value]) => {
    if (value === null) return [];
    if (typeof value === 'string') return [`\toption ${key} ${uciQuote(value)}\n`];
    if ('tokens' in value) return [`\toption ${key} '${value.tokens}'\n`];
    return value.map((each) => `\tlist ${key} ${uciQuote(each)}\n`);
  });
  return `\nconfig ${type} ${uciQuote(name)}\n${lines.join('')}`;
}

/** One word, whatever is in it. Pure. Two braces are kept apart: a value cannot pass for a token. */
export function uciQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/\{(?=\{)/g, "{''")}'`;
}

/**
 * The sections of a file, by the rules of libuci: words in single or double quotes may go over
 * several lines, `#` begins a comment, `;` ends a statement. Pure.
 * Throws RIPCORD_PLAN_INVALID for a file that libuci could not read either.
 */
export function parseUci(text: string): readonly UciSpan[] {
  const sections: UciSpan[] = [];
  for (const { words, start, end } of statements(text)) {
    const [verb = '', first = '', second] = words;
    const last = sections.at(-1);
    if (verb === 'config' || verb === 'c') {
      if (words.length > 3 || first === '') throw unreadable(text, start);
      sections.push({ type: first, name: second ?? null, lines: [], start, end });
    } else if (['option', 'o', 'list', 'l'].includes(verb)) {
      if (last === undefined || words.length !== 3) throw unreadable(text, start);
      const line = [verb.startsWith('l') ? 'list' : 'option', first, second ?? ''];
      sections[sections.length - 1] = { ...last, lines: [...last.lines, line], end };
    } else if (verb !== 'package' && verb !== 'p') throw unreadable(text, start);
  }
  return sections;
}

type Statement = {
  readonly words: readonly string[];
  readonly start: number;
  readonly end: number;
};

/** The statements of a file with the lines that they take up. */
function statements(text: string): readonly Statement[] {
  const result: Statement[] = [];
  let words: string[] = [];
  let start = 0;
  let at = 0;
  const finish = (end: number): void => {
    if (words.length > 0) result.push({ words, start, end });
    words = [];
    start = end;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '#') {
      const newline = text.indexOf('\n', at);
      at = newline === -1 ? text.length : newline;
    } else if (character === '\n' || character === ';') {
      at += 1;
      finish(at);
    } else if (character === '\\' && text.charAt(at + 1) === '\n') at += 2;
    else if (/\s/.test(character)) at += 1;
    else {
      const word = readWord(text, at);
      words.push(word.value);
      at = word.end;
    }
  }
  finish(text.length);
  return result;
}

/** One word: bare and quoted parts that touch are one. */
function readWord(text: string, from: number): { readonly value: string; readonly end: number } {
  let value = '';
  let at = from;
  while (at < text.length && !/[\s;#]/.test(text.charAt(at))) {
    const character = text.charAt(at);
    if (character === "'" || character === '"') {
      const part = readQuoted(text, at);
      value += part.value;
      at = part.end;
    } else if (character === '\\') {
      value += text.charAt(at + 1) === '\n' ? '' : text.charAt(at + 1);
      at += 2;
    } else {
      value += character;
      at += 1;
    }
  }
  return { value, end: at };
}

function readQuoted(text: string, from: number): { readonly value: string; readonly end: number } {
  const quote = text.charAt(from);
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === quote) return { value, end: at + 1 };
    if (character === '\\' && quote === '"') {
      at += 1;
      value += text.charAt(at) === '\n' ? '' : text.charAt(at);
    } else value += character;
  }
  throw unreadable(text, from);
}

function unreadable(text: string, at: number): Error {
  const line = text.slice(0, at).split('\n').length;
  return unrenderable('a uci file', `line ${line} of the present one cannot be read`);
}
