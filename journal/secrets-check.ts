/**
 * What `secrets/` holds, looked at without anybody's needing it: each value has the name that the key
 * gives it. What has rotted never leaves the directory, not for quarantine either.
 */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';

import type { Disk } from './disk.ts';
import { namesIn, readIfThere, writeDurably } from './durable-file.ts';
import { isSecretName, KEY_BYTES } from './secrets-store.ts';

/** A value, or the key, that is not as it was written. `healed`: its bytes with one bit turned, if that is all. */
export type DamagedSecret = {
  /** Relative to the root. */
  readonly file: string;
  readonly reason: string;
  readonly healed: Buffer | null;
};

/** How large a value may be for its flipped bit to be looked for. */
const SEARCH_BYTES_MAX = 4096;

/** Every damaged file in `secrets/`; where the key is, its values cannot be judged. Reads only. */
export function checkSecrets(disk: Disk, root: string): readonly DamagedSecret[] {
  const directory = join(root, 'secrets');
  const values = namesIn(disk, directory)
    .filter(isSecretName)
    .flatMap((name) => {
      const bytes = readIfThere(disk, join(directory, name));
      // Dropped since it was listed.
      return bytes === null ? [] : [{ name, bytes }];
    });
  if (values.length === 0) return [];
  const key = readIfThere(disk, join(directory, 'key'));
  const file = join('secrets', 'key');
  if (key === null) return [{ file, reason: 'it is missing', healed: null }];
  const fits = (by: Buffer) => values.some(({ name, bytes }) => nameOf(by, bytes) === name);
  if (key.length !== KEY_BYTES) return [{ file, reason: 'it was cut', healed: null }];
  const healed = fits(key) ? null : turned(key, fits);
  // One value that does not fit may itself be what has changed.
  if (healed !== null || (values.length > 1 && !fits(key)))
    return [{ file, reason: 'no value has the name that it gives', healed }];
  return values
    .filter(({ name, bytes }) => nameOf(key, bytes) !== name)
    .map(({ name, bytes }) => ({
      file: join('secrets', name),
      reason: 'its bytes have changed',
      healed:
        bytes.length > SEARCH_BYTES_MAX ? null : turned(bytes, (by) => nameOf(key, by) === name),
    }));
}

/** Puts back what was healed, and the rest aside in the same directory. On disk on return. */
export async function settleSecrets(
  disk: Disk,
  root: string,
  damaged: readonly DamagedSecret[],
): Promise<void> {
  for (const { file, healed } of damaged) {
    const path = join(root, file);
    // oxlint-disable-next-line no-await-in-loop -- few, and one at a time
    if (healed !== null) await writeDurably(disk, path, healed, 0o600);
    else if (disk.sizeSync(path) !== null) disk.renameSync(path, `${path}.damaged`);
  }
  const directory = join(root, 'secrets');
  // Without their key values are nothing that anybody could ask for.
  if (damaged.some(({ file, healed }) => file === join('secrets', 'key') && healed === null))
    for (const name of namesIn(disk, directory).filter(isSecretName))
      disk.renameSync(join(directory, name), join(directory, `${name}.damaged`));
  if (damaged.length > 0) disk.syncDirSync(directory);
}

const nameOf = (key: Uint8Array, bytes: Uint8Array): string =>
  createHmac('sha256', key).update(bytes).digest('hex');

/** The bytes with the one bit turned that makes them right; null if none does. */
function turned(bytes: Buffer, isRight: (trial: Buffer) => boolean): Buffer | null {
  const trial = Buffer.from(bytes);
  for (let at = 0; at < trial.length; at += 1) {
    const was = trial[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) {
      trial[at] = was ^ (1 << bit);
      if (isRight(trial)) return trial;
    }
    trial[at] = was;
  }
  return null;
}
