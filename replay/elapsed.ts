import type { Envelope } from '../journal/record.ts';

/**
 * Milliseconds between two records: by the clock that never jumps when both are of one boot, else by
 * the wall clock. Never negative. Pure.
 */
export function elapsedMs(
  from: Pick<Envelope, 'at' | 'boot' | 'up'>,
  to: Pick<Envelope, 'at' | 'boot' | 'up'>,
): number {
  const ms = from.boot === to.boot ? to.up - from.up : Date.parse(to.at) - Date.parse(from.at);
  return Math.max(0, Math.round(ms));
}
