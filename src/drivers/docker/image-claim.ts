import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import type { Image } from './engine-types.ts';
import { hashOf, type Owner, rootLabels } from './ours.ts';

/*
 * An image that was pulled carries the labels of whoever published it. That one was brought by us, and
 * for which chute, is told by a second name of it: a claim.
 */

/** A claim of a chute; the image's own name, or null when somebody has taken that away. */
export type Claim = { readonly claim: string; readonly image: string | null };

/** A repository that nobody can publish to: its name is no host's. */
const REPOSITORY = 'ripcord-pulled/';
const HASH_LENGTH = 16;

/** The name that says of an image that it was brought for this chute. */
export function claimOf({ root, chute }: Owner, image: string): string {
  return `${REPOSITORY}${chute}:${tagOf(root, image)}`;
}

/** The names that say so for any chute of a root. */
export function claimsOn({ RepoTags }: Image, root: string, image: string): readonly string[] {
  const tag = tagOf(root, image);
  return (RepoTags ?? []).filter((name) => name.startsWith(REPOSITORY) && name.endsWith(`:${tag}`));
}

/** What was brought for a chute and is none of these. */
export async function claimsBeside(
  engine: EngineApi,
  owner: Owner,
  keep: readonly string[],
): Promise<readonly Claim[]> {
  const kept = keep.map((image) => claimOf(owner, image));
  const begin = `${REPOSITORY}${owner.chute}:${rootHash(owner.root)}-`;
  const all: Claim[] = [];
  for (const { Id } of await engine.imagesNamed(`${REPOSITORY}${owner.chute}`)) {
    // A list tells only the names that were asked for.
    const { RepoTags, RepoDigests } = (await engine.image(Id)) ?? {};
    const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])];
    const claims = names.filter((name) => name.startsWith(begin) && !kept.includes(name));
    for (const claim of claims) {
      all.push({ claim, image: names.find((name) => claimOf(owner, name) === claim) ?? null });
    }
  }
  return all;
}

/**
 * Gives up what a chute has of an image; with its last chute the image goes, unless something uses it or
 * somebody has given its name to another. Whether it went.
 */
export async function letGo(
  engine: EngineApi,
  owner: Owner,
  { image, shared }: { readonly image: string; readonly shared: readonly string[] },
): Promise<boolean> {
  const claim = claimOf(owner, image);
  const found = await engine.image(image);
  const claimed = await engine.image(claim);
  const isMoved = claimed !== null && claimed.Id !== found?.Id;
  const claims = found === null ? [] : claimsOn(found, owner.root, image);
  if (found !== null && !isMoved && claims.every((name) => name === claim)) {
    const isShared = shared.some((name) => fullName(name) === fullName(image));
    if (isShared || (await engine.isImageUsed(found.Id))) return false;
    if (!(await removeUnused(engine, image))) return false;
    return removeUnused(engine, claim);
  }
  await removeUnused(engine, claim);
  return false;
}

/** Removes a name of an image, and the image with its last one; false where something still uses it. */
export async function removeUnused(engine: EngineApi, reference: string): Promise<boolean> {
  try {
    await engine.removeImage(reference);
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 409) return false;
    throw error;
  }
}

const tagOf = (root: string, image: string): string =>
  `${rootHash(root)}-${hashOf(fullName(image)).slice(0, HASH_LENGTH)}`;

const rootHash = (root: string): string =>
  hashOf(JSON.stringify(rootLabels(root))).slice(0, HASH_LENGTH);

/** `busybox`, `docker.io/busybox` and `docker.io/library/busybox:latest` are one image. Pure. */
function fullName(image: string): string {
  const short = image
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '')
    .replace(/:[^:@/]+@/, '@');
  const isTagged = short.includes('@') || short.lastIndexOf(':') > short.lastIndexOf('/');
  return isTagged ? short : `${short}:latest`;
}
