import { RipcordError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import { dockerSocket } from './socket.ts';

/** An engine of containers that is restarted is back within a second or two. */
const PATIENCE_MS = 10_000;
/** A probe has five seconds. */
const PROBE_PATIENCE_MS = 3_000;

/** For whom something is asked: a root has one engine and holds on to it. */
type Asker = { readonly signal: AbortSignal; readonly root?: string };

/** The engine of containers of this device, for what changes something. */
export function engineOf({ signal, root }: Asker): EngineApi {
  const bond = root === undefined ? null : { root, keeps: true };
  return new EngineApi(dockerSocket(process.env), { signal, patienceMs: PATIENCE_MS, bond });
}

/** The same, for a look that must not take long. */
export function engineForProbe({ signal, root }: Asker): EngineApi {
  const bond = root === undefined ? null : { root, keeps: false };
  return new EngineApi(dockerSocket(process.env), { signal, patienceMs: PROBE_PATIENCE_MS, bond });
}

/**
 * Asks the engine of containers for something, and says in the user's words what could not be done.
 *
 * Throws RIPCORD_DOCKER_FOREIGN when it is not the root's, RIPCORD_DOCKER_UNREACHABLE when it was not asked (transient), or did not answer (unknown),
 * RIPCORD_DOCKER_REFUSED, RIPCORD_PORT_TAKEN, RIPCORD_DISK_FULL or RIPCORD_ACCESS_DENIED.
 */
export async function asking<T>(what: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw error instanceof EngineError ? inWords(what, error) : error;
  }
}

const DENIED = new Set(['EACCES', 'EPERM']);
const PORT_TAKEN = /port is already allocated|address already in use/;
/**
 * What passes by itself: a registry that is away, something that is being removed right now, a name that
 * an earlier attempt took after it was given up.
 */
const PASSING =
  /connection refused|connection reset by peer|i\/o timeout|no such host|no route to host|server misbehaving|network is unreachable|Client\.Timeout|deadline exceeded|TLS handshake timeout|: EOF$|unexpected EOF|unexpected HTTP status: 5\d\d|toomanyrequests|is already in progress|is already in use by container/;
const DISK_FULL = /no space left on device|disk quota exceeded/;

/** What an engine of containers did not do, in the user's words; `more` is told beside it. */
export function inWords(
  what: string,
  error: EngineError,
  more: Readonly<Record<string, Json>> = {},
): RipcordError {
  const details = { outcome: error.outcome, status: error.status, reason: error.message, ...more };
  const said = { cause: error, details };
  if (error.outcome === 'refused') {
    const message = `cannot ${what}: ${error.message}`;
    if (PORT_TAKEN.test(error.message))
      return new RipcordError('RIPCORD_PORT_TAKEN', message, said);
    if (DISK_FULL.test(error.message))
      return new RipcordError('RIPCORD_DISK_FULL', message, {
        ...said,
        hint: 'free some space, then ask again: docker system df',
      });
    const isPassing = error.status === 503 || PASSING.test(error.message);
    return new RipcordError('RIPCORD_DOCKER_REFUSED', message, {
      ...said,
      class: isPassing ? 'transient' : 'permanent',
    });
  }
  if (error.code !== null && DENIED.has(error.code)) {
    return new RipcordError('RIPCORD_ACCESS_DENIED', `cannot ${what}: ${error.message}`, {
      ...said,
      hint: 'run as root, or as a user of the group docker',
    });
  }
  const isUnknown = error.outcome === 'unknown';
  const verb = isUnknown ? 'did not answer' : 'is not reached';
  return new RipcordError(
    'RIPCORD_DOCKER_UNREACHABLE',
    `cannot ${what}: Docker ${verb}: ${error.message}`,
    { ...said, class: isUnknown ? 'unknown' : 'transient', hint: 'systemctl status docker' },
  );
}
