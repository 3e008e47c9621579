import type { AnyDriver, Driver } from '../core/driver.ts';
import type { Json } from '../core/json.ts';
import type { Planner } from '../core/plan.ts';

/**
 * A driver with its own types for arguments, undo data and result, as the registry takes it. The cast
 * is sound as long as the planner that writes a kind's steps and its driver agree: both are yours.
 */
export function defineDriver<Args extends Json, Undo extends Json, Result extends Json>(
  driver: Driver<Args, Undo, Result>,
): AnyDriver {
  return driver;
}

/** A planning module. Pure: `plan` may read nothing but its arguments. */
export function definePlanner(planner: Planner): Planner {
  return planner;
}
