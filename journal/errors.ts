/** Codes of what can go wrong with a journal. They are API: docs/errors.md says what to do about each. */
export type JournalErrorCode =
  | 'RIPCORD_BLOB_DAMAGED'
  | 'RIPCORD_BLOB_MISSING'
  | 'RIPCORD_DISK_FULL'
  | 'RIPCORD_JOURNAL_DAMAGED'
  | 'RIPCORD_JOURNAL_FENCED'
  | 'RIPCORD_JOURNAL_LOCKED'
  | 'RIPCORD_JOURNAL_READONLY'
  | 'RIPCORD_RECORD_TOO_LARGE'
  | 'RIPCORD_ROOT_MISSING'
  | 'RIPCORD_SCHEMA_NEWER'
  | 'RIPCORD_SCHEMA_OLDER'
  | 'RIPCORD_SECRET_DAMAGED'
  | 'RIPCORD_SECRET_MISSING';

/** An error of the journal's world: a caller can name it, show it and act on it. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: JournalErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    this.details = options.details ?? {};
  }
}
