import type { Drivers } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';

/**
 * Refuses drivers that recovery could not rely on. Throws RIPCORD_DRIVER_INVALID for a kind that is not
 * `noun.verb@version`, and for one with an effect that neither has a probe nor says it is idempotent.
 */
export function checkDrivers(drivers: Drivers): void {
  for (const [kind, driver] of Object.entries(drivers)) {
    if (!/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+@[1-9]\d*$/i.test(kind))
      throw invalid(kind, 'a kind is written noun.verb@version');
    if (driver.effect !== false && !driver.probe && driver.idempotent !== true)
      throw invalid(kind, 'a driver without a probe has to declare itself idempotent');
  }
}

function invalid(kind: string, reason: string): RipcordError {
  return new RipcordError(
    'RIPCORD_DRIVER_INVALID',
    `cannot register a driver for ${kind}: ${reason}`,
  );
}
