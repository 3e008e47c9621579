import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

import type { SecretRef } from '../core/chute.ts';
import { codeOf, RipcordError } from '../core/errors.ts';
import { isRootPath } from '../core/layout.ts';
import type { ProcessSpec, RootPath, TokenRef } from '../core/step.ts';
import { newToken } from './new-token.ts';

/** What a service's environment is made of besides its own variables. */
export type EnvironmentSource = {
  /** The real path of the root. */
  readonly root: string;
  readonly secret: (ref: SecretRef | TokenRef) => Promise<string>;
};

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The variables a service's command sees: its own and a PATH, nothing of the engine's environment, so
 * that a service started by hand and one started at boot are the same. The directory of the running
 * Node.js comes first: `node` in a chute is the one that runs Ripcord.
 *
 * Throws RIPCORD_SECRET_MISSING, RIPCORD_SECRET_DAMAGED.
 */
export async function serviceEnvironment(
  source: EnvironmentSource,
  environment: ProcessSpec['environment'],
): Promise<Record<string, string>> {
  const resolved: Record<string, string> = { PATH: `${dirname(process.execPath)}:${SYSTEM_PATH}` };
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value === 'string') resolved[name] = value;
    else if ('$path' in value) resolved[name] = below(source.root, value.$path);
    else if ('$api' in value) resolved[name] = apiUrl(source.root, value.$api);
    else if ('$host' in value) resolved[name] = hostname();
    else if ('$token' in value) resolved[name] = await tokenOf(source, value);
    else resolved[name] = await source.secret(value);
  }
  return resolved;
}

/**
 * The token of a chute. One that was lost or has changed must not keep its services from running, nor
 * what is undone from running again: they get one that opens nothing.
 */
async function tokenOf({ secret }: EnvironmentSource, ref: TokenRef): Promise<string> {
  try {
    return await secret(ref);
  } catch (error) {
    if (!LOST.has(codeOf(error) ?? '')) throw error;
    return newToken();
  }
}

const LOST: ReadonlySet<string> = new Set(['RIPCORD_SECRET_MISSING', 'RIPCORD_SECRET_DAMAGED']);

/** A URL of the local API, in the way of programs that speak HTTP over sockets in the file system. */
function apiUrl(root: string, path: string): string {
  return `http+unix://${encodeURIComponent(join(root, SOCKET))}${path}`;
}

const SOCKET = 'ripcord.sock';

/** The absolute path of something below the root. Throws RIPCORD_OPERATION_REFUSED when it is not. */
export function below(root: string, path: RootPath): string {
  if (!isRootPath(path)) {
    throw new RipcordError(
      'RIPCORD_OPERATION_REFUSED',
      `cannot use path '${path}': it is not below the root`,
    );
  }
  return join(root, path);
}
