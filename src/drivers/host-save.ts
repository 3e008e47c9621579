import type { DriverOf } from '../core/driver.ts';

/** Writes how the device itself is configured into what is applied; the world is as it was. */
export const hostSave: DriverOf<'host.save@1'> = {
  effect: false,

  async run(_context, args) {
    return { result: null, patch: args.patch };
  },
};
