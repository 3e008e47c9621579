import type { Why, WhyEntry } from '../../replay/why-answer.ts';
import type { Context } from './context.ts';

/** Columns up to which texts are filled up, so that records stand in line: longer ones stand out. */
const TEXT_COLUMNS = 80;

/** An answer for people: itself, its chain in numbered lines, and what to run next. */
export function whyText({ terminal, rootFlag }: Context, { text, chain, next }: Why): string {
  const isAscii = terminal.symbols.arrow === '->';
  const plain = (each: string): string => (isAscii ? each.replaceAll('→', '->') : each);
  const texts = chain.map((entry) => plain(entry.text));
  const width = Math.min(TEXT_COLUMNS, Math.max(0, ...texts.map((each) => each.length)));
  const digits = String(chain.length).length;
  const lines = chain.map((entry, at) => {
    const head = ` ${String(at + 1).padStart(digits)}  ${texts[at] ?? ''}`;
    const place = placeText(entry);
    const filled = head.padEnd(digits + 3 + width);
    return place === '' ? `${head}\n` : `${filled}  ${terminal.dim(place)}\n`;
  });
  return `${terminal.bold(plain(text))}\n${lines.join('')}${next}${rootFlag}\n`;
}

function placeText({ at }: WhyEntry): string {
  if (at === null) return '';
  return typeof at === 'number' ? `@${at}` : `@${at.from}..@${at.to}`;
}
