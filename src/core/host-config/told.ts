import type { Refusal, Warning } from '../plan.ts';
import { HOST } from './document.ts';

/** A refusal of the device's own. Pure. */
export function refuse(
  code: string,
  what: { readonly path: string; readonly message: string; readonly hint: string },
): Refusal {
  return { chute: HOST, module: 'struct', code, ...what };
}

/** A warning of the device's own. */
export const warning = (path: string, message: string, hint: string): Warning => ({
  chute: HOST,
  module: 'struct',
  path,
  message,
  hint,
});
