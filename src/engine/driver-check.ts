import type { AnyDriver, Drivers } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';

/**
 * Refuses drivers that recovery could not rely on. Throws RIPCORD_DRIVER_INVALID for a kind that is not
 * `noun.verb@version`, for one with an effect that neither has a probe nor says it is idempotent, and
 * for an undo that is none.
 */
export function checkDrivers(drivers: Drivers): void {
  for (const [kind, driver] of Object.entries(drivers)) {
    if (!/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+@[1-9]\d*$/i.test(kind))
      throw invalid(kind, 'a kind is written noun.verb@version');
    if (driver.effect !== false && !driver.probe && driver.idempotent !== true)
      throw invalid(kind, 'a driver without a probe has to declare itself idempotent');
    if (!isUndo(driver))
      throw invalid(kind, 'undo is a function, or undoList a list of parts with one each');
  }
}

/** Whether undo is absent, one, or a list: others' drivers need not be written in TypeScript. */
function isUndo(driver: AnyDriver): boolean {
  const given = new Map(Object.entries(driver) as [string, unknown][]);
  const undo = given.get('undo');
  const undoList = given.get('undoList');
  if (undoList === undefined) return undo === undefined || typeof undo === 'function';
  return undo === undefined && Array.isArray(undoList) && undoList.every(isPart);
}

function isPart(part: unknown): boolean {
  const { undo } = (part ?? {}) as { readonly undo?: unknown };
  return typeof undo === 'function';
}

function invalid(kind: string, reason: string): RipcordError {
  return new RipcordError(
    'RIPCORD_DRIVER_INVALID',
    `cannot register a driver for ${kind}: ${reason}`,
  );
}
