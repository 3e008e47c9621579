import { pointer } from '../definition/complaint.ts';
import type { KeepSecret } from '../definition/environment.ts';
import type { DeviceRequest } from '../definition/update-object.ts';
import type { HostRequest } from '../events.ts';
import type { Json, JsonObject } from '../json.ts';
import { isMap, textOf } from './document.ts';
import { FORMAT } from './format.ts';
import { readDocument } from './read-document.ts';
import { read, type ReadContext, type Shape } from './shape.ts';

type Context = Pick<ReadContext, 'report' | 'strict'> & { readonly keep: KeepSecret };

/** What a file that is a host configuration asks for, or null when complaints were made. */
export function readHostFile(document: JsonObject, context: Context): HostRequest | null {
  const config = readDocument(document, '', context);
  return config && { operation: 'apply', config, patch: [] };
}

const OPERATIONS: Readonly<Record<DeviceRequest['operation'], HostRequest['operation']>> = {
  sethostconfig: 'set',
  prehostconfig: 'set',
  inithostconfig: 'init',
  patchhostconfig: 'patch',
  factoryreset: 'reset',
  reboot: 'reboot',
  shutdown: 'shutdown',
};

/**
 * What an update object asks of the device itself, or null when complaints were made. A patch is only
 * rid of its secrets: what it goes into is known when it is planned.
 */
export function readDeviceRequest(
  { operation, hostconfig, patch = [] }: DeviceRequest,
  object: JsonObject,
  context: Context,
): HostRequest | null {
  const placeOf = (field: string): string =>
    object[field] === undefined ? `/config/${field}` : `/${field}`;
  const takes = operation !== 'patchhostconfig' && hostconfig !== undefined;
  const config = takes ? readDocument(hostconfig, placeOf('hostconfig'), context) : null;
  const operations = patch.map((each, at): JsonObject => {
    const { value } = each;
    if (value === undefined) return each;
    const shape = shapeAt(textOf(each['path']));
    const place = `${placeOf('patch')}${pointer(at, 'value')}`;
    return { ...each, value: withoutSecrets(shape, value, place, context) };
  });
  if (context.report.complaints.length > 0) return null;
  return { operation: OPERATIONS[operation], config, patch: operations };
}

/** What may stand under a JSON pointer into a host configuration; null where nothing is known. */
function shapeAt(path: string): Shape | null {
  let shape: Shape | null = FORMAT;
  for (const key of path.split('/').slice(1)) {
    if (shape?.is === 'list') shape = shape.of;
    else if (shape?.is !== 'map') return null;
    else shape = (Object.hasOwn(shape.fields, key) && shape.fields[key]) || (shape.others ?? null);
  }
  return shape;
}

/** A value with its secrets taken out; for the rest of it nothing is looked at. */
function withoutSecrets(shape: Shape | null, value: Json, path: string, context: Context): Json {
  if (shape?.is === 'secret') return read(shape, value, path, context) ?? null;
  if (shape?.is === 'list' && Array.isArray(value))
    return (value as readonly Json[]).map((item, at) =>
      withoutSecrets(shape.of, item, `${path}${pointer(at)}`, context),
    );
  if (shape?.is !== 'map' || !isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const inner = (Object.hasOwn(shape.fields, key) && shape.fields[key]) || null;
      return [key, withoutSecrets(inner, member, `${path}${pointer(key)}`, context)];
    }),
  );
}
