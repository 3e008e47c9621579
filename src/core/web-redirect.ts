import type { AppliedChute } from './applied.ts';
import type { ChuteName } from './chute.ts';
import { runtimeOf, withPorts } from './planners/dynamic-ports.ts';
import { publishedPorts } from './planners/published-ports.ts';

/** What a browser asks the gateway for. */
export type WebRequest = {
  /** The path with its query, as it was sent. */
  readonly path: string;
  /** The `Host` it was sent to, with its port if it has one. */
  readonly host: string | undefined;
};

/** A place of a chute's web service, and the host by which the gateway was asked. */
type Asked = { readonly chute: ChuteName; readonly path: string; readonly host: string };

/**
 * Where a chute's web service answers what was asked of the gateway: `/chutes/NAME` with all that is
 * behind it, or anything for the host `NAME.chute.DOMAIN`. Pure; null when no running chute is meant.
 */
export function webRedirect(
  request: WebRequest,
  chutes: Readonly<Record<ChuteName, AppliedChute>>,
): string | null {
  const asked = askedOf(request);
  const found = asked && Object.hasOwn(chutes, asked.chute) ? chutes[asked.chute] : undefined;
  const port = found ? webPort(found) : null;
  return asked && port !== null ? `http://${asked.host}:${port}${asked.path}` : null;
}

/** Whether a request is for some chute's web service, be there such a chute or not. Pure. */
export function isForChute(request: WebRequest): boolean {
  return askedOf(request) !== null;
}

function askedOf({ path, host }: WebRequest): Asked | null {
  if (!path.startsWith('/')) return null;
  const at = hostOf(host);
  const [, byHost] = /^([a-z0-9-]+)\.chute\..+$/.exec(at.toLowerCase()) ?? [];
  if (byHost !== undefined) return { chute: byHost, path, host: at };
  // A name ends where another part of the path does: a longer one is another chute.
  const [, chute, rest = ''] = /^\/chutes\/([a-z0-9-]+)((?:[/?].*)?)$/.exec(path) ?? [];
  if (chute === undefined) return null;
  return { chute, path: rest.startsWith('/') ? rest : `/${rest}`, host: at };
}

/** A host without its port, if it is one that a browser can have asked. */
function hostOf(given = ''): string {
  const [, host] = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/i.exec(given) ?? [];
  return host ?? 'localhost';
}

/** The port of the host that a chute's web service is published at, while it runs. */
function webPort(chute: AppliedChute): number | null {
  const { definition, run, services, dynamicPorts } = chute;
  if (run !== 'running' || !definition?.web) return null;
  const given = withPorts(definition, runtimeOf(chute), dynamicPorts);
  const { web } = given;
  if (!web || services[web.service]?.state !== 'running') return null;
  const published = publishedPorts(given).find(
    ({ service, internal, key }) =>
      service === web.service && internal === web.port && key.endsWith('/tcp'),
  );
  return published?.external ?? null;
}
