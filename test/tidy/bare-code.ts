/** What a token starts and how it ends; tried in this order at every place of the text. */
const SKIPPED: readonly RegExp[] = [
  /\/\*[\s\S]*?\*\//y,
  /\/\/[^\n]*/y,
  /'(?:[^'\\\n]|\\.)*'/y,
  /"(?:[^"\\\n]|\\.)*"/y,
];
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/y;
/** A slash behind one of these opens a regular expression; behind anything else it divides. */
const BEFORE_REGEX = /(?:[(,=:[!&|?{};+]|\breturn|=>|^)\s*$/;

/**
 * The code of a file without what it merely says: comments, strings, regular expressions and the
 * texts of templates are left out, what templates interpolate stays. Pure.
 */
export function bareCode(text: string): string {
  let code = '';
  /** Open braces, per template that is being interpolated. */
  const depths: number[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = skip(text, at, code);
    if (skipped > at) {
      code += ' ';
      at = skipped;
      continue;
    }
    const char = text[at] ?? '';
    at += 1;
    const depth = depths.at(-1);
    if (char === '`' || (char === '}' && depth === 0)) {
      if (char === '}') depths.pop();
      const opened = templateEnd(text, at);
      if (opened.interpolates) depths.push(0);
      at = opened.at;
      code += ' ';
      continue;
    }
    if (depth !== undefined && char === '{') depths[depths.length - 1] = depth + 1;
    if (depth !== undefined && char === '}') depths[depths.length - 1] = depth - 1;
    code += char;
  }
  return code;
}

function skip(text: string, at: number, code: string): number {
  for (const token of SKIPPED) {
    token.lastIndex = at;
    if (token.test(text)) return token.lastIndex;
  }
  REGEX.lastIndex = at;
  return text[at] === '/' && BEFORE_REGEX.test(code.slice(-20)) && REGEX.test(text)
    ? REGEX.lastIndex
    : at;
}

/** Where a template's text that begins at `at` ends: at its backtick or behind a `${`. */
function templateEnd(text: string, at: number): { at: number; interpolates: boolean } {
  for (let end = at; end < text.length; end++) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '`') return { at: end + 1, interpolates: false };
    else if (text[end] === '$' && text[end + 1] === '{') return { at: end + 2, interpolates: true };
  }
  return { at: text.length, interpolates: false };
}
