import { type Complaint, complaintText } from '../core/definition/complaint.ts';
import { type ErrorKind, kindOfCode } from '../core/error-kind.ts';
import { codeOf, RipcordError } from '../core/errors.ts';
import type { OutputFormat } from './context.ts';
import { exitCodeForError } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** An error as programs read it: the value under `error` with `-o json`. */
export type ErrorReport = {
  readonly code: string | null;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string | null;
  /** `file:line:col`, a file alone, `@seq`, or null. */
  readonly at: string | null;
  /** Whether anything was changed before the error. */
  readonly outcome: 'none' | 'refused' | 'unknown';
};

/** What programs are told of an error. Pure. */
export function errorReport(error: unknown): ErrorReport {
  const code = codeOf(error);
  const kind = kindOfCode(code);
  return {
    code,
    kind,
    message: messageOf(error),
    hint: hintOf(error),
    at: placeOf(error),
    outcome: kind === 'unexpected' || kind === 'timeout' ? 'unknown' : 'refused',
  };
}

/** Commands whose last line with `-o json` is how an update ended, and the same when there is none. */
const ENDING: ReadonlySet<string> = new Set([
  'apply',
  'restart',
  'retry',
  'rm',
  'rollback',
  'start',
  'stop',
  'watch',
]);

const REFUSALS: ReadonlySet<ErrorKind> = new Set(['usage', 'refused', 'busy']);

/** The outcome of a request that was refused before it became an update; null for other errors. Pure. */
export function rejectedLine(error: unknown): string | null {
  const { code, kind, message, hint, at } = errorReport(error);
  if (!REFUSALS.has(kind)) return null;
  const told = { code, message, hint, at };
  const line = { type: 'outcome', update: null, outcome: 'rejected', failedStep: null };
  return `${JSON.stringify({ ...line, error: told })}\n`;
}

/**
 * Tells the user what went wrong, and returns the exit code for it. With `-o json` the error goes to
 * standard output as the result of the command `word`, for people to standard error.
 */
export function showError(
  error: unknown,
  how: {
    readonly word: string | null;
    readonly output: OutputFormat;
    readonly verbose: boolean;
    readonly terminal: Terminal;
  },
): number {
  const { word, terminal, output, verbose } = how;
  const report = errorReport(error);
  if (output === 'text') {
    terminal.err(`${terminal.red('error:')} ${report.message}\n`);
    if (verbose && error instanceof Error && error.stack !== undefined)
      terminal.err(`${terminal.dim(error.stack)}\n`);
    for (const complaint of furtherComplaints(error)) terminal.err(`       ${complaint}\n`);
    if (report.code !== null) terminal.err(`${terminal.dim('code:')}  ${report.code}\n`);
    if (report.hint !== null) terminal.err(`${terminal.dim('hint:')}  ${report.hint}\n`);
  } else {
    const line = word !== null && ENDING.has(word) ? rejectedLine(error) : null;
    terminal.out(line ?? `${JSON.stringify({ error: report })}\n`);
  }
  return exitCodeForError(error);
}

/** Hints for errors of layers that know no commands. */
const HINTS: Readonly<Record<string, string>> = {
  RIPCORD_JOURNAL_DAMAGED: 'ripcord verify explains, ripcord journal repair mends a copy',
  RIPCORD_JOURNAL_LOCKED: 'ripcord watch follows what it does',
  RIPCORD_ROOT_MISSING: 'ripcord apply makes it; --root names another one',
  RIPCORD_SCHEMA_NEWER: 'ripcord version, then install the version that made it',
  RIPCORD_SCHEMA_OLDER: 'settle and look at it with the version that made it; apply to a new root',
};

function hintOf(error: unknown): string | null {
  if (error instanceof Error && 'hint' in error && typeof error.hint === 'string')
    return error.hint;
  const code = codeOf(error);
  return (code === null ? undefined : HINTS[code]) ?? null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Every mistake of a definition but the first, which is in the message. */
function furtherComplaints(error: unknown): readonly string[] {
  if (!(error instanceof RipcordError)) return [];
  const { complaints = [] } = (error.details ?? {}) as {
    readonly complaints?: readonly Complaint[];
  };
  return complaints.slice(1).map(complaintText);
}

type Place = { readonly file: string; readonly line: number | null; readonly col: number | null };

type Details = {
  readonly seq?: number | null;
  readonly file?: string | null;
  readonly complaints?: readonly Place[];
};

function placeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('details' in error) || error.details === null) return null;
  const { complaints: [first] = [], seq, file } = error.details as Details;
  if (first)
    return first.line === null ? first.file : `${first.file}:${first.line}:${first.col ?? 1}`;
  return typeof seq === 'number' ? `@${seq}` : (file ?? null);
}
