import type { Context } from '../context.ts';

/** What can be asked about, in the order in which it is told. */
export const AREAS = ['engine', 'host', 'network', 'wifi', 'tools', 'owner'] as const;
export type Area = (typeof AREAS)[number];

/** One thing that was looked at, in words. */
export type Finding = {
  readonly area: Area;
  /** `odd` is worth a look and stops nothing. */
  readonly verdict: 'good' | 'odd' | 'bad';
  readonly text: string;
};

/** The same for a whole area: what was found, in the order in which it is told. */
export function found(area: Area): {
  readonly findings: readonly Finding[];
  good(text: string): void;
  odd(text: string): void;
  bad(text: string): void;
} {
  const findings: Finding[] = [];
  const add = (verdict: Finding['verdict']) => (text: string) =>
    void findings.push({ area, verdict, text });
  return { findings, good: add('good'), odd: add('odd'), bad: add('bad') };
}

/** Findings as a person reads them: an area a paragraph, its name in front of the first line. */
export function findingsText(context: Context, findings: readonly Finding[]): string {
  const { symbols, bold, green, yellow, red } = context.terminal;
  const marks = { good: green(symbols.done), odd: yellow('!'), bad: red(symbols.failed) };
  const width = Math.max(...AREAS.map((area) => area.length));
  const lines = findings.map(({ area, verdict, text }, at) => {
    const first = findings[at - 1]?.area !== area;
    const name = (first ? area : '').padEnd(width);
    return `${first ? bold(name) : name}  ${marks[verdict]} ${text}\n`;
  });
  return [...lines, `${summary(findings)}\n`].join('');
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Finding['verdict']): number =>
    findings.filter((each) => each.verdict === verdict).length;
  const [bad, odd] = [count('bad'), count('odd')];
  if (bad + odd === 0) return 'Nothing is missing.';
  const parts = [bad > 0 ? `${bad} missing or wrong` : '', odd > 0 ? `${odd} worth a look` : ''];
  return `${parts.filter((part) => part !== '').join(', ')}.`;
}

/** A size for people: `512 MiB`, `7.9 GiB`. Pure. */
export function mebibytes(size: number): string {
  if (size < 1024) return `${size} MiB`;
  const [amount, unit] = size < 1024 * 1024 ? [size / 1024, 'GiB'] : [size / 1024 / 1024, 'TiB'];
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}
