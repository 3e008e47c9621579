/** What kind of trouble an error is, for programs that do not know its code; decides the exit code. */
export type ErrorKind =
  | 'unexpected'
  | 'usage'
  | 'failed'
  | 'busy'
  | 'unreachable'
  | 'refused'
  | 'damaged'
  | 'timeout';

const KINDS: Readonly<Record<string, ErrorKind>> = {
  RIPCORD_CHUTE_UNKNOWN: 'usage',
  RIPCORD_COMMAND_LATER: 'usage',
  RIPCORD_DEFINITION_INVALID: 'usage',
  RIPCORD_DEFINITION_MISSING: 'usage',
  RIPCORD_DEFINITION_TOO_LARGE: 'usage',
  RIPCORD_REF_UNKNOWN: 'usage',
  RIPCORD_REQUEST_CONFLICT: 'usage',
  RIPCORD_ROOT_MISSING: 'usage',
  RIPCORD_ROOT_UNUSABLE: 'usage',
  RIPCORD_SOURCE_INVALID: 'usage',
  RIPCORD_STEP_UNKNOWN: 'usage',
  RIPCORD_UPDATE_UNKNOWN: 'usage',
  RIPCORD_USAGE_INVALID: 'usage',
  RIPCORD_JOURNAL_LOCKED: 'busy',
  RIPCORD_UPDATE_CONFLICT: 'busy',
  RIPCORD_DOCKER_UNREACHABLE: 'unreachable',
  RIPCORD_ENGINE_CLOSED: 'unreachable',
  RIPCORD_SERVER_UNREACHABLE: 'unreachable',
  RIPCORD_ACCESS_DENIED: 'refused',
  RIPCORD_DIGEST_MISMATCH: 'refused',
  RIPCORD_DISK_FULL: 'refused',
  RIPCORD_DOCKER_FOREIGN: 'refused',
  RIPCORD_DOCKER_REFUSED: 'refused',
  RIPCORD_HOST_INVALID: 'refused',
  RIPCORD_HOST_UNSUPPORTED: 'refused',
  RIPCORD_MONITOR_DISALLOWED: 'refused',
  RIPCORD_OPERATION_REFUSED: 'refused',
  RIPCORD_PLAN_STALE: 'refused',
  RIPCORD_RESOURCE_MISSING: 'refused',
  RIPCORD_RESOURCE_TAKEN: 'refused',
  RIPCORD_RUNTIME_UNSUPPORTED: 'refused',
  RIPCORD_SECRET_MISSING: 'refused',
  RIPCORD_SIGNATURE_INVALID: 'refused',
  RIPCORD_SIGNATURE_MISSING: 'refused',
  RIPCORD_SOURCE_UNPINNED: 'refused',
  RIPCORD_SOURCE_UNREACHABLE: 'refused',
  RIPCORD_UPDATE_FINISHED: 'refused',
  RIPCORD_VERSION_LOWER: 'refused',
  RIPCORD_VERSION_QUARANTINED: 'refused',
  RIPCORD_BLOB_DAMAGED: 'damaged',
  RIPCORD_BLOB_MISSING: 'damaged',
  RIPCORD_JOURNAL_DAMAGED: 'damaged',
  RIPCORD_JOURNAL_READONLY: 'damaged',
  RIPCORD_SCHEMA_NEWER: 'damaged',
  RIPCORD_SCHEMA_OLDER: 'damaged',
  RIPCORD_SECRET_DAMAGED: 'damaged',
  RIPCORD_WAIT_EXPIRED: 'timeout',
};

/** The kind of trouble that an error's code stands for; `unexpected` for what nobody foresaw. Pure. */
export function kindOfCode(code: string | null): ErrorKind {
  return (code === null ? undefined : KINDS[code]) ?? 'unexpected';
}
