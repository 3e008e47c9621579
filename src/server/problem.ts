import { type ErrorKind, kindOfCode } from '../core/error-kind.ts';
import { codeOf } from '../core/errors.ts';

/** An error as the API answers it: RFC 9457, with our code. */
export type Problem = {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string | null;
  readonly kind: ErrorKind;
  readonly hint: string | null;
};

/** An answer other than the route's own. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;

  constructor(status: number, code: string, message: string, hint: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

const BY_CODE: Readonly<Record<string, number>> = {
  RIPCORD_ENGINE_CLOSED: 503,
  RIPCORD_PLAN_STALE: 412,
  RIPCORD_REF_UNKNOWN: 404,
  RIPCORD_STEP_UNKNOWN: 404,
  RIPCORD_UPDATE_UNKNOWN: 404,
};

const BY_KIND: Readonly<Record<ErrorKind, number>> = {
  unexpected: 500,
  usage: 422,
  failed: 409,
  busy: 409,
  unreachable: 503,
  refused: 409,
  damaged: 500,
  timeout: 504,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What the API answers for an error. Pure. */
export function problemOf(error: unknown): Problem {
  const code = codeOf(error);
  const kind = kindOfCode(code);
  const status = error instanceof HttpError ? error.status : (BY_CODE[code ?? ''] ?? BY_KIND[kind]);
  const hint =
    error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : null;
  return {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    detail: error instanceof Error ? error.message : String(error),
    code,
    kind,
    hint,
  };
}
