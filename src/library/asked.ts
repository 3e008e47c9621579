import { userInfo } from 'node:os';

import type { ChuteRequest, Requester } from '../core/events.ts';
import type { Said } from '../engine/asked.ts';

/** What may be said with a request; all of it has defaults. */
export type ApplyOptions = Partial<
  Pick<
    Said,
    | 'requestId'
    | 'message'
    | 'onInterrupt'
    | 'mode'
    | 'strict'
    | 'allowDowngrade'
    | 'allowQuarantined'
    | 'by'
    | 'origin'
    | 'perChute'
    | 'host'
  >
>;

/** The request, with null for what is left to the device. */
export function askedOf(chutes: readonly ChuteRequest[], options: ApplyOptions): Said {
  return {
    chutes,
    by: options.by ?? localRequester(),
    requestId: options.requestId ?? null,
    message: options.message ?? null,
    onInterrupt: options.onInterrupt ?? null,
    mode: options.mode ?? null,
    strict: options.strict ?? false,
    allowDowngrade: options.allowDowngrade ?? false,
    allowQuarantined: options.allowQuarantined ?? false,
    origin: options.origin ?? null,
    ...(options.perChute && { perChute: true }),
    ...(options.host && { host: options.host }),
  };
}

/**
 * One chute that wants to be rolled back after an interruption is enough for all of a request; null
 * where none wants anything.
 */
export function onInterruptOf(chutes: readonly ChuteRequest[]): Said['onInterrupt'] {
  const wishes = chutes.map(({ definition }) => definition?.onInterrupt);
  if (wishes.includes('rollback')) return 'rollback';
  return wishes.includes('resume') ? 'resume' : null;
}

/** Whoever runs this process: the device is theirs. */
export function localRequester(via = 'library'): Requester {
  return { user: userName(), role: 'owner', via };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A uid without an entry in passwd, as in many containers.
    return String(process.getuid?.() ?? 'unknown');
  }
}
