import type { JsonObject } from '../json.ts';
import type { Operation } from '../plan.ts';
import type { Report } from './complaint.ts';
import { isObject } from './json-object.ts';
import { nearest } from './nearest.ts';

/** What may be done to the device itself. */
export type DeviceOperation = (typeof DEVICE_OPERATIONS)[number];

/** What an update object asks of the device, as it was written: nothing of it is checked yet. */
export type DeviceRequest = {
  readonly operation: DeviceOperation;
  /** The whole of a host configuration. */
  readonly hostconfig?: JsonObject;
  /** Operations of a JSON Patch (RFC 6902) on the host configuration that is in force. */
  readonly patch?: readonly JsonObject[];
};

/** What a chute is asked for; the rest of the object is its definition. */
type ChuteObject = {
  readonly operation: Exclude<Operation, 'apply'>;
  readonly document: JsonObject;
  /** From a pointer into `document` to one into what was written. */
  readonly origin: (path: string) => string;
};

/** An update object taken apart. */
export type UpdateObject = (ChuteObject | { readonly device: DeviceRequest }) & {
  /** The id that somebody else gave the update, `external.update_id`. */
  readonly requestId: string | null;
};

const CLASSES = ['CHUTE', 'ROUTER', 'SNAP'] as const;
const CHUTE_OPERATIONS = ['create', 'update', 'delete', 'start', 'stop', 'restart'] as const;
const DEVICE_OPERATIONS = [
  'sethostconfig',
  'patchhostconfig',
  'inithostconfig',
  'prehostconfig',
  'factoryreset',
  'reboot',
  'shutdown',
] as const;

/** The name that means the device in an update object. */
const DEVICE = '__PARADROP__';

/** What belongs to the object itself and not to the definition in it. */
const ENVELOPE = ['updateClass', 'updateType', 'config', 'external', 'user', 'hostconfig', 'patch'];

/** Fields of an older definition that stand inside of its `config`. */
const INNER = ['net', 'host_config'];

/** Whether a document is an update object: the class and the type of an update say so. Pure. */
export function isUpdateObject(document: JsonObject): boolean {
  return Object.hasOwn(document, 'updateClass') || Object.hasOwn(document, 'updateType');
}

/** An update object in its parts; null when complaints were made. Pure. */
export function readUpdateObject(document: JsonObject, report: Report): UpdateObject | null {
  const kind = classOf(document, report);
  const operation = operationOf(document, kind, report);
  for (const field of ['config', 'external', 'hostconfig'])
    if (document[field] !== undefined && !isObject(document[field]))
      report.complain('type-invalid', `/${field}`, 'must be a map');
  if (document['user'] !== undefined)
    report.warn('field-ignored', '/user', 'has no effect: who runs the command asks', {
      spot: 'key',
    });
  const requestId = requestIdOf(document, report);
  if (report.complaints.length > 0 || operation === null) return null;
  if (isDeviceOperation(operation)) {
    const device = deviceOf(document, operation, report);
    return device === null ? null : { device, requestId };
  }
  return { operation, ...merged(document), requestId };
}

function classOf(document: JsonObject, report: Report): (typeof CLASSES)[number] {
  const given = document['updateClass'] ?? 'CHUTE';
  const found = CLASSES.find((name) => name === given);
  if (found === undefined) {
    const near = typeof given === 'string' ? nearest(given, CLASSES) : null;
    report.complain('value-invalid', '/updateClass', `must be one of ${CLASSES.join(', ')}`, {
      hint: near === null ? null : `did you mean ${near}?`,
    });
  }
  if (found === 'SNAP')
    report.complain('format-unsupported', '/updateClass', 'asks for a snap, which is not managed', {
      hint: 'snaps are installed with the tools of the system',
    });
  return found ?? 'CHUTE';
}

