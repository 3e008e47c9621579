import { readFileSync } from 'node:fs';

import type { JournalClock } from './journal.ts';

/** The clocks of this machine. Throws where there is no boot id: outside Linux. */
export function machineClock(): JournalClock {
  let ms = 0;
  let text = '';
  return {
    now: () => {
      const now = Date.now();
      // Many records fall into one millisecond, and making the text costs as much as their hash.
      if (now !== ms) text = new Date(now).toISOString();
      ms = now;
      return text;
    },
    // The monotonic clock of Linux starts with the boot, the same for every process.
    up: () => {
      const [seconds, nanoseconds] = process.hrtime();
      return seconds * 1000 + Math.floor(nanoseconds / 1e6);
    },
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  };
}
