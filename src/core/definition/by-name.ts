import type { Definition } from '../chute.ts';
import type { JsonObject } from '../json.ts';
import { checkFormat } from './check-format.ts';
import { pointer, type Report } from './complaint.ts';
import { normaliseEnvironment, type KeepSecret } from './environment.ts';
import { present } from './json-object.ts';
import { nameOf, refuseControls } from './normalise.ts';
import { portNumber } from './ports.ts';

/** What an operation that needs only a name may carry beside it. */
const CARRIED = {
  delete: [],
  stop: [],
  start: ['environment', 'web', 'description'],
  restart: ['environment', 'web', 'description'],
} as const;

/** Operations that need only the name of a chute that is installed. */
export type OperationByName = keyof typeof CARRIED;

/** Whether an operation needs no definition. Pure. */
export function isByName(operation: string): operation is OperationByName {
  return Object.hasOwn(CARRIED, operation);
}

/**
 * What a start, stop, restart or delete says: the name, and what is to be different from now on, as a
 * definition without services. Null when complaints were made. Pure but for `keep`.
 */
export function readByName(
  document: JsonObject,
  operation: OperationByName,
  context: { readonly report: Report; readonly keep: KeepSecret; readonly strict: boolean },
): Definition | null {
  const { report, keep } = context;
  const carried: readonly string[] = ['name', ...CARRIED[operation]];
  for (const key of Object.keys(document)) {
    if (carried.includes(key)) continue;
    const hint = `${operation} takes ${carried.join(', ')}`;
    report.warn('field-ignored', pointer(key), 'has no effect', { spot: 'key', hint });
  }
  const taken = Object.entries(document).filter(([key]) => carried.includes(key));
  const value = { ...present(Object.fromEntries(taken)), services: {} };
  const written = checkFormat(value, report, context.strict);
  if (written === null) return null;
  const { web, description } = written;
  refuseControls(written, report);
  const port = web?.port === undefined ? null : portNumber(web.port, '/web/port', report);
  return {
    name: nameOf(written.name, null, report),
    ...(description !== undefined && { description: description.trim() }),
    environment: normaliseEnvironment(written.environment, '/environment', {
      report,
      keep,
      secretNames: true,
    }),
    services: {},
    // Which service answers is known where the installed definition is.
    ...(port !== null && { web: { service: web?.service ?? 'main', port } }),
    firewall: {},
  };
}
