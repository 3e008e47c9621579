import type { OnInterrupt } from '../core/chute.ts';
import type { HostRequest, QueueMode, Requester } from '../core/events.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Said } from '../engine/asked.ts';
import { HttpError } from './problem.ts';

const OPERATIONS = new Set(['apply', 'create', 'update', 'delete', 'start', 'stop', 'restart']);
const HOST_OPERATIONS = new Set(['apply', 'set', 'patch', 'init', 'reset', 'reboot', 'shutdown']);
const MODES = new Set(['refuse', 'queue', 'supersede']);
const ON_INTERRUPT = new Set(['resume', 'rollback']);
const CHUTES_MAX = 256;
const NAME = /^[a-z0-9][a-z0-9-]{1,62}$/;

/**
 * A request for an update from a body, every option with its default or null where the device has one. Throws an HttpError that names
 * the field that is wrong.
 */
export function askedFrom(body: Json): Said {
  const given = objectOf(body, 'the body');
  const { chutes } = given;
  const host = hostFrom(given['host'] ?? null);
  const least = host ? 0 : 1;
  if (!Array.isArray(chutes) || chutes.length < least || chutes.length > CHUTES_MAX)
    throw wrong('chutes', `must be a list of ${least} to ${CHUTES_MAX}`);
  for (const [at, chute] of (chutes as readonly Json[]).entries()) checkChute(chute, at);
  return {
    chutes: chutes,
    ...(host && { host }),
    by: requesterFrom(given['by'] ?? null),
    requestId: textOrNull(given, 'requestId'),
    message: textOrNull(given, 'message'),
    onInterrupt: isLeft(given, 'onInterrupt')
      ? null
      : oneOf<OnInterrupt>(given, 'onInterrupt', ON_INTERRUPT),
    mode: isLeft(given, 'mode') ? null : oneOf<QueueMode>(given, 'mode', MODES),
    strict: given['strict'] === true,
    allowDowngrade: given['allowDowngrade'] === true,
    allowQuarantined: given['allowQuarantined'] === true,
    ...(given['perChute'] === true && { perChute: true }),
    origin: (given['origin'] ?? null) as Said['origin'],
  };
}

/** What is asked of the device itself; whether it is a host configuration, planning finds out. */
function hostFrom(value: Json): HostRequest | null {
  if (value === null) return null;
  const given = objectOf(value, 'host');
  const { config = null, patch = [] } = given;
  if (!Array.isArray(patch)) throw wrong('host.patch', 'must be a list');
  return {
    operation: oneOf<HostRequest['operation']>(given, 'operation', HOST_OPERATIONS, 'apply'),
    config: config === null ? null : objectOf(config, 'host.config'),
    patch: (patch as readonly Json[]).map((each, at) => objectOf(each, `host.patch[${at}]`)),
  };
}

/** Who asks, as a body says it; whoever may open the socket is trusted to say so. */
export function requesterFrom(given: Json): Requester {
  if (given === null) return { user: 'unknown', role: 'owner', via: 'socket' };
  const { user, role, via } = objectOf(given, 'by');
  return {
    user: typeof user === 'string' ? user : 'unknown',
    role: typeof role === 'string' ? role : 'owner',
    via: typeof via === 'string' ? via : 'socket',
  };
}

/** A body, or a part of one, that has to be a map. Throws an HttpError naming it. */
export function objectOf(value: Json, what: string): JsonObject {
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return value as JsonObject;
  throw wrong(what, 'must be a map');
}

function checkChute(value: Json, at: number): void {
  const place = `chutes[${at}]`;
  const { chute, operation, definition, sources, signature } = objectOf(value, place);
  if (typeof chute !== 'string' || !NAME.test(chute)) throw wrong(`${place}.chute`, 'is no name');
  if (typeof operation !== 'string' || !OPERATIONS.has(operation))
    throw wrong(`${place}.operation`, `must be one of ${[...OPERATIONS].join(', ')}`);
  if (definition !== null) objectOf(definition ?? 0, `${place}.definition`);
  objectOf(sources ?? 0, `${place}.sources`);
  if (signature !== undefined) checkSignature(signature, `${place}.signature`);
}

function checkSignature(value: Json, place: string): void {
  const { sha256, by, open } = objectOf(value, place);
  if (typeof sha256 !== 'string') throw wrong(`${place}.sha256`, 'must be a text');
  if (!Array.isArray(open) || !open.every((each) => typeof each === 'string'))
    throw wrong(`${place}.open`, 'must be a list of services');
  if (!Array.isArray(by)) throw wrong(`${place}.by`, 'must be a list');
  for (const each of by as readonly Json[]) {
    const { name, publicKey } = objectOf(each, `${place}.by`);
    if (typeof name !== 'string' || typeof publicKey !== 'string')
      throw wrong(`${place}.by`, 'must be names with their publicKey');
  }
}

function textOrNull(given: JsonObject, field: string): string | null {
  const value = given[field] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw wrong(field, 'must be a text');
}

/** Whether a field is left to the device. */
const isLeft = (given: JsonObject, field: string): boolean => (given[field] ?? null) === null;

function oneOf<T extends string>(
  given: JsonObject,
  field: string,
  words: ReadonlySet<string>,
  otherwise?: T,
): T {
  const value = given[field] ?? otherwise;
  if (typeof value === 'string' && words.has(value)) return value as T;
  throw wrong(field, `must be one of ${[...words].join(', ')}`);
}

function wrong(field: string, reason: string): HttpError {
  return new HttpError(422, 'RIPCORD_USAGE_INVALID', `cannot take the request: ${field} ${reason}`);
}
