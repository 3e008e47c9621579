import { codeOf, RipcordError } from '../core/errors.ts';

const DENIED = new Set(['EACCES', 'EPERM', 'EROFS']);
const FULL = new Set(['ENOSPC', 'EDQUOT']);
const PASSING = new Set(['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE', 'ENOMEM', 'EINTR']);

/**
 * Does something with files and says in the user's words what could not be done and why. Errors that
 * already say so pass, and so does an abort.
 *
 * Throws RIPCORD_ACCESS_DENIED, RIPCORD_DISK_FULL, or RIPCORD_STEP_FAILED with the system's own code as the reason.
 */
export async function doing<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const code = codeOf(error);
    if (code === null || error instanceof RipcordError || !/^E[A-Z0-9]+$/.test(code)) throw error;
    if (DENIED.has(code)) {
      throw new RipcordError('RIPCORD_ACCESS_DENIED', `cannot ${what}: ${code}`, {
        cause: error,
        hint: 'run as the user who owns the root directory, or choose another with --root',
      });
    }
    if (FULL.has(code)) {
      throw new RipcordError('RIPCORD_DISK_FULL', `cannot ${what}: no space left (${code})`, {
        cause: error,
        hint: 'free some space, then ask again',
      });
    }
    throw new RipcordError('RIPCORD_STEP_FAILED', `cannot ${what}: ${code}`, {
      cause: error,
      class: PASSING.has(code) ? 'transient' : 'permanent',
    });
  }
}
