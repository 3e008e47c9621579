import type { Json } from '../json.ts';

/** A scalar as text, written with quotes or without; null for nothing and for what has parts. Pure. */
export function textOf(given: Json | undefined): string | null {
  return given === undefined || given === null || typeof given === 'object' ? null : String(given);
}

/** A whole number from 1, written with quotes or without; null for anything else. Pure. */
export function countIn(given: Json | undefined): number | null {
  const text = textOf(given);
  const count = text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return count > 0 ? count : null;
}
