import { userInfo } from 'node:os';

import type { ChuteRequest, Requester } from '../core/events.ts';
import type { Asked } from '../engine/asked.ts';

/** What may be said with a request; all of it has defaults. */
export type ApplyOptions = Partial<
  Pick<
    Asked,
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

/** The request with everything that was not said filled in. */
export function askedOf(chutes: readonly ChuteRequest[], options: ApplyOptions): Asked {
  return {
    chutes,
    by: options.by ?? localRequester(),
    requestId: options.requestId ?? null,
    message: options.message ?? null,
    onInterrupt: options.onInterrupt ?? 'resume',
    mode: options.mode ?? 'refuse',
    strict: options.strict ?? false,
    allowDowngrade: options.allowDowngrade ?? false,
    allowQuarantined: options.allowQuarantined ?? false,
    origin: options.origin ?? null,
    ...(options.perChute && { perChute: true }),
    ...(options.host && { host: options.host }),
  };
}

/** One chute that wants to be rolled back after an interruption is enough for all of a request. */
export function onInterruptOf(chutes: readonly ChuteRequest[]): Asked['onInterrupt'] {
  const wishes = chutes.map(({ definition }) => definition?.onInterrupt);
  return wishes.includes('rollback') ? 'rollback' : 'resume';
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
