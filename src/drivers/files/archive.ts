import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';

import type { ReadEntry } from 'tar';

import { RipcordError } from '../../core/errors.ts';
import { SET_ID_BITS, SOURCE_BYTES_MAX, SOURCE_ENTRIES_MAX, staysInside } from './limits.ts';

/** What an archive's entries so far take up, and which names they have. */
type Seen = {
  readonly types: Map<string, string>;
  entries: number;
  bytes: number;
};

const FILES = new Set(['File', 'OldFile', 'ContiguousFile']);

/**
 * Unpacks a tar or tar.gz into a new directory. Every entry is checked before the first one is
 * written. The files are not synced yet. `source` is what complaints call it: the source of which chute.
 *
 * Throws RIPCORD_ARCHIVE_UNSAFE naming the entry that leads out of the directory, is a device, is
 * setuid, comes twice, or is beyond the limits; RIPCORD_SOURCE_INVALID when it is no whole archive.
 */
export async function unpack(
  file: string,
  directory: string,
  { source, signal }: { readonly source: string; readonly signal: AbortSignal },
): Promise<void> {
  await checkArchive(file, signal).catch((error: unknown) => {
    throw named(error, source);
  });
  await mkdir(directory);
  const tar = await import('tar');
  await tar
    .x({ file, cwd: directory, strict: true, preserveOwner: false, noMtime: true })
    .catch((error: unknown) => {
      throw named(broken(error), source);
    });
}

/** The same error with the source that it is about. */
function named(error: unknown, source: string): unknown {
  if (!(error instanceof RipcordError)) return error;
  const { code, message, details, hint, cause } = error;
  const told = message.replace(/^cannot unpack archive: /, `cannot use ${source}: `);
  return new RipcordError(code, told, { cause, details, ...(hint !== null && { hint }) });
}

/** Reads an archive to its end and throws what `unpack` throws. Reads only. */
async function checkArchive(file: string, signal: AbortSignal): Promise<void> {
  const { Parser } = await import('tar');
  const seen: Seen = { types: new Map(), entries: 0, bytes: 0 };
  let complaint: RipcordError | null = null;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      complaint ??= complain(entry, seen);
      if (complaint !== null) parser.abort(complaint);
      entry.resume();
    },
  });
  const ended = new Promise<unknown>((resolve) => {
    parser.on('end', () => resolve(null));
    parser.on('error', resolve);
  });
  // Ignored entries are of a type the library does not know; nobody needs them, so nobody gets them.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    complaint ??= unsafe(entry.path, `it is of type ${entry.type}`);
  });

  for await (const chunk of createReadStream(file, { signal })) {
    parser.write(chunk as Buffer);
    if (complaint !== null) throw complaint;
  }
  parser.end();
  const error = await ended;
  if (complaint !== null) throw complaint;
  if (error !== null) throw broken(error);
}

/** Why an entry must not be unpacked after those before it; null when it may. */
function complain(entry: ReadEntry, seen: Seen): RipcordError | null {
  const path = entry.path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const { type } = entry;
  const reason = complainOfPath(entry.path, path, seen) ?? complainOfType(entry, path, seen);
  if (reason !== null) return unsafe(entry.path, reason);

  const before = seen.types.get(path);
  if (before !== undefined && !(before === 'Directory' && type === 'Directory')) {
    return unsafe(entry.path, 'it comes twice');
  }
  seen.types.set(path, type);
  seen.entries += 1;
  seen.bytes += entry.size;
  if (seen.entries > SOURCE_ENTRIES_MAX) return unsafe(entry.path, 'there are too many before it');
  if (seen.bytes > SOURCE_BYTES_MAX) return unsafe(entry.path, 'it makes the archive too large');
  return null;
}

function complainOfPath(raw: string, path: string, seen: Seen): string | null {
  const parts = path.split('/');
  if (raw.startsWith('/') || raw.includes('\\') || raw.includes('\0')) return 'its path leads out';
  if (parts.includes('..')) return "its path has '..'";
  if (path !== '' && parts.some((part) => part === '' || part === '.')) return 'its path is odd';
  for (let length = 1; length < parts.length; length += 1) {
    const parent = seen.types.get(parts.slice(0, length).join('/'));
    if (parent !== undefined && parent !== 'Directory') return 'its parent is no directory';
  }
  return null;
}

function complainOfType(entry: ReadEntry, path: string, seen: Seen): string | null {
  const target = entry.linkpath ?? '';
  if (((entry.mode ?? 0) & SET_ID_BITS) !== 0) return 'it is setuid or setgid';
  if (FILES.has(entry.type) || entry.type === 'Directory') return null;
  if (entry.type === 'SymbolicLink') {
    return staysInside(path, target) ? null : `it is a link to '${target}'`;
  }
  if (entry.type === 'Link') {
    const linked = seen.types.get(target.replace(/^(\.\/)+/, '')) ?? '';
    return FILES.has(linked)
      ? null
      : `it is a hard link to '${target}', which is no file before it`;
  }
  return `it is of type ${entry.type}`;
}

function unsafe(path: string, reason: string): RipcordError {
  return new RipcordError(
    'RIPCORD_ARCHIVE_UNSAFE',
    `cannot unpack archive: entry '${path}' is refused, ${reason}`,
    { details: { entry: path, reason }, hint: 'build the archive without this entry' },
  );
}

function broken(error: unknown): unknown {
  if (error instanceof RipcordError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RipcordError('RIPCORD_SOURCE_INVALID', `cannot unpack archive: ${reason}`, {
    cause: error,
  });
}
