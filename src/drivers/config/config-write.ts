import type { DriverOf, Reloads, StepContext } from '../../core/driver.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf } from '../../core/step.ts';
import { doing } from '../failure.ts';
import {
  filled,
  meant,
  put,
  read,
  reloadKey,
  renderedHash,
  runningPath,
  sharedMode,
} from './config-file.ts';

type Args = ArgsOf<'config.write@1'>;

/**
 * Writes one file of the host's configuration. What was there before is known from the journal, so
 * undoing needs no copy of it; only what somebody else wrote there is kept aside, below `quarantine/`.
 */
export const configWrite: DriverOf<'config.write@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const there = await whatIsThere(context, args);
    return { found: there === 'wanted' && isAccepted(context, args) ? 'accepted' : there };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    return await doing(`write ${args.path}`, async () => {
      const { changed, bytes } = await compared(context, args, args.content);
      // Run again over its own file there is nothing of anybody else any more.
      if (changed && undo.found === 'foreign') await keepAside(context, args);
      await put(context, args.path, { bytes, mode: await modeOf(context, args) });
      return done(context, args, { changed, reloads: await reloadsOf(context, args) });
    });
  },

  async probe(context, args) {
    const there = await whatIsThere(context, args);
    if (there !== 'wanted') return { state: 'not-done', evidence: there };
    const reloads = await reloadsOf(context, args);
    return {
      state: 'done',
      evidence: there,
      done: done(context, args, { changed: true, reloads }),
    };
  },

  async undo(context, args, { found }) {
    return await doing(`put ${args.path} back`, async () => {
      const content = found === 'accepted' ? args.content : args.before;
      const { bytes } = await compared(context, args, content);
      await put(context, args.path, { bytes, mode: await modeOf(context, args) });
      return await reloadsOf(context, { ...args, content });
    });
  },
};

async function whatIsThere(
  context: StepContext,
  args: Args,
): Promise<'before' | 'wanted' | 'foreign'> {
  if (!(await compared(context, args, args.content)).changed) return 'wanted';
  if (!(await compared(context, args, args.before)).changed) return 'before';
  return 'foreign';
}

/**
 * Whether the journal has the file as it is to be: somebody resolved an undo as done, and what it had
 * written stayed.
 */
function isAccepted({ applied }: StepContext, { path, content }: Args): boolean {
  const hash = applied.host.files[path] ?? null;
  return hash === (content === null ? null : renderedHash(content));
}

/** What the file is to hold for a rendered text, and whether that is something else than it holds. */
async function compared(
  context: StepContext,
  { path, merge }: Args,
  content: string | null,
): Promise<{ readonly bytes: string | null; readonly changed: boolean }> {
  const there = await read(context, path);
  const bytes = meant(there, content === null ? null : await filled(context, content), merge);
  return { bytes, changed: bytes !== there };
}

async function modeOf(context: StepContext, { path, mode, merge }: Args): Promise<number> {
  return merge === undefined ? mode : await sharedMode(context, path, mode);
}

/** Whether what is on disk now still has to be loaded, or is what runs anyway. */
async function reloadsOf(context: StepContext, { path, content, service }: Args): Promise<Reloads> {
  const same = (await read(context, path)) === (await read(context, runningPath(path)));
  const reload = { key: reloadKey(service), hash: renderedHash(content) };
  return same ? {} : { owes: [reload] };
}

async function keepAside(context: StepContext, { path }: Args): Promise<void> {
  const bytes = await read(context, path);
  if (bytes === null) return;
  const aside = `quarantine/${context.update}/${path}`;
  await put(context, aside, { bytes, mode: 0o600 });
  await context.note({ overwritten: path, kept: aside });
}

function done(
  { applied }: StepContext,
  { path, content }: Args,
  { changed, reloads }: { readonly changed: boolean; readonly reloads: Reloads },
): Awaited<ReturnType<typeof configWrite.run>> {
  const at = `/host/files${pointer(path)}`;
  const had = Object.hasOwn(applied.host.files, path);
  const patch =
    content === null
      ? had
        ? [{ op: 'remove' as const, path: at }]
        : []
      : [
          {
            op: had ? ('replace' as const) : ('add' as const),
            path: at,
            value: renderedHash(content),
          },
        ];
  return { result: { changed }, patch, ...reloads };
}
