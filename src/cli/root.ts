import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const SYSTEM_ROOT = '/var/lib/ripcord';

/**
 * Where journal and state live: `--root`, `RIPCORD_ROOT`, `/var/lib/ripcord` for root where that is
 * writable, else `$XDG_STATE_HOME/ripcord`.
 */
export function chooseRoot(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const named = given ?? (env['RIPCORD_ROOT'] || undefined);
  if (named !== undefined) return resolve(named);
  if (process.getuid?.() === 0 && isWritable(SYSTEM_ROOT)) return SYSTEM_ROOT;
  return resolve(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'ripcord');
}

/** Whether a directory can be written, or made. */
function isWritable(path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const target = there ? path : join(path, '..');
  if (there && !there.isDirectory()) return false;
  try {
    accessSync(target, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
