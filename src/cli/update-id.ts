import type { UpdateId } from '../core/events.ts';
import { usageError } from './exit-code.ts';

/** An update's id as it was typed. Throws RIPCORD_USAGE_INVALID when it is none. */
export function updateIdOf(text: string): UpdateId {
  if (/^u[1-9]\d*$/.test(text)) return text;
  throw usageError(`cannot use '${text}': it is no update`, 'updates are called u1, u2, …');
}

/** A step of an update as it was typed, `u43.s7`. Throws RIPCORD_USAGE_INVALID when it is none. */
export function stepRefOf(text: string): { readonly update: UpdateId; readonly n: number } {
  const [, update, n] = /^(u[1-9]\d*)\.s([1-9]\d*)$/.exec(text) ?? [];
  if (update !== undefined && n !== undefined) return { update, n: Number(n) };
  throw usageError(`cannot use '${text}': it is no step`, 'steps are called u43.s7');
}
