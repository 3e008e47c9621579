import type { ChuteName, ServiceName } from './chute.ts';
import type { RootPath } from './step.ts';

/*
 * Where things of a chute live below the root. Every path here is relative to the root; planners
 * write them into steps, drivers resolve them below it.
 *
 *   chutes/NAME/releases/<hex>/          one immutable tree per content
 *   chutes/NAME/services/S/current       -> ../../releases/<hex>, switched by one rename
 *   chutes/NAME/volumes/V/               named volumes, the chute's own content
 *   chutes/NAME/data/                    HOME of its processes
 *   chutes/NAME/system/                  what the system tells it
 *   chutes/NAME/logs/S.log               what its services print, and S.1.log before that
 */

/** Where all chutes live. Pure. */
export function chutesDirectory(): RootPath {
  return 'chutes';
}

/** `chutes/NAME`. Pure. */
export function chuteDirectory(chute: ChuteName): RootPath {
  return `${chutesDirectory()}/${chute}`;
}

/** The chute whose own directory this path is; null for every other path. Pure. */
export function chuteOfDirectory(path: RootPath): ChuteName | null {
  const [, chute] = /^chutes\/([^/]+)$/.exec(path) ?? [];
  return chute ?? null;
}

/** Where all releases of a chute are kept. Pure. */
export function releasesDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/releases`;
}

/** Where the release with this digest (`sha256:<hex>`) is kept. Pure. */
export function releaseDirectory(chute: ChuteName, digest: string): RootPath {
  return `${releasesDirectory(chute)}/${releaseName(digest)}`;
}

/** The directory name of a release: its digest's hex. Pure. */
export function releaseName(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The digest of the release kept under this directory name. Pure. */
export function releaseDigest(name: string): string {
  return `sha256:${name}`;
}

/** Where what belongs to the services of a chute is. Pure. */
export function servicesDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/services`;
}

/** What belongs to one service of a chute; holds `current`. Pure. */
function serviceDirectory(chute: ChuteName, service: ServiceName): RootPath {
  return `${servicesDirectory(chute)}/${service}`;
}

/** Says that a stop is on its way, and of which step: see `process.stop@1`. Pure. */
export function stoppingFile(chute: ChuteName, service: ServiceName): RootPath {
  return `${serviceDirectory(chute, service)}/stopping`;
}

/** One file per process of a service, named by its pid: who it is, where its environment lies. Pure. */
export function runDirectory(chute: ChuteName, service: ServiceName): RootPath {
  return `${serviceDirectory(chute, service)}/run`;
}

/** The link to the release that a service runs: the working directory of its process. Pure. */
export function currentLink(chute: ChuteName, service: ServiceName): RootPath {
  return `${serviceDirectory(chute, service)}/current`;
}

/** What `current` holds when it points at the release with this digest. Pure. */
export function currentTarget(digest: string): string {
  return `../../releases/${releaseName(digest)}`;
}

/** Where all volumes of a chute live. Pure. */
function volumesDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/volumes`;
}

/** Where a named volume lives. Pure. */
export function volumeDirectory(chute: ChuteName, volume: string): RootPath {
  return `${volumesDirectory(chute)}/${volume}`;
}

/** A chute's own directory for what is in no volume: HOME of its processes. Pure. */
export function dataDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/data`;
}

/** What the system tells a chute in files: `PARADROP_SYSTEM_DIR`. Pure. */
export function systemDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/system`;
}

/** Where the logs of a chute's services are. Pure. */
function logsDirectory(chute: ChuteName): RootPath {
  return `${chuteDirectory(chute)}/logs`;
}

/** The log file of one service. Pure. */
export function serviceLog(chute: ChuteName, service: ServiceName): RootPath {
  return `${logsDirectory(chute)}/${service}.log`;
}

/** Whether a path stays below the root: relative, without `.`, `..` and empty parts. Pure. */
export function isRootPath(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
