import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';

import type { ChuteName, ServiceName } from '../../core/chute.ts';
import { RipcordError } from '../../core/errors.ts';
import type { Labels } from './engine-types.ts';

/*
 * What we make in the engine of containers carries labels: whose root it belongs to, for which chute
 * and service it is, and which step made it. A name alone never says that something is ours.
 */

const ROOT = 'ripcord.root';
const CHUTE = 'ripcord.chute';
const SERVICE = 'ripcord.service';
const STEP = 'ripcord.step';
/** Hash of what it was made of: the same mark may be of an earlier life of the same root. */
export const CONTENT = 'ripcord.content';

/** Whom something is made for. */
export type Owner = {
  readonly root: string;
  readonly chute: ChuteName;
  readonly service?: ServiceName;
};

/** The labels that say whose something is. */
export function ownerLabels({ root, chute, service }: Owner): Labels {
  return {
    [ROOT]: rootOf(root),
    [CHUTE]: chute,
    ...(service !== undefined && { [SERVICE]: service }),
  };
}

/** The labels of everything of a root. */
export function rootLabels(root: string): Labels {
  return { [ROOT]: rootOf(root) };
}

/** The same with the step that makes it. */
export function madeLabels(
  owner: Owner,
  made: { readonly mark: string; readonly content?: string },
): Labels {
  return {
    ...ownerLabels(owner),
    [STEP]: made.mark,
    ...(made.content !== undefined && { [CONTENT]: made.content }),
  };
}

/** The step that made something, `uN/<step id>`; null when none of ours did. */
export function markOf(labels: Labels | null | undefined): string | null {
  return labels?.[STEP] ?? null;
}

/** Which service of which chute something is for. */
export function serviceOf(labels: Labels | null | undefined): {
  readonly chute: ChuteName | null;
  readonly service: ServiceName | null;
} {
  return { chute: labels?.[CHUTE] ?? null, service: labels?.[SERVICE] ?? null };
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

/** SHA-256 in hex. Pure. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An id as people know it. Pure. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

const rootOf = (root: string): string => (existsSync(root) ? realpathSync(root) : root);
