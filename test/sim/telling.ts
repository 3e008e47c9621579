import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { Chapter } from './story.ts';

/** A chapter as one line of a trace. Pure. */
export function chapterLine(at: number, { requests, ...rest }: Chapter): string {
  const asks = requests.map(({ chutes, mode }) => [
    mode,
    ...chutes.map(({ chute, operation, definition }) =>
      [operation, chute, definition?.version].filter(Boolean).join(' '),
    ),
  ]);
  return `chapter ${at}: ${JSON.stringify({ asks, ...rest })}`;
}

/** A record as one line of a trace. Pure. */
export function recordLine(record: Recorded<ChuteEvent>): string {
  const { seq, type, up } = record;
  const values = record as unknown as Readonly<Record<string, unknown>>;
  const about = SAID.flatMap((key) => {
    const value = values[key];
    return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
  });
  return [`@${seq}`, `${up}ms`, type, ...about].join(' ');
}

const SAID = ['update', 'step', 'chute', 'reason', 'class', 'attempt'];

/** Where an error came from, in one line. */
export function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack.split('\n').slice(1, 6).join(' <');
}