function operationOf(
  document: JsonObject,
  kind: (typeof CLASSES)[number],
  report: Report,
): (typeof CHUTE_OPERATIONS)[number] | DeviceOperation | null {
  const ofDevice = kind === 'ROUTER' || document['name'] === DEVICE;
  const known = ofDevice ? DEVICE_OPERATIONS : CHUTE_OPERATIONS;
  const given = document['updateType'];
  const found = known.find((name) => name === given);
  if (found !== undefined) return found;
  const whose = ofDevice ? 'of the device' : 'of a chute';
  if (given === undefined) {
    const hint = `${whose}: ${known.join(', ')}`;
    report.complain('field-missing', '/updateType', 'is missing', { hint });
    return null;
  }
  const near = typeof given === 'string' ? nearest(given, known) : null;
  const other = (ofDevice ? CHUTE_OPERATIONS : DEVICE_OPERATIONS).some((name) => name === given);
  const elsewhere = ofDevice
    ? 'that is for chutes: write updateClass: CHUTE and the name of one'
    : 'that is for the device: write updateClass: ROUTER';
  report.complain('value-invalid', '/updateType', `must be one of ${known.join(', ')}`, {
    hint: other ? elsewhere : near === null ? null : `did you mean ${near}?`,
  });
  return null;
}

function isDeviceOperation(operation: string): operation is DeviceOperation {
  return DEVICE_OPERATIONS.some((name) => name === operation);
}

function requestIdOf(document: JsonObject, report: Report): string | null {
  const { external } = document;
  const id = isObject(external) ? external['update_id'] : undefined;
  if (id === undefined) return null;
  if ((typeof id === 'string' || typeof id === 'number') && /^[\x21-\x7e]{1,128}$/.test(String(id)))
    return String(id);
  report.complain('value-invalid', '/external/update_id', 'is not an id', {
    hint: '1 to 128 characters without white space',
  });
  return null;
}

/** Every other field may stand in `config` as well. */
function deviceOf(
  document: JsonObject,
  operation: DeviceOperation,
  report: Report,
): DeviceRequest | null {
  const config = isObject(document['config']) ? document['config'] : {};
  const find = (field: string): [JsonObject[string] | undefined, string] =>
    document[field] === undefined
      ? [config[field], `/config/${field}`]
      : [document[field], `/${field}`];
  const [hostconfig, whole] = find('hostconfig');
  const [patch, part] = find('patch');
  const sets = operation === 'sethostconfig' || operation === 'prehostconfig';
  if (sets && !isObject(hostconfig)) {
    const missing = hostconfig === undefined;
    const reason = missing ? 'is missing' : 'must be a map';
    report.complain(missing ? 'field-missing' : 'type-invalid', whole, reason);
  }
  const operations = Array.isArray(patch) ? (patch as JsonObject['patch'][]) : [];
  if (operation === 'patchhostconfig' && patch === undefined)
    report.complain('field-missing', '/patch', 'is missing');
  if (patch !== undefined && !(Array.isArray(patch) && operations.every(isObject)))
    report.complain('type-invalid', part, 'must be a list of operations (RFC 6902)');
  if (report.complaints.length > 0) return null;
  return {
    operation,
    ...(isObject(hostconfig) && { hostconfig }),
    ...(patch !== undefined && { patch: operations.filter(isObject) }),
  };
}

/**
 * The definition in an update object: the keys of `config` stand beside the others and win, but for
 * the name.
 */
function merged(document: JsonObject): Omit<ChuteObject, 'operation'> {
  const config = isObject(document['config']) ? document['config'] : {};
  const outer = Object.entries(document).filter(([key]) => !ENVELOPE.includes(key));
  const inner = Object.entries(config).filter(
    ([key]) =>
      key !== 'config' &&
      !INNER.includes(key) &&
      !(key === 'name' && document['name'] !== undefined),
  );
  const deeper = isObject(config['config']) ? config['config'] : {};
  const beside = Object.fromEntries(Object.entries(config).filter(([key]) => INNER.includes(key)));
  const older = { ...beside, ...deeper };
  const lifted = new Set(inner.map(([key]) => key));
  return {
    document: Object.fromEntries([
      ...outer,
      ...inner,
      ...(Object.keys(older).length === 0 ? [] : [['config', older] as const]),
    ]),
    origin: (path) => {
      const [, key = '', below = ''] = path.split('/');
      if (lifted.has(key)) return `/config${path}`;
      return key === 'config' && Object.hasOwn(deeper, below) ? `/config${path}` : path;
    },
  };
}
