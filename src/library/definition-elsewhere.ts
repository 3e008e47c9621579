import { copyFile, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

import { definitionError } from '../core/definition/complaint.ts';
import { sourceInside } from '../core/definition/elsewhere.ts';
import { DEFINITION_NAMES } from '../core/definition/file-names.ts';
import type { ParsedElsewhere, ParsedForChute, ParseOptions } from '../core/definition/parse.ts';
import type { SourceReference } from '../core/definition/source-reference.ts';
import { codeOf, RipcordError } from '../core/errors.ts';
import { liftRoot } from '../drivers/files/archive-root.ts';
import { unpack } from '../drivers/files/archive.ts';
import { download, shownUrl } from '../drivers/files/download.ts';
import { fetchCommit } from '../drivers/files/git.ts';
import { type ObservedSource, observeSource } from '../drivers/files/observe-source.ts';
import { hashFile } from '../drivers/files/tree.ts';

/** Where a definition was read that names another place. */
type Here = {
  /** What relative paths are relative to. */
  readonly directory: string;
  /** The file itself, which is not what is looked for; null when it was none. */
  readonly path: string | null;
};

/** A definition that was found elsewhere, and where it is now read from. */
export type FoundDefinition = ParsedForChute & Here & Pick<Brought, 'foundAt'>;

/** The files of a source, and the source as it is from now on: a branch is the commit that was read. */
type Brought = {
  readonly tree: string;
  readonly source: SourceReference;
  /** The place and its content, which the request tells; absent for a directory, which is read in place. */
  readonly foundAt?: ObservedSource;
};

type Finding = {
  /** Whether an archive from the network may be named by what is found there. */
  readonly allowUnpinned: () => Promise<boolean>;
};

/**
 * Finds the definition that stands with the files another one names: looks into a directory, an
 * archive, or the commit of a repository, in a temporary directory that is gone on return. Its
 * services run those files.
 *
 * Throws RIPCORD_DEFINITION_MISSING where there is neither a definition nor a Dockerfile,
 * RIPCORD_DEFINITION_INVALID, RIPCORD_SOURCE_….
 */
export async function findElsewhere(
  parsed: ParsedElsewhere,
  here: Here,
  options: Pick<ParseOptions, 'secret' | 'strict'> & Finding,
): Promise<FoundDefinition> {
  const work = await mkdtemp(join(tmpdir(), 'ripcord-definition-'));
  try {
    const brought = await bring(parsed.elsewhere.source, { ...here, ...options, work });
    const { tree, source, foundAt } = brought;
    const found = await definitionIn(tree, here);
    const shown = 'path' in source ? source.path : source.url;
    if (found === null)
      throw new RipcordError(
        'RIPCORD_DEFINITION_MISSING',
        `cannot find a definition in ${shown}: it has neither paradrop.yaml nor Dockerfile`,
        { details: { names: DEFINITION_NAMES }, hint: 'write services: beside the source' },
      );
    const { parseFound } = await import('../core/definition/parse.ts');
    const { name, text } = found;
    const read = parseFound(text, parsed, {
      ...options,
      file: join(shown, name),
      fallbackName: basename(shown).replace(/\.git$|\.tar(?:\.gz)?$|\.tgz$/, ''),
    });
    if (!read.ok) throw definitionError(read.complaints);
    const local = source.type === 'local';
    return {
      ...read,
      sources: sourcesOf(read, source),
      directory: local ? source.path : here.directory,
      path: local && text !== null ? join(source.path, name) : here.path,
      ...(foundAt && { foundAt }),
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function bring(
  reference: SourceReference,
  { directory, allowUnpinned, work }: Pick<Here, 'directory'> & Finding & { readonly work: string },
): Promise<Brought> {
  const { signal } = new AbortController();
  const tree = join(work, 'tree');
  if (reference.type === 'local') {
    const path = resolve(directory, reference.path);
    const real = await realpath(path).catch(() => path);
    // Services that run the whole of it have to find what it names.
    return { tree: real, source: { ...reference, path: real } };
  }
  const foundAt = await observeSource(reference, directory, { allowUnpinned });
  const { location, source } = foundAt;
  if (location.type === 'git') {
    await fetchCommit(location, tree, signal);
    const { url, commit: checkout } = location;
    return { tree, source: { type: 'git', url, checkout }, foundAt };
  }
  const where = location.type === 'http' ? shownUrl(location.url) : location.path;
  const archive = join(work, 'archive');
  // A copy: what is read has to be what was looked at, whoever writes there meanwhile.
  if (location.type === 'archive') await copyFile(location.path, archive);
  const digest =
    location.type === 'http'
      ? `sha256:${await download(location.url, archive, signal)}`
      : `sha256:${await hashFile(archive)}`;
  if (digest !== source.digest)
    throw new RipcordError(
      'RIPCORD_DIGEST_MISMATCH',
      `cannot use source '${where}': it is ${digest}, and has to be ${source.digest}`,
      { hint: 'ask whoever publishes it, or give the sha256 of what shall be taken' },
    );
  await unpack(archive, tree, { source: `source '${where}'`, signal });
  await liftRoot(tree, work);
  if (reference.type === 'archive') return { tree, source: { ...reference, path: where }, foundAt };
  if (reference.type !== 'http' || reference.sha256 !== undefined)
    return { tree, source: reference, foundAt };
  const sha256 = source.digest.replace(/^sha256:/, '');
  return { tree, source: { ...reference, sha256, isFound: true }, foundAt };
}

async function definitionIn(
  tree: string,
  { path }: Here,
): Promise<{ readonly name: string; readonly text: string | null } | null> {
  const self = path === null ? null : await realpath(path).catch(() => path);
  for (const name of DEFINITION_NAMES) {
    const file = join(tree, name);
    if (file === self) continue;
    const text = await readFile(file, 'utf8').catch(absent);
    if (text !== null) return { name, text };
  }
  const dockerfile = await readFile(join(tree, 'Dockerfile')).catch(absent);
  return dockerfile === null ? null : { name: 'Dockerfile', text: null };
}

function absent(error: unknown): null {
  if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error) ?? '')) return null;
  throw error;
}

function sourcesOf(
  { sources, definition }: ParsedForChute,
  found: SourceReference,
): ParsedForChute['sources'] {
  return Object.fromEntries(
    Object.entries(sources).map(([service, reference]) => {
      const inside = sourceInside(reference, found);
      if (inside !== null) return [service, inside];
      const place = 'path' in reference ? reference.path : reference.url;
      throw new RipcordError(
        'RIPCORD_SOURCE_INVALID',
        `cannot use source '${place}' of service ${service} of ${definition.name}: only the whole of an archive or a repository can be a source`,
        { hint: 'write source: . and give the command the path' },
      );
    }),
  );
}
