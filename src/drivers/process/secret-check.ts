import type { DriverOf } from '../../core/driver.ts';
import { codeOf, type ErrorCode, RipcordError } from '../../core/errors.ts';

/**
 * Sees that the secrets of services that will be started are there: a start that fails for want of one
 * comes after the stop of what ran, and cannot be undone for the same reason.
 *
 * Throws RIPCORD_SECRET_MISSING, RIPCORD_SECRET_DAMAGED.
 */
export const secretCheck: DriverOf<'secret.check@1'> = {
  effect: false,

  async run(context, args) {
    for (const ref of args.secrets) {
      try {
        await context.secret(ref);
      } catch (error) {
        const code = (codeOf(error) ?? 'RIPCORD_SECRET_MISSING') as ErrorCode;
        throw new RipcordError(code, error instanceof Error ? error.message : String(error), {
          cause: error,
          hint: `apply the definition of ${args.chute} again, with its secrets`,
        });
      }
    }
    return { result: null };
  },
};
