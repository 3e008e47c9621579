import type { Failure } from './errors.ts';
import type { AbortCause } from './events.ts';

/** The error of an update that turned around without one of its own; null when somebody asked for it. Pure. */
export function errorOfCause(cause: AbortCause): Failure | null {
  return CAUSES[cause] ?? null;
}

const CAUSES: Readonly<Partial<Record<AbortCause, Failure>>> = {
  interrupted: { code: 'RIPCORD_UPDATE_CONFLICT', message: 'interrupted, and asked to roll back' },
  looping: { code: 'RIPCORD_VERSION_QUARANTINED', message: 'interrupted too often at one step' },
};
