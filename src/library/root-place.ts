import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { nodeDisk } from '../../journal/disk-node.ts';
import { errnoOf, makeDirectory } from '../../journal/durable-file.ts';
import { JournalError } from '../../journal/errors.ts';
import { codeOf, RipcordError } from '../core/errors.ts';

/**
 * Whether a root, or a directory that may become one, is there. Throws RIPCORD_ROOT_UNUSABLE for
 * anything else that is there, and where this user may not look.
 */
export function isRootThere(root: string): boolean {
  try {
    const found = statSync(root, { throwIfNoEntry: false });
    if (found === undefined) return false;
    if (!found.isDirectory()) throw unusable(root, 'it is no directory');
    accessSync(root, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof RipcordError) throw error;
    throw unusable(root, reasonOf(error), error);
  }
}

/** Throws RIPCORD_ROOT_UNUSABLE for what is there and can be no root. */
export function refuseUnusable(root: string): void {
  isRootThere(root);
}

/**
 * The real path of a root, which is made where it is missing and `create` says so: for its owner
 * alone. On disk on return. Throws RIPCORD_ROOT_UNUSABLE, and RIPCORD_ROOT_MISSING without `create`.
 */
export function prepareRoot(root: string, create: boolean): string {
  if (!isRootThere(root)) {
    if (!create)
      throw new JournalError(
        'RIPCORD_ROOT_MISSING',
        `cannot open '${root}': there is no ripcord root`,
      );
    try {
      makeDirectory(nodeDisk, dirname(root));
      makeDirectory(nodeDisk, root, 0o700);
    } catch (error) {
      throw unusable(root, reasonOf(error), error);
    }
  }
  return realpathSync(root);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EIO: 'the disk reports errors',
  EMFILE: 'this process may open no more files',
  EPERM: 'permission denied',
  ENOENT: 'no directory can be made there',
  ENOSPC: 'no space left',
  ENOTDIR: 'what is above it is no directory',
  EROFS: 'the file system is read-only',
};

/**
 * What keeps a root that is there from being written, in words; any other error as it is. Pure.
 */
export function whyUnwritable(root: string, error: unknown): unknown {
  if (codeOf(error)?.startsWith('RIPCORD_') === true) return error;
  const reason = REASONS[errnoOf(error) ?? ''];
  if (reason === undefined) return error;
  return new RipcordError('RIPCORD_ROOT_UNUSABLE', `cannot write to '${root}': ${reason}`, {
    cause: error,
    hint: 'what is recorded can be read: ripcord status',
  });
}

function reasonOf(error: unknown): string {
  const errno = errnoOf(error) ?? '';
  return REASONS[errno] ?? (error instanceof Error ? error.message : String(error));
}

function unusable(root: string, reason: string, cause?: unknown): RipcordError {
  return new RipcordError('RIPCORD_ROOT_UNUSABLE', `cannot use '${root}' as a root: ${reason}`, {
    cause,
    hint: 'name a directory of your own with --root',
  });
}
