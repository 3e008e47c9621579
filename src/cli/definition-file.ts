import type { FileHandle } from 'node:fs/promises';
import { open, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';

import { definitionError, type Place } from '../core/definition/complaint.ts';
import { DEFINITION_NAMES } from '../core/definition/file-names.ts';
import type { ParseOptions, ParsedRequest } from '../core/definition/parse.ts';
import { TEXT_BYTES_MAX } from '../core/definition/read-guard.ts';
import type { SourceReference } from '../core/definition/source-reference.ts';
import { RipcordError, codeOf } from '../core/errors.ts';

/** The text of a definition, and where it was found. */
export type DefinitionFile = {
  readonly text: string;
  /** The file as it is, which is what is signed. */
  readonly bytes: Uint8Array;
  /** As complaints name it: the way the user would write it. */
  readonly file: string;
  /** What relative sources are relative to; absolute. */
  readonly directory: string;
  /** The name of a chute that gives none: that of its directory. Null for standard input. */
  readonly fallbackName: string | null;
};

/**
 * The definition that an argument means: a file, a directory with one, or `-` for standard input.
 * Throws RIPCORD_DEFINITION_MISSING when there is none, RIPCORD_DEFINITION_TOO_LARGE having read 1 MiB
 * of a larger one, and RIPCORD_DEFINITION_INVALID when it is no text.
 */
export async function readDefinition(
  argument: string,
  input: Readable = process.stdin,
): Promise<DefinitionFile> {
  if (argument === '-') {
    const bytes = await readStream(input);
    const text = decode(bytes, 'stdin');
    return { text, bytes, file: 'stdin', directory: process.cwd(), fallbackName: null };
  }
  const file = await locate(argument);
  const handle = await openFile(file);
  try {
    const bytes = await readHandle(handle, file);
    const text = decode(bytes, file);
    const directory = await realpath(dirname(file));
    return { text, bytes, file, directory, fallbackName: basename(directory) };
  } finally {
    await handle.close();
  }
}

/**
 * The definition or update object that an argument means, read and checked; what is wrong with its content is in the
 * answer, with file, line and column. Throws like `readDefinition`, and RIPCORD_COMMAND_LATER for a
 * plan.
 */
export async function loadDefinition(
  argument: string,
  options: Pick<ParseOptions, 'secret' | 'strict' | 'anyHost'>,
): Promise<{ readonly found: DefinitionFile; readonly parsed: ParsedRequest }> {
  const found = await readDefinition(argument);
  if (PLAN.test(found.text))
    throw new RipcordError(
      'RIPCORD_COMMAND_LATER',
      `cannot read ${found.file}: it is a plan, and this version does not take plans yet`,
      { hint: 'apply the definition that the plan was made from' },
    );
  // YAML and the schema take 100 ms to load: commands that read no definition do without them.
  const { parseRequest } = await import('../core/definition/parse.ts');
  const { file, fallbackName } = found;
  return { found, parsed: parseRequest(found.text, { ...options, file, fallbackName }) };
}

/** A source reference with its path made absolute. */
export function absoluteSource(source: SourceReference, directory: string): SourceReference {
  return source.type === 'local' || source.type === 'archive'
    ? { ...source, path: isAbsolute(source.path) ? source.path : resolve(directory, source.path) }
    : source;
}

/** What `plan -o json` prints. */
const PLAN = /^\s*\{\s*"hash":.*"steps":/s;

async function locate(argument: string): Promise<string> {
  let entries: string[];
  try {
    entries = await readdir(argument);
  } catch (error) {
    // No directory: a file, or nothing at all, which opening it tells better.
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ENOENT') return argument;
    throw missing(argument, error);
  }
  const name = DEFINITION_NAMES.find((candidate) => entries.includes(candidate));
  if (name !== undefined) return join(argument, name);
  throw new RipcordError(
    'RIPCORD_DEFINITION_MISSING',
    `cannot find a definition in ${argument}: it has no ${DEFINITION_NAMES.join(', ')}`,
    { details: { file: argument, names: DEFINITION_NAMES }, hint: `ripcord init ${argument}` },
  );
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (error) {
    throw missing(file, error);
  }
}

function missing(file: string, cause: unknown): RipcordError {
  const code = codeOf(cause);
  const reasons = new Map([
    ['ENOENT', 'no such file or directory'],
    ['EACCES', 'permission denied'],
  ]);
  const reason = reasons.get(code ?? '') ?? code ?? 'it cannot be opened';
  return new RipcordError('RIPCORD_DEFINITION_MISSING', `cannot read ${file}: ${reason}`, {
    cause,
    details: { file },
    hint: code === 'ENOENT' ? 'ripcord init writes an example' : 'see who may read the file',
  });
}

async function readHandle(handle: FileHandle, file: string): Promise<Buffer> {
  // The size of a pipe or of a file in /proc is 0, and a large file need not be read: what is read counts.
  const bytes = Buffer.allocUnsafe(TEXT_BYTES_MAX + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
  }
  throw tooLarge(file, bytes);
}

async function readStream(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    chunks.push(bytes);
    length += bytes.length;
    if (length > TEXT_BYTES_MAX) throw tooLarge('stdin', Buffer.concat(chunks));
  }
  return Buffer.concat(chunks);
}

/** The error for a text whose beginning is these bytes. */
function tooLarge(file: string, bytes: Buffer): RipcordError {
  return definitionError([
    {
      code: 'text-too-large',
      message: 'goes on beyond 1 MiB, which is the limit',
      path: '',
      file,
      ...placeAt(bytes, TEXT_BYTES_MAX),
      hint: 'a definition is a few kilobytes: is this the right file?',
    },
  ]);
}

function decode(bytes: Buffer, file: string): string {
  const text = bytes.toString('utf8');
  // What is no UTF-8 is read as replacement characters: there the text parts from the bytes.
  if (bytes.equals(Buffer.from(text))) return text.replace(/^\uFEFF/, '');
  throw definitionError([
    {
      code: 'text-invalid',
      message: 'is not UTF-8 text',
      path: '',
      file,
      ...placeAt(bytes, firstDifference(bytes, Buffer.from(text))),
      hint: 'is this the right file?',
    },
  ]);
}

function firstDifference(one: Buffer, other: Buffer): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

/** The place of a byte. */
function placeAt(bytes: Buffer, offset: number): Place {
  const before = bytes.subarray(0, offset).toString('utf8').split('\n');
  return { line: before.length, col: (before.at(-1) ?? '').length + 1 };
}
