import type { Json } from './json.ts';

/** Every code a caller may act on. Codes are API: docs/errors.md says what to do about each. */
export type ErrorCode =
  | 'RIPCORD_ACCESS_DENIED'
  | 'RIPCORD_ARCHIVE_UNSAFE'
  | 'RIPCORD_CHUTE_UNKNOWN'
  | 'RIPCORD_COMMAND_LATER'
  | 'RIPCORD_DEFINITION_INVALID'
  | 'RIPCORD_DEFINITION_MISSING'
  | 'RIPCORD_DEFINITION_TOO_LARGE'
  | 'RIPCORD_DIGEST_MISMATCH'
  | 'RIPCORD_DISK_FULL'
  | 'RIPCORD_DOCKER_FOREIGN'
  | 'RIPCORD_DOCKER_REFUSED'
  | 'RIPCORD_DOCKER_UNREACHABLE'
  | 'RIPCORD_DRIVER_INVALID'
  | 'RIPCORD_DRIVER_MISSING'
  | 'RIPCORD_ENGINE_CLOSED'
  | 'RIPCORD_FAULT_INJECTED'
  | 'RIPCORD_GATE_FAILED'
  | 'RIPCORD_HOST_INVALID'
  | 'RIPCORD_HOST_UNSUPPORTED'
  | 'RIPCORD_MONITOR_DISALLOWED'
  | 'RIPCORD_OPERATION_REFUSED'
  | 'RIPCORD_PLAN_INVALID'
  | 'RIPCORD_PLAN_STALE'
  | 'RIPCORD_PORT_TAKEN'
  | 'RIPCORD_PROCESS_FAILED'
  | 'RIPCORD_REF_UNKNOWN'
  | 'RIPCORD_REQUEST_CONFLICT'
  | 'RIPCORD_RESOURCE_MISSING'
  | 'RIPCORD_RESOURCE_TAKEN'
  | 'RIPCORD_ROOT_UNUSABLE'
  | 'RIPCORD_RUNTIME_UNSUPPORTED'
  | 'RIPCORD_SECRET_MISSING'
  | 'RIPCORD_SERVER_UNREACHABLE'
  | 'RIPCORD_SIGNATURE_INVALID'
  | 'RIPCORD_SIGNATURE_MISSING'
  | 'RIPCORD_SOURCE_INVALID'
  | 'RIPCORD_SOURCE_UNPINNED'
  | 'RIPCORD_SOURCE_UNREACHABLE'
  | 'RIPCORD_STATE_DIVERGED'
  | 'RIPCORD_STEP_FAILED'
  | 'RIPCORD_STEP_TIMEOUT'
  | 'RIPCORD_STEP_UNKNOWN'
  | 'RIPCORD_UPDATE_CONFLICT'
  | 'RIPCORD_UPDATE_FINISHED'
  | 'RIPCORD_UPDATE_UNKNOWN'
  | 'RIPCORD_USAGE_INVALID'
  | 'RIPCORD_VERSION_LOWER'
  | 'RIPCORD_VERSION_QUARANTINED'
  | 'RIPCORD_WAIT_EXPIRED';

/** What an error says about the world after it: `unknown` means only a probe can tell. */
export type ErrorClass = 'transient' | 'permanent' | 'unknown';

/** Why a step could not be done: enough to explain it a year later without the device at hand. */
export type Failure = {
  readonly code: string;
  readonly message: string;
  readonly details?: Json;
};

/** An error that belongs to the world, not to a bug: a caller can name it, show it and act on it. */
export class RipcordError extends Error {
  override readonly name = 'RipcordError';
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly details: Json;
  /** One runnable command or one thing to change, for the last line of what the user sees. */
  readonly hint: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; details?: Json; class?: ErrorClass; hint?: string } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.class = options.class ?? 'permanent';
    this.details = options.details ?? null;
    this.hint = options.hint ?? null;
  }
}

/** The code of any error that carries one, else null. Looks at the code, so errors survive realms. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
