import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Source, SourceLocation } from '../../core/chute.ts';
import { RipcordError } from '../../core/errors.ts';
import { download, shownUrl } from './download.ts';
import { commitDigest, resolveCommit } from './git.ts';
import { digestTree, hashFile } from './tree.ts';

/** A source as a definition names it: a path, a URL, or the long form. */
export type SourceReference =
  | string
  | {
      readonly type?: string | undefined;
      readonly url?: string | undefined;
      readonly path?: string | undefined;
      readonly sha256?: string | undefined;
      readonly checkout?: string | undefined;
      readonly isFound?: true | undefined;
    };

/** What a source holds, by content, and where it was found. */
export type ObservedSource = { readonly source: Source; readonly location: SourceLocation };

/** What is no part of a source although it lies inside: absolute, real paths. */
type Without = {
  readonly root?: string;
  readonly definitions?: readonly string[];
  /** What else is a definition in a directory that is a source. */
  readonly definitionsIn?: (directory: string) => Promise<readonly string[]>;
};

type Observing = Without & {
  /** Whether an archive from the network may be named by what is found there. Default: no. */
  readonly allowUnpinned?: () => Promise<boolean>;
};

/**
 * Looks at a source and names it by its content: a directory by its tree, an archive by its bytes, an
 * http(s) archive by the sha256 that its definition has to give, or by what is found there if that is
 * allowed, a repository by a commit. Paths are relative to `base`, the
 * directory of the definition. Writes nothing, and downloads only what may be named by what is found.
 *
 * Throws RIPCORD_SOURCE_INVALID, RIPCORD_SOURCE_UNREACHABLE where there is nothing, and
 * RIPCORD_DIGEST_MISMATCH where a directory or an archive is not the one its sha256 names.
 */
export async function observeSource(
  reference: SourceReference,
  base: string,
  observing: Observing = {},
): Promise<ObservedSource> {
  const { type, sha256, isFound, ...given } =
    typeof reference === 'string' ? { url: reference } : reference;
  const where = given.path ?? given.url ?? '.';
  if (type === 'git' || /^(git\+|git:|ssh:)|\.git$/.test(where))
    return await observeRepository(where.replace(/^git\+/, ''), given.checkout ?? null, base);
  if (/^https?:/i.test(where)) return await observeUrl(where, { sha256, isFound }, observing);

  const path = where.startsWith('file:') ? fileURLToPath(new URL(where)) : resolve(base, where);
  const real = await realpath(path).catch(() => null);
  if (real === null) {
    const hint = 'a path is relative to the directory of the definition';
    throw new RipcordError(
      'RIPCORD_SOURCE_UNREACHABLE',
      `cannot read source '${where}': there is no '${path}'`,
      { hint },
    );
  }
  const found = await stat(real);
  if (found.isDirectory()) {
    return await observeDirectory(real, observing, { where, sha256 });
  }
  if (!found.isFile()) throw invalid(where, 'it is neither a directory nor an archive');
  return await observeArchive(real, { where, sha256 });
}

/** Named by its commit: a branch may stand for another one tomorrow. */
async function observeRepository(
  where: string,
  checkout: string | null,
  base: string,
): Promise<ObservedSource> {
  const isPath = !/^[a-z][a-z0-9+.-]*:/i.test(where) && !/^[\w.-]+@[\w.-]+:/.test(where);
  const url = isPath ? resolve(base, where) : where;
  if (/^[a-z+]+:\/\/[^/@]*:[^/@]*@/i.test(url)) throw invalid(shownUrl(url), PASSWORD);
  const commit = await resolveCommit({ url, checkout });
  return {
    source: { type: 'git', digest: commitDigest(commit) },
    location: { type: 'git', url, commit },
  };
}

const PASSWORD = 'its URL holds a user or password';

async function observeDirectory(
  path: string,
  { root, definitions = [], definitionsIn }: Without,
  given: Given,
): Promise<ObservedSource> {
  const all = [...definitions, ...((await definitionsIn?.(path)) ?? [])];
  const inside = all.map((file) => relative(path, file)).filter(isInside);
  const except = [...new Set(inside)].toSorted();
  const left = [...(root === undefined ? [] : [root]), ...except.map((each) => join(path, each))];
  const digest = await digestTree(path, { except: left });
  expectDigest(digest, given);
  const location = { type: 'local', path, ...(except.length > 0 && { except }) } as const;
  return { source: { type: 'local', digest }, location };
}

const isInside = (path: string): boolean => path !== '' && path.split('/')[0] !== '..';

async function observeArchive(path: string, given: Given): Promise<ObservedSource> {
  const digest = `sha256:${await hashFile(path)}`;
  expectDigest(digest, given);
  return { source: { type: 'archive', digest }, location: { type: 'archive', path } };
}

/** A source as its definition names it, and the content that it has to have. */
type Given = { readonly where: string; readonly sha256: string | undefined };

function expectDigest(digest: string, { where, sha256 }: Given): void {
  if (sha256 === undefined) return;
  const expected = `sha256:${checkedHex(where, sha256)}`;
  if (digest === expected) return;
  throw new RipcordError(
    'RIPCORD_DIGEST_MISMATCH',
    `cannot use source '${where}': it is ${digest}, and its definition names ${expected}`,
    { details: { expected, actual: digest }, hint: 'bring back the files, or name what they are' },
  );
}

async function observeUrl(
  url: string,
  { sha256, isFound }: { readonly sha256: string | undefined; readonly isFound: true | undefined },
  { allowUnpinned }: Observing,
): Promise<ObservedSource> {
  if (!URL.canParse(url)) throw invalid(url, 'it is no URL');
  const shown = shownUrl(url);
  const { username, password } = new URL(url);
  // The place is journaled for ever, and a journal holds no secrets.
  if (username !== '' || password !== '') throw invalid(shown, PASSWORD);
  const location = { type: 'http', url } as const;
  if (sha256 === undefined) {
    if (!(await allowUnpinned?.()))
      throw invalid(shown, 'an archive from the network needs its sha256', NEEDS_SHA256);
    return { source: { type: 'http', digest: await digestAt(url), url }, location };
  }
  const digest = `sha256:${checkedHex(shown, sha256)}`;
  return { source: { type: 'http', digest, ...(isFound && { url }) }, location };
}

const NEEDS_SHA256 =
  'add sha256: to the source, or allow what is found: system.allowUnpinnedDownloads of the host configuration';

/** The digest of what is there now. */
async function digestAt(url: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'ripcord-source-'));
  try {
    const hex = await download(url, join(work, 'archive'), new AbortController().signal);
    return `sha256:${hex}`;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function checkedHex(where: string, sha256: string): string {
  const hex = sha256.replace(/^sha256:/, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) throw invalid(where, 'its sha256 has to be 64 hex digits');
  return hex;
}

function invalid(where: string, reason: string, hint?: string): RipcordError {
  const options = hint === undefined ? {} : { hint };
  return new RipcordError(
    'RIPCORD_SOURCE_INVALID',
    `cannot use source '${where}': ${reason}`,
    options,
  );
}
