import { RipcordError } from '../../core/errors.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The socket of the container engine that this environment names: `RIPCORD_DOCKER` (a path, or a URL as
 * in `DOCKER_HOST`), else `DOCKER_HOST`, else where Docker puts it. Pure.
 *
 * Throws RIPCORD_USAGE_INVALID for an engine that is not on this device: what runs there is not ours.
 */
export function dockerSocket(environment: Readonly<Record<string, string | undefined>>): string {
  const name = environment['RIPCORD_DOCKER'] ? 'RIPCORD_DOCKER' : 'DOCKER_HOST';
  const given = environment[name];
  if (given === undefined || given === '') return DEFAULT_SOCKET;
  const path = given.startsWith('unix://') ? given.slice('unix://'.length) : given;
  if (path.startsWith('/')) return path;
  throw new RipcordError(
    'RIPCORD_USAGE_INVALID',
    `cannot use ${name}=${given}: it is no socket of this device`,
    { hint: `set ${name} to unix:///path/to/docker.sock` },
  );
}
