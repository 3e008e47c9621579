import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';

import type { Disk } from './disk.ts';
import {
  errnoOf,
  isDraftName,
  makeDirectory,
  namesIn,
  readIfThere,
  removeQuietly,
  writeDurably,
} from './durable-file.ts';
import { JournalError } from './errors.ts';

export const KEY_BYTES = 32;
const PLACE_TRIES = 3;
const NAME = /^[0-9a-f]{64}$/;

/** Whether a file in `secrets/` is a value, by its name. Pure. */
export function isSecretName(name: string): boolean {
  return NAME.test(name);
}

/** What stands in events, plans and output where a secret was. */
export type SecretRef = { readonly $secret: string };

/**
 * Values that must never enter the log, under `secrets/` (0700, files 0600), each named by its HMAC
 * under this device's key: the name proves equality here and tells nobody else anything.
 */
export interface Secrets {
  /** Keeps a value and returns what to journal in its place. On disk on return. Safe to repeat. */
  put(value: string | Uint8Array): Promise<SecretRef>;
  /** The value. Throws RIPCORD_SECRET_MISSING when it was dropped, RIPCORD_SECRET_DAMAGED. */
  get(ref: SecretRef): Uint8Array;
  /** Forgets a value. On disk on return. Safe to repeat. */
  drop(ref: SecretRef): void;
  /** The keyed hash of bytes, without keeping them: for files that contain secrets. */
  digest(value: string | Uint8Array): Promise<string>;
}

/** The secrets of a root. The key and the directory are made on first use. */
export function openSecrets(disk: Disk, root: string): Secrets {
  const directory = join(root, 'secrets');
  let key: Promise<Uint8Array> | null = null;
  const running = new Map<string, Promise<void>>();

  async function loadKey(): Promise<Uint8Array> {
    // What a writer that died left is the beginning of a value that nothing names and nobody could drop.
    for (const name of namesIn(disk, directory))
      if (isDraftName(name)) removeQuietly(disk, join(directory, name));
    const path = join(directory, 'key');
    const present = readIfThere(disk, path);
    if (present?.length === KEY_BYTES) {
      refuseForeign(disk, directory, present);
      // Whoever made it may have died before its name was on disk.
      disk.syncDirSync(directory);
      return present;
    }
    if (present !== null || namesIn(disk, directory).some((name) => NAME.test(name))) {
      throw damaged('secrets/key is missing or cut, and values made with it are there');
    }
    makeDirectory(disk, directory, 0o700);
    const made = randomBytes(KEY_BYTES);
    await place(disk, path, made);
    return made;
  }

  async function nameFor(value: string | Uint8Array): Promise<string> {
    key ??= loadKey();
    try {
      return createHmac('sha256', await key)
        .update(value)
        .digest('hex');
    } catch (error) {
      key = null;
      throw error;
    }
  }

  async function keep(path: string, bytes: Uint8Array): Promise<void> {
    const present = readIfThere(disk, path);
    if (present !== null && Buffer.compare(present, bytes) === 0) disk.syncDirSync(directory);
    else await place(disk, path, bytes);
  }

  return {
    async put(value) {
      const name = await nameFor(value);
      let writing = running.get(name);
      if (writing === undefined) {
        writing = keep(join(directory, name), Buffer.from(value));
        running.set(name, writing);
      }
      try {
        await writing;
      } finally {
        running.delete(name);
      }
      return { $secret: name };
    },

    get: (ref) => readSecret(disk, directory, ref),

    drop(ref) {
      const path = pathOf(directory, ref);
      if (disk.sizeSync(path) === null) return;
      disk.unlinkSync(path);
      disk.syncDirSync(directory);
    },

    digest: nameFor,
  };
}

/** One value may have changed itself; where none of several fits, the key has. */
function refuseForeign(disk: Disk, directory: string, key: Uint8Array): void {
  const names = namesIn(disk, directory).filter(isSecretName);
  const fits = (name: string): boolean => {
    const bytes = readIfThere(disk, join(directory, name));
    return bytes === null || createHmac('sha256', key).update(bytes).digest('hex') === name;
  };
  if (names.length > 1 && !names.some(fits)) throw damaged('secrets/key has changed');
}

/** Clients keep secrets beside the holder: each may take the draft of another for one that was left. */
async function place(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  for (let left = PLACE_TRIES; ; left -= 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- again only when somebody was in the way
      await writeDurably(disk, path, bytes, 0o600);
      return;
    } catch (error) {
      if (left <= 1 || errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

function readSecret(disk: Disk, directory: string, ref: SecretRef): Uint8Array {
  const bytes = readIfThere(disk, pathOf(directory, ref));
  if (bytes === null) {
    throw new JournalError(
      'RIPCORD_SECRET_MISSING',
      `cannot read secret ${ref.$secret.slice(0, 8)}: it is not kept on this device`,
    );
  }
  const held = readIfThere(disk, join(directory, 'key'));
  if (held === null) throw damaged('secrets/key is missing');
  const name = createHmac('sha256', held).update(bytes).digest();
  if (!timingSafeEqual(name, Buffer.from(ref.$secret, 'hex'))) {
    throw damaged(`the value of ${ref.$secret.slice(0, 8)} or the key has changed`);
  }
  return bytes;
}

function pathOf(directory: string, ref: SecretRef): string {
  if (!NAME.test(ref.$secret)) {
    throw new JournalError('RIPCORD_SECRET_MISSING', 'cannot read secret: no such name');
  }
  return join(directory, ref.$secret);
}

function damaged(reason: string): JournalError {
  return new JournalError('RIPCORD_SECRET_DAMAGED', `cannot read secret: ${reason}`);
}
