import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Source, SourceLocation } from '../../core/chute.ts';
import { RipcordError } from '../../core/errors.ts';
import { type CommandResult, exec } from '../exec.ts';

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const RESOLVE_TIMEOUT_MS = 60_000;
const FETCH_TIMEOUT_MS = 30 * 60_000;
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** What a repository is in a plan that nobody will carry out here, and that cannot be looked at. Pure. */
export function unseenRepository(
  url: string,
  checkout: string,
): {
  readonly source: Source;
  readonly location: Extract<SourceLocation, { readonly type: 'git' }>;
} {
  const name = createHash('sha256').update(`git ${checkout} of ${url}`).digest('hex');
  const location = { type: 'git', url, commit: checkout } as const;
  return { source: { type: 'git', digest: `sha256:${name}` }, location };
}

/** A place in a repository as it is written: a branch, a tag or a commit; null: its HEAD. */
export type GitPlace = { readonly url: string; readonly checkout: string | null };

/** The digest of the files of a commit: its id names them as well as their own hash would. Pure. */
export function commitDigest(commit: string): string {
  return `sha256:${createHash('sha256').update(`git commit ${commit}`).digest('hex')}`;
}

/**
 * The commit that a branch, a tag or HEAD stands for at this moment, asked with the system's git; a
 * whole commit is taken as it is. Reads only.
 *
 * Throws RIPCORD_SOURCE_UNREACHABLE, also where there is no git, and RIPCORD_SOURCE_INVALID for a place
 * that the repository does not have.
 */
export async function resolveCommit(
  { url, checkout }: GitPlace,
  signal: AbortSignal = new AbortController().signal,
): Promise<string> {
  const wanted = checkout?.toLowerCase() ?? '';
  if (COMMIT.test(wanted)) return wanted;
  const name = checkout ?? 'HEAD';
  if (!/^[A-Za-z0-9_.][^\s~^:?*[\\\0]*$/.test(name))
    throw invalid(url, `it cannot have a branch or tag '${name}'`);
  const asked = await git(['ls-remote', '--', url, name, `${name}^{}`], {
    directory: '/',
    timeoutMs: RESOLVE_TIMEOUT_MS,
    signal,
  });
  if (asked.code !== 0) throw unreachable(url, asked);
  const refs = new Map(
    asked.output.split('\n').flatMap((line) => {
      const [commit = '', ref = ''] = line.split('\t');
      return COMMIT.test(commit) ? [[ref, commit] as const] : [];
    }),
  );
  // A tag with a message is an object of its own; what it is about stands under `^{}`.
  const places = [`refs/tags/${name}^{}`, `refs/tags/${name}`, `refs/heads/${name}`, name];
  const found = places.flatMap((place) => refs.get(place) ?? [])[0];
  if (found !== undefined) return found;
  const hint = 'name a branch, a tag, or a commit with all of its digits';
  const what = checkout === null ? 'it has no commit yet' : `it has no branch or tag '${name}'`;
  throw invalid(url, what, hint);
}

/**
 * Brings the files of one commit into a new directory, without the repository around them.
 *
 * Throws RIPCORD_SOURCE_UNREACHABLE when the commit cannot be had.
 */
export async function fetchCommit(
  { url, commit }: { readonly url: string; readonly commit: string },
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  if (!COMMIT.test(commit)) throw invalid(url, `'${commit}' is no commit`);
  await mkdir(directory);
  const run = async (...args: string[]): Promise<CommandResult> =>
    await git(args, { directory, timeoutMs: FETCH_TIMEOUT_MS, signal });
  // No template: it may hold hooks.
  const begun = await run('init', '--quiet', '--template=', '.');
  if (begun.code !== 0) throw unreachable(url, begun);
  const only = await run('fetch', '--quiet', '--no-tags', '--depth=1', '--', url, commit);
  if (only.code !== 0) {
    // Older servers give branches and tags only: the commit is in one of them.
    const all = await run('fetch', '--quiet', '--', url, '+refs/*:refs/ripcord/*');
    if (all.code !== 0) throw unreachable(url, all);
  }
  const taken = await run('checkout', '--quiet', '--detach', commit, '--');
  if (taken.code !== 0) throw unreachable(url, taken);
  await rm(join(directory, '.git'), { recursive: true, force: true });
}

async function git(
  args: readonly string[],
  options: { directory: string; timeoutMs: number; signal: AbortSignal },
): Promise<CommandResult> {
  return await exec({
    argv: ['git', ...args],
    environment: environment(),
    outputBytesMax: OUTPUT_BYTES_MAX,
    ...options,
  });
}

/** That of this program, so that proxies and keys are found; nobody is asked for anything. */
function environment(): Readonly<Record<string, string>> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/^(GIT|LC)_/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(own),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
    // Other transports run commands that a url names.
    GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
  };
}

function unreachable(url: string, { how, output }: CommandResult): RipcordError {
  if (how === 'not found')
    return new RipcordError(
      'RIPCORD_SOURCE_UNREACHABLE',
      `cannot read source '${url}': it is a git repository, and this host has no git`,
      { hint: 'install git, or name a directory or an archive with its sha256' },
    );
  const said = complaintOf(output);
  return new RipcordError(
    'RIPCORD_SOURCE_UNREACHABLE',
    `cannot read source '${url}': git: ${said === '' ? how : said}`,
    { class: 'transient', hint: 'see that the repository can be reached from here with git' },
  );
}

/** What git complains of, without the advice it adds; its last words where it complains of nothing. */
function complaintOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const complaints = lines.flatMap((line) => /^(?:fatal|error): (.*)$/.exec(line)?.[1] ?? []);
  return (complaints.length > 0 ? complaints : lines).slice(-3).join('; ');
}

function invalid(url: string, reason: string, hint?: string): RipcordError {
  return new RipcordError(
    'RIPCORD_SOURCE_INVALID',
    `cannot use source '${url}': ${reason}`,
    hint === undefined ? {} : { hint },
  );
}
