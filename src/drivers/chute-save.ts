import type { DriverOf } from '../core/driver.ts';

/** Writes what a chute now is into what is applied; the world is as it was. */
export const chuteSave: DriverOf<'chute.save@1'> = {
  effect: false,

  async run(_context, args) {
    return { result: null, patch: args.patch };
  },
};
