import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { volumeDirectory } from '../../core/layout.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf } from '../../core/step.ts';
import { chutePatch } from '../applied-patch.ts';
import { exists } from '../durable.ts';
import { below } from '../service-environment.ts';
import { createDirectory, isDirectory, probeRemoval, removeDirectory } from './directory.ts';

type Args = ArgsOf<'volume.create@1'>;

/** Makes a chute's named volume; one that was there keeps its content, also when undone. */
export const volumeCreate: DriverOf<'volume.create@1'> = {
  idempotent: true,

  async prepare(context, args) {
    return { existed: await exists(below(context.root, pathOf(args))) };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    await createDirectory(context.root, pathOf(args));
    return created(context, args);
  },

  async probe(context, args) {
    const present = await isDirectory(below(context.root, pathOf(args)));
    if (!present) return { state: 'not-done', evidence: { present } };
    return { state: 'done', evidence: { present }, done: created(context, args) };
  },

  async undo(context, args, undo) {
    if (!undo.existed) await removeDirectory(context.root, pathOf(args));
  },
};

/** Drops a volume with its content; there is no way back. */
export const volumeRemove: DriverOf<'volume.remove@1'> = {
  idempotent: true,

  async run(context, args) {
    context.signal.throwIfAborted();
    await removeDirectory(context.root, pathOf(args));
    return removed(context, args);
  },

  async probe(context, args) {
    return probeRemoval(context.root, pathOf(args), removed(context, args));
  },
};

function pathOf({ chute, volume }: Args): string {
  return volumeDirectory(chute, volume);
}

function created({ applied }: StepContext, { chute, volume }: Args): Done<null> {
  const path = pointer('chutes', chute, 'volumes', volume);
  return { result: null, patch: chutePatch(applied, chute, [{ op: 'add', path, value: true }]) };
}

/** A deleted chute, and a volume that is not on the books, have nothing to take off them. */
function removed({ applied }: StepContext, { chute, volume }: Args): Done<null> {
  if (applied.chutes[chute]?.volumes[volume] === undefined) return { result: null };
  return {
    result: null,
    patch: [{ op: 'remove', path: pointer('chutes', chute, 'volumes', volume) }],
  };
}
