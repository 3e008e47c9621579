import type { Reloads, StepContext, Warned } from '../../core/driver.ts';
import { codeOf, type Failure } from '../../core/errors.ts';
import { fileText, othersOf } from '../../core/host-file.ts';
import type { ReloadArgs, RootPath } from '../../core/step.ts';
import { doing } from '../failure.ts';
import { put, read, readBy, reloadKey, renderedHash, runningPath } from './config-file.ts';

/** Nothing on disk: everything that is owed for a service is paid. */
const LOADED = 'sha256:loaded';

/** How loading went: what was loaded, and what that leaves owed. */
export type Loaded = { readonly files: number; readonly reloads: Reloads & Warned };

/** What says that a service runs what is on disk. Pure. */
export function paid({ service }: Pick<ReloadArgs, 'service'>): Reloads {
  return { pays: [{ key: reloadKey(service), hash: LOADED }] };
}

/**
 * Makes what runs what is on disk, of all that a service reads. On disk on return. Safe to repeat.
 *
 * A file that cannot be loaded and is none of the update's business is warned of and stays owed; all
 * the others are loaded all the same. Throws what keeps one of the update's own from being loaded.
 */
export async function load(context: StepContext, args: ReloadArgs): Promise<Loaded> {
  const { service } = args;
  let files = 0;
  let hash = LOADED;
  const owners = new Set<string>();
  const warnings: Failure[] = [];
  for (const path of await readBy(context, args)) {
    const others = othersOf(context.applied, path, args);
    const whose = others ? ` for ${others.join(', ')}` : '';
    try {
      const isLoaded = await doing(`reload ${service}${whose}`, () => loadOne(context, path));
      if (isLoaded) files += 1;
    } catch (error) {
      if (!others) throw error;
      for (const owner of others) owners.add(owner);
      hash = renderedHash(textOf(context, path));
      warnings.push(warningOf(error, path, others));
    }
  }
  if (warnings.length === 0) return { files, reloads: paid(args) };
  const owes = [{ key: reloadKey(service), hash, owners: [...owners] }];
  return { files, reloads: { owes, warnings } };
}

function textOf({ applied }: StepContext, path: RootPath): string | null {
  const file = applied.host.files[path];
  return file ? fileText(file.sections) : null;
}

async function loadOne(context: StepContext, path: RootPath): Promise<boolean> {
  const bytes = await read(context, path);
  const to = runningPath(path);
  const loaded = await read(context, to);
  // Also where nothing is to be loaded: what a load that was cut off left may hold secrets.
  await put(context, to, { bytes, mode: 0o600 });
  return bytes !== loaded;
}

function warningOf(error: unknown, path: RootPath, owners: readonly string[]): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? 'RIPCORD_STEP_FAILED';
  return { code, message: `${message} (${path})`, details: { path, owners } };
}
