import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent, UpdateId } from '../core/events.ts';
import type { Context } from './context.ts';
import { warningsText } from './plan-text.ts';
import { listLines } from './progress-list.ts';
import { plainLine } from './progress-plain.ts';
import { noProgress, type Progress, progressAfter } from './progress.ts';

/** How an update on its way is shown. */
export interface UpdateView {
  begin(id: UpdateId): void;
  /** One more record; one that is not shown only counts for what is shown later. */
  record(record: Recorded<ChuteEvent>, shown?: boolean): void;
  /** A line beside the progress. */
  notice(text: string): void;
  /** Leaves the screen as it is. Safe to repeat. */
  close(): void;
}

/** The view that was asked for: a list that is redrawn, lines, JSON, or nothing. */
export function openView(context: Context): UpdateView {
  if (context.output === 'json' || context.output === 'ndjson' || context.progress === 'json')
    return jsonView(context);
  if (context.progress === 'tty') return warning(context, listView(context));
  return warning(context, context.progress === 'plain' ? plainView(context) : silentView(context));
}

/** A view that also tells what an update's plan warns of. */
function warning(context: Context, view: UpdateView): UpdateView {
  return {
    ...view,
    record: (record, shown = true) => {
      view.record(record, shown);
      if (!shown || record.type !== 'update.planned' || !record.warnings) return;
      view.notice(warningsText(context, record.warnings).trimEnd());
    },
  };
}

function silentView({ terminal, quiet }: Context): UpdateView {
  return {
    begin: () => undefined,
    record: () => undefined,
    notice: (text) => {
      if (!quiet) terminal.err(`${text}\n`);
    },
    close: () => undefined,
  };
}

/** Records exactly as the journal holds them: on standard output, where they are the result. */
function jsonView(context: Context): UpdateView {
  const { terminal, output } = context;
  const write = (text: string): void =>
    output === 'text' ? terminal.err(text) : terminal.out(text);
  return {
    ...silentView(context),
    record: (record, shown = true) => {
      if (shown) write(`${JSON.stringify(record)}\n`);
    },
  };
}

function plainView(context: Context): UpdateView {
  let progress: Progress | null = null;
  return {
    ...silentView(context),
    begin: (id) => {
      progress = noProgress(id);
    },
    record: (record, shown = true) => {
      if (!progress) return;
      progress = progressAfter(progress, record);
      const line = plainLine(record, progress);
      if (shown && line !== null) context.terminal.err(`${line}\n`);
    },
  };
}

const REDRAW_MS = 100;

function listView({ terminal }: Context): UpdateView {
  let progress: Progress | null = null;
  let drawn = 0;
  let timer: NodeJS.Timeout | null = null;
  const draw = (): void => {
    if (!progress) return;
    const [seconds, nanoseconds] = process.hrtime();
    const nowUp = seconds * 1000 + Math.floor(nanoseconds / 1e6);
    const lines = listLines(progress, terminal, { nowUp, rows: process.stderr.rows || 24 });
    terminal.erase(drawn);
    terminal.err(lines.map((line) => `${line}\n`).join(''));
    drawn = lines.length;
  };
  return {
    begin: (id) => {
      // What was shown of one before stays.
      draw();
      drawn = 0;
      progress = noProgress(id);
      timer ??= setInterval(draw, REDRAW_MS);
      timer.unref();
    },
    record: (record) => {
      if (progress) progress = progressAfter(progress, record);
    },
    notice: (text) => {
      terminal.erase(drawn);
      terminal.err(`${text}\n`);
      drawn = 0;
      draw();
    },
    close: () => {
      if (timer) clearInterval(timer);
      timer = null;
      draw();
      progress = null;
    },
  };
}
