import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';

import type { ChuteName, ServiceName } from '../../core/chute.ts';
import type { ImageRecipe } from '../../core/container.ts';
import { RipcordError } from '../../core/errors.ts';
import { containerName } from '../../core/planners/container-spec.ts';
import { lifeOf, markIn } from '../life.ts';
import type { Labels } from './engine-types.ts';

/*
 * What we make in the engine of containers carries labels: whose root it belongs to, for which chute
 * and service it is, and which step made it. A name alone never says that something is ours.
 */

/**
 * What a label is called. A container has the labels of its image, too, whoever made the container:
 * those of images have names of their own.
 */
const NAMES = { image: 'ripcord.image.', other: 'ripcord.' } as const;

/** What something in the engine is, as far as its labels differ. */
export type Made = keyof typeof NAMES;

/** Whom something is made for. */
export type Owner = {
  readonly root: string;
  readonly chute: ChuteName;
  readonly service?: ServiceName;
  /** Absent: a container or a network. */
  readonly made?: Made;
};

/** The labels that say whose something is. */
export function ownerLabels({ root, chute, service, made = 'other' }: Owner): Labels {
  return {
    [`${NAMES[made]}root`]: rootOf(root),
    [`${NAMES[made]}chute`]: chute,
    ...(service !== undefined && { [`${NAMES[made]}service`]: service }),
  };
}

/** The labels of every container and network of a root. */
export function rootLabels(root: string): Labels {
  return { [`${NAMES.other}root`]: rootOf(root) };
}

/** The same with the step that makes it. */
export function madeLabels(
  owner: Owner,
  { mark, content }: { readonly mark: string; readonly content?: string },
): Labels {
  const name = NAMES[owner.made ?? 'other'];
  const life = lifeOf(owner.root);
  return {
    ...ownerLabels(owner),
    ...(life !== null && { [`${name}life`]: life }),
    [`${name}step`]: mark,
    ...(content !== undefined && { [`${name}content`]: content }),
  };
}

/**
 * The step that made something, `uN/<step id>`; null when none of ours did. One of an earlier life of the
 * root at this path is like none of its steps.
 */
export function markOf(
  labels: Labels | null | undefined,
  { root, made = 'other' }: { readonly root: string; readonly made?: Made },
): string | null {
  const mark = labels?.[`${NAMES[made]}step`];
  if (mark === undefined) return null;
  return markIn(lifeOf(root), { mark, life: labels?.[`${NAMES[made]}life`] ?? null });
}

/** Whether something of ours was made in an earlier life of the root at this path. */
export function isEarlier(labels: Labels | null | undefined, root: string): boolean {
  const mark = labels?.[`${NAMES.other}step`] ?? null;
  return mark !== null && markOf(labels, { root }) !== mark;
}

/**
 * Hash of what something was made of: the same step may have been carried out with other words. Null
 * when none of ours made it.
 */
export function contentHashOf(
  labels: Labels | null | undefined,
  made: Made = 'other',
): string | null {
  return labels?.[`${NAMES[made]}content`] ?? null;
}

/** Which service of which chute something is for. */
export function serviceOf(
  labels: Labels | null | undefined,
  made: Made = 'other',
): {
  readonly chute: ChuteName | null;
  readonly service: ServiceName | null;
} {
  const name = NAMES[made];
  return { chute: labels?.[`${name}chute`] ?? null, service: labels?.[`${name}service`] ?? null };
}

/** Whether something was made for this owner. */
export function isOf(labels: Labels | null | undefined, owner: Owner): boolean {
  return Object.entries(ownerLabels(owner)).every(([name, value]) => labels?.[name] === value);
}

/** A refusal to touch what somebody else made under a name that a chute needs. */
export function foreign(
  what: string,
  { kind, name, id }: { readonly kind: string; readonly name: string; readonly id: string },
): RipcordError {
  return new RipcordError(
    'RIPCORD_RESOURCE_TAKEN',
    `cannot ${what}: ${kind} ${name} (${shortId(id)}) is not of this root`,
    {
      details: { [kind]: name, id },
      hint: `rename or remove it: docker ${kind} inspect ${name}`,
    },
  );
}

/** What an image is made of, besides the images it stands on. Pure. */
export function recipeHash({ release, dockerfile }: ImageRecipe): string {
  return hashOf(JSON.stringify([release, dockerfile]));
}

/**
 * What the image of a service is called once its name is another's: it is found again by what it is made
 * of. Pure.
 */
export function nameBefore(
  { chute, service }: { readonly chute: ChuteName; readonly service: ServiceName },
  content: string | null,
): string {
  return `${containerName(chute, service)}:before-${(content ?? 'unknown').slice(0, NAME_HASH_LENGTH)}`;
}

const NAME_HASH_LENGTH = 16;

/** SHA-256 in hex. Pure. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An id as people know it. Pure. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

const rootOf = (root: string): string => (existsSync(root) ? realpathSync(root) : root);
