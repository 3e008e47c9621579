import { type ErrorKind, kindOfCode } from '../core/error-kind.ts';
import { codeOf, RipcordError } from '../core/errors.ts';

/** The exit codes of the contract (UX §B2). */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  differs: 3,
  reverted: 4,
  stuck: 5,
  busy: 6,
  unreachable: 7,
  refused: 8,
  damaged: 9,
  timeout: 10,
} as const;

const BY_KIND: Readonly<Record<ErrorKind, number>> = {
  unexpected: EXIT.unexpected,
  usage: EXIT.usage,
  failed: EXIT.reverted,
  busy: EXIT.busy,
  unreachable: EXIT.unreachable,
  refused: EXIT.refused,
  damaged: EXIT.damaged,
  timeout: EXIT.timeout,
};

/** The exit code for an error's code; 1 for what nobody foresaw. Pure. */
export function exitCodeForCode(code: string | null): number {
  return BY_KIND[kindOfCode(code)];
}

/** The exit code for an error that ends a command. Pure. */
export function exitCodeForError(error: unknown): number {
  return exitCodeForCode(codeOf(error));
}

/** An error in how a command was called. Pure. */
export function usageError(message: string, hint: string): RipcordError {
  return new RipcordError('RIPCORD_USAGE_INVALID', message, { hint });
}
