import { codeOf } from '../../core/errors.ts';

/**
 * What an engine that gave no good answer has done: `not-sent`: nothing, it was never asked, or only
 * asked to tell; `refused`: it said no; `unknown`: it may have done all of it, only a look can tell.
 */
export type EngineOutcome = 'not-sent' | 'refused' | 'unknown';

const NEVER_REACHED = new Set(['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTSOCK', 'ENOTDIR']);

/** Why a call to the container engine came to nothing. Inside the drivers only: people get a RipcordError. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly outcome: EngineOutcome;
  /** The status of a refusal, else 0. */
  readonly status: number;
  /** The system's code where the engine was not reached. */
  readonly code: string | null;

  constructor(
    outcome: EngineOutcome,
    message: string,
    more: {
      readonly status?: number;
      readonly code?: string | null;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, 'cause' in more ? { cause: more.cause } : {});
    this.outcome = outcome;
    this.status = more.status ?? 0;
    this.code = more.code ?? null;
  }

  /** What an error of the connection means for a call that was (not) sent. */
  static of(
    error: unknown,
    call: { readonly socket: string; readonly isSent: boolean; readonly isAborted: boolean },
  ): EngineError {
    if (error instanceof EngineError) return error;
    const code = codeOf(error);
    const reason = call.isAborted ? 'the call was given up' : reasonOf(error, code);
    const isSent = call.isSent && !(code !== null && NEVER_REACHED.has(code));
    return new EngineError(isSent ? 'unknown' : 'not-sent', reason, { code, cause: error });
  }
}

function reasonOf(error: unknown, code: string | null): string {
  if (code === 'ENOENT') return 'its socket is not there';
  if (code === 'ECONNREFUSED') return 'nobody listens on its socket';
  if (code === 'EACCES' || code === 'EPERM') return `this user may not use its socket (${code})`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return `it went away (${code})`;
  return error instanceof Error ? error.message : String(error);
}
