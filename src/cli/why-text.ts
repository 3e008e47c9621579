import type { Why, WhyEntry } from '../../replay/why-answer.ts';
import type { Context } from './context.ts';
import { table } from './terminal.ts';

/** An answer for people: itself, its chain in numbered lines, and what to run next. */
export function whyText({ terminal, rootFlag }: Context, { text, chain, next }: Why): string {
  const rows = chain.map((entry, at) => [
    String(at + 1).padStart(String(chain.length).length),
    terminal.symbols.arrow === '->' ? entry.text.replaceAll('→', '->') : entry.text,
    terminal.dim(placeText(entry)),
  ]);
  return `${terminal.bold(text)}\n${table(rows, ' ')}${next}${rootFlag}\n`;
}

function placeText({ at }: WhyEntry): string {
  if (at === null) return '';
  return typeof at === 'number' ? `@${at}` : `@${at.from}..@${at.to}`;
}
