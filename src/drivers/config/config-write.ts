import type { DriverOf, Reloads, StepContext } from '../../core/driver.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf } from '../../core/step.ts';
import { doing } from '../failure.ts';
import { filled, put, read, reloadKey, renderedHash, runningPath } from './config-file.ts';

type Args = ArgsOf<'config.write@1'>;

/**
 * Writes one file of the host's configuration. What was there before is known from the journal, so
 * undoing needs no copy of it; only what somebody else wrote there is kept aside, below `quarantine/`.
 */
export const configWrite: DriverOf<'config.write@1'> = {
  idempotent: true,

  async prepare(context, args) {
    return { found: await whatIsThere(context, args) };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    return await doing(`write ${args.path}`, async () => {
      const bytes = args.content === null ? null : await filled(context, args.content);
      const changed = (await read(context, args.path)) !== bytes;
      // Run again over its own file there is nothing of anybody else any more.
      if (changed && undo.found === 'foreign') await keepAside(context, args);
      await put(context, args.path, { bytes, mode: args.mode });
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

  async undo(context, args) {
    return await doing(`put ${args.path} back`, async () => {
      const bytes = args.before === null ? null : await filled(context, args.before);
      await put(context, args.path, { bytes, mode: args.mode });
      return await reloadsOf(context, { ...args, content: args.before });
    });
  },
};

async function whatIsThere(
  context: StepContext,
  { path, content, before }: Args,
): Promise<'before' | 'wanted' | 'foreign'> {
  const bytes = await read(context, path);
  if (bytes === (content === null ? null : await filled(context, content))) return 'wanted';
  if (bytes === (before === null ? null : await filled(context, before))) return 'before';
  return 'foreign';
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
