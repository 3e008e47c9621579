import { stat } from 'node:fs/promises';

import type { Done, Driver, DriverOf, Probe, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { chuteOfDirectory } from '../../core/layout.ts';
import type { RootPath, UndoOf } from '../../core/step.ts';
import { chutePatch } from '../applied-patch.ts';
import { exists, isHalfRemoved, makeDirectory, removeTree } from '../durable.ts';
import { doing } from '../failure.ts';
import { newToken } from '../new-token.ts';
import { below } from '../service-environment.ts';

/**
 * Makes a directory below the root; undoing removes only one that was not there before. A chute's own
 * directory comes first of all and makes its place in `applied`, so that the steps behind it, which
 * may run side by side, all find it there.
 */
export const directoryCreate: DriverOf<'directory.create@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const existed = await exists(below(context.root, args.path));
    const chute = chuteOfDirectory(args.path);
    if (chute === null || context.applied.chutes[chute]) return { existed };
    // A value that nothing names is nobody's: kept before the intent, so that a crash loses none.
    return { existed, token: await context.keepSecret(newToken()) };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    await createDirectory(context.root, args.path);
    return made(context, args.path, undo);
  },

  async probe(context, args, undo) {
    const present = await isDirectory(below(context.root, args.path));
    if (!present) return { state: 'not-done', evidence: { present } };
    return { state: 'done', evidence: { present }, done: made(context, args.path, undo) };
  },

  async undo(context, args, undo) {
    if (!undo.existed) await removeDirectory(context.root, args.path);
  },
};

function made(
  { applied }: StepContext,
  path: RootPath,
  { token }: UndoOf<'directory.create@1'>,
): Done<null> {
  const chute = chuteOfDirectory(path);
  return { result: null, ...(chute !== null && { patch: chutePatch(applied, chute, [], token) }) };
}

/** Removes a directory below the root with all it holds; there is no way back. */
export const directoryRemove: Driver<{ readonly path: RootPath }, null, null> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    await removeDirectory(context.root, args.path);
    return { result: null };
  },

  async probe(context, args) {
    return probeRemoval(context.root, args.path, { result: null });
  },
};

/** Makes a directory with its parents. Safe to repeat. Throws where something else has its name. */
export async function createDirectory(root: string, path: RootPath): Promise<void> {
  const directory = below(root, path);
  if ((await exists(directory)) && !(await isDirectory(directory))) {
    throw new RipcordError(
      'RIPCORD_STEP_FAILED',
      `cannot make directory '${path}': something else has this name`,
    );
  }
  await doing(`make directory '${path}'`, () => makeDirectory(directory));
}

/** Removes a directory with all it holds. Safe to repeat. */
export async function removeDirectory(root: string, path: RootPath): Promise<void> {
  await doing(`remove directory '${path}'`, () => removeTree(below(root, path)));
}

/** What is left of a directory that is to be removed. */
export async function probeRemoval<Result>(
  root: string,
  path: RootPath,
  done: Extract<Probe<Result>, { state: 'done' }>['done'],
): Promise<Probe<Result>> {
  const directory = below(root, path);
  const evidence = { present: await exists(directory), remains: await isHalfRemoved(directory) };
  if (evidence.present) return { state: 'not-done', evidence };
  return evidence.remains ? { state: 'partial', evidence } : { state: 'done', evidence, done };
}

/** Whether a directory has this name. */
export async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}
