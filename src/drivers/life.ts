import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * A root that is removed and made again at the same path begins to count its updates again, so that
 * the marks of its steps are those of the life before, and so may be what they made. What is made is
 * stamped with the id of the root, too.
 */

/** The id of the root that is at this path now; null where none has been made. Read-only. */
export function lifeOf(root: string): string | null {
  try {
    const facts: unknown = JSON.parse(readFileSync(join(root, 'ripcord.json'), 'utf8'));
    const isTold = typeof facts === 'object' && facts !== null && 'uuid' in facts;
    return isTold && typeof facts.uuid === 'string' ? facts.uuid : null;
  } catch {
    return null;
  }
}

/**
 * The mark of what a step made, as this life of the root sees it: one of another life is like none of
 * its own. Pure.
 */
export function markIn(
  life: string | null,
  made: { readonly mark: string; readonly life: string | null },
): string {
  return life === null || made.life === life ? made.mark : `${made.mark} of an earlier life`;
}
