/**
 * The words of a command given as text, without a shell: white space separates, quotes hold together,
 * a backslash takes the next character as it is (but not inside single quotes). Pure.
 *
 * Null when a quote is never closed.
 */
export function splitWords(text: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && quote !== "'" && at + 1 < text.length) {
      at += 1;
      const next: string = text.charAt(at);
      // Inside double quotes a backslash means something only before a quote or another backslash.
      word = (word ?? '') + (quote && next !== '"' && next !== '\\' ? char + next : next);
    } else if (quote) {
      if (char === quote) quote = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (quote) return null;
  return word === null ? words : [...words, word];
}
