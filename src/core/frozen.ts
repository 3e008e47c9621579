import { castDraft, type Draft } from 'immer';

/**
 * A value that nobody changes any more, to be put into a draft as it is.
 *
 * Immer would walk it twice in search of drafts before it froze it: what is frozen it leaves alone.
 */
export function frozen<T>(value: T): Draft<T> {
  freeze(value);
  return castDraft(value);
}

/** Freezes it and what is in it; what is frozen is taken to be so all the way down. */
export function freeze(value: unknown): void {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return;
  Object.freeze(value);
  if (Array.isArray(value)) for (const each of value as readonly unknown[]) freeze(each);
  else for (const key of Object.keys(value)) freeze((value as Record<string, unknown>)[key]);
}
