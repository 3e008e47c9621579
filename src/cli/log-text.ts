import type { UpdateSummary } from '../../replay/update-summary.ts';
import type { Context } from './context.ts';
import { clip, duration, shortTime, type Terminal } from './terminal.ts';

const NOTE_COLUMNS = 60;

/** One update as the columns of a line. */
export function summaryRow({ terminal }: Context, update: UpdateSummary): readonly string[] {
  const { id, outcome, phase, requestedSeq, endSeq, by, durationMs, recovered } = update;
  const mark = outcomeMark(terminal, outcome);
  return [
    terminal.dim(`@${endSeq ?? requestedSeq}`),
    terminal.bold(id),
    `${mark} ${outcome ?? phase ?? ''}${recovered ? ' (went on)' : ''}`,
    update.chutes.map((chute) => changeOf(terminal, update, chute)).join(', '),
    clip(noteOf(update), NOTE_COLUMNS),
    shortTime(update.at),
    `${by.user} ${by.via}`,
    durationMs === null ? '' : duration(durationMs),
  ];
}

/** A mark in front of an outcome; the word says the same. */
export function outcomeMark(
  { symbols, green, red, yellow }: Terminal,
  outcome: UpdateSummary['outcome'],
): string {
  switch (outcome) {
    case 'committed':
    case 'unchanged':
    case 'resolved':
      return green(symbols.done);
    case 'rejected':
    case 'reverted':
    case 'stuck':
      return red(symbols.failed);
    case 'cancelled':
    case 'superseded':
      return yellow(symbols.undone);
    case null:
      return yellow(symbols.running);
  }
}

function changeOf({ symbols }: Terminal, update: UpdateSummary, chute: string): string {
  const operation = update.operations[chute] ?? 'apply';
  const { from, to } = update.versions[chute] ?? { from: null, to: null };
  const revision = update.revisions[chute];
  const way = from === to ? '' : ` ${from ?? 'none'}${symbols.arrow}${to ?? 'none'}`;
  const word = operation === 'apply' ? '' : `${operation} `;
  return `${word}${chute}${way}${typeof revision === 'number' ? ` r${revision}` : ''}`;
}

function noteOf({ failedStep, error, message }: UpdateSummary): string {
  if (error) return [failedStep, error.message].filter((part) => part !== null).join(': ');
  return message ?? '';
}
