import { accessSync, closeSync, constants, openSync, realpathSync, statSync } from 'node:fs';
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

/** What updates side by side have open at once, and some more: one alone has ten. */
const DESCRIPTORS = 32;

/**
 * Throws RIPCORD_ROOT_UNUSABLE where this process may open only few files more. An update that finds out
 * between a stop and a start can neither go on nor back.
 */
export function refuseFewDescriptors(root: string): void {
  const taken: number[] = [];
  try {
    while (taken.length < DESCRIPTORS) taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if (!['EMFILE', 'ENFILE'].includes(errnoOf(error) ?? '')) return;
    const reason = `this process may open ${taken.length} more files, updates need ${DESCRIPTORS}`;
    throw new RipcordError('RIPCORD_ROOT_UNUSABLE', `cannot take hold of '${root}': ${reason}`, {
      cause: error,
      hint: 'raise the limit: ulimit -n 1024',
    });
  } finally {
    for (const each of taken) closeSync(each);
  }
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
