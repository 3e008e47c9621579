import { setTimeout as pause } from 'node:timers/promises';

import { machineClock } from '../../journal/machine-clock.ts';
import type { Clock } from '../engine/clock.ts';

/** This machine's clocks and timers. */
export function systemClock(): Clock {
  const clock = machineClock();
  return {
    now: () => clock.now(),
    up: () => clock.up(),
    boot: clock.boot,
    sleep: async (ms, signal) => {
      await pause(ms, undefined, signal ? { signal, ref: true } : {});
    },
  };
}
