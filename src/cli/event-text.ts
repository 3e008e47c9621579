import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Context } from './context.ts';
import { clip } from './terminal.ts';

const DETAIL_COLUMNS = 100;

/** What the journal adds to an event: shown in columns or not at all. */
const ENVELOPE = new Set([
  'seq',
  'end',
  'synced',
  'prev',
  'at',
  'boot',
  'up',
  'v',
  'hash',
  'type',
  'update',
  'step',
  'n',
]);

/** One event in a line: place, time, type, what it is about, and the rest of it shortened. */
export function eventLine({ terminal }: Context, record: Recorded<ChuteEvent>): string {
  const about = [
    'update' in record ? record.update : null,
    'n' in record ? `s${record.n}` : null,
    'step' in record ? record.step : null,
  ].filter((part) => part !== null);
  const rest = Object.entries(record)
    .filter(([key]) => !ENVELOPE.has(key))
    .map(([key, value]) => `${key}=${clip(JSON.stringify(value), 40)}`);
  const seq = terminal.dim(`@${record.seq}`);
  const line = `${seq} ${record.at.slice(11, 23)} ${record.type.padEnd(22)} ${about.join(' ')}`;
  return `${line.trimEnd()}  ${terminal.dim(clip(rest.join(' '), DETAIL_COLUMNS))}\n`;
}

/** One event with everything in it, a field a line. */
export function eventText(record: Recorded<ChuteEvent>): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
