import type { DriverOf, Reloads, StepContext } from '../../core/driver.ts';
import { codeOf } from '../../core/errors.ts';
import { changeBack, type FileChange, filePatch } from '../../core/host-file.ts';
import { doing } from '../failure.ts';
import {
  filled,
  meant,
  modeAt,
  put,
  read,
  reloadKey,
  renderedHash,
  runningPath,
  shallHold,
} from './config-file.ts';

/**
 * Writes one file of the host's configuration. What was there before is known from the journal, so
 * undoing needs no copy of it; only what somebody else wrote there is kept aside, below `quarantine/`.
 */
export const configWrite: DriverOf<'config.write@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const back = changeBack(context.applied.host.files[args.path] ?? null, args);
    return { found: await whatIsThere(context, args, back), back };
  },

  async run(context, args, { found, back }) {
    context.signal.throwIfAborted();
    return await doing(`write ${args.path}`, async () => {
      const { changed, bytes } = await compared(context, args);
      // Run again over its own file there is nothing of anybody else any more; who wrote there since the
      // intent is somebody else, too.
      if (changed && (found === 'foreign' || (await differs(context, back))))
        await keepAside(context, args, '');
      await put(context, args.path, { bytes, mode: await modeOf(context, args, changed) });
      return done(context, args, { changed, reloads: await reloadsOf(context, args) });
    });
  },

  async probe(context, args, { back }) {
    const there = await whatIsThere(context, args, back);
    if (there !== 'wanted') return { state: 'not-done', evidence: there };
    const mode = await modeAt(context, args.path);
    if (mode !== null && mode !== (await modeOf(context, args, false)))
      return { state: 'not-done', evidence: { mode } };
    const reloads = await reloadsOf(context, args);
    return {
      state: 'done',
      evidence: there,
      done: done(context, args, { changed: true, reloads }),
    };
  },

  async undo(context, args, { back }) {
    return await doing(`put ${args.path} back`, async () => {
      if ((await differs(context, back)) && (await differs(context, args)))
        await keepAside(context, args, '/undone');
      const { bytes, changed } = await compared(context, back);
      await put(context, args.path, { bytes, mode: await modeOf(context, back, changed) });
      return await reloadsOf(context, back);
    });
  },
};

async function whatIsThere(
  context: StepContext,
  change: FileChange,
  back: FileChange,
): Promise<'before' | 'wanted' | 'foreign'> {
  if (!(await compared(context, change)).changed) return 'wanted';
  if (!(await compared(context, back)).changed) return 'before';
  return 'foreign';
}

/** Whether a file holds something else than a change makes of it; what cannot be made never stood there. */
async function differs(context: StepContext, change: FileChange): Promise<boolean> {
  try {
    return (await compared(context, change)).changed;
  } catch (error) {
    if (codeOf(error) === 'RIPCORD_SECRET_MISSING') return true;
    throw error;
  }
}

/** What the file is to hold once a change is through, and whether that is something else than it holds. */
async function compared(
  context: StepContext,
  change: FileChange,
): Promise<{ readonly bytes: string | null; readonly changed: boolean }> {
  const there = await read(context, change.path);
  const text = shallHold(context, change);
  const bytes = meant(there, text === null ? null : await filled(context, text), change.merge);
  return { bytes, changed: bytes !== there };
}

/** A file that others have a part in: never more than they gave it, and theirs where it stays as it is. */
async function modeOf(
  context: StepContext,
  { path, mode, merge }: FileChange,
  changed: boolean,
): Promise<number> {
  if (merge === undefined) return mode;
  const there = await modeAt(context, path);
  return there === null ? mode : there & (changed ? mode : 0o777);
}

/** Whether what is on disk now still has to be loaded, or is what runs anyway. */
async function reloadsOf(context: StepContext, change: FileChange): Promise<Reloads> {
  const { path, service } = change;
  const same = (await read(context, path)) === (await read(context, runningPath(path)));
  const reload = { key: reloadKey(service), hash: renderedHash(shallHold(context, change)) };
  return same ? {} : { owes: [reload] };
}

/** What stood there when the file was written, and when that was undone, have places of their own. */
async function keepAside(
  context: StepContext,
  { path }: FileChange,
  when: '' | '/undone',
): Promise<void> {
  const bytes = await read(context, path);
  if (bytes === null) return;
  const aside = `quarantine/${context.update}${when}/${path}`;
  await put(context, aside, { bytes, mode: 0o600 });
  await context.note({ overwritten: path, kept: aside });
}

function done(
  { applied }: StepContext,
  change: FileChange,
  { changed, reloads }: { readonly changed: boolean; readonly reloads: Reloads },
): Awaited<ReturnType<typeof configWrite.run>> {
  const patch = filePatch(applied.host.files[change.path] ?? null, change);
  return { result: { changed }, patch, ...reloads };
}
