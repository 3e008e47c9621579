import type { Applied, ServiceLimits } from '../../core/applied.ts';
import type { ChuteName, ServiceName } from '../../core/chute.ts';
import { isContainer, isContainerInstance, type ServiceSpec } from '../../core/container.ts';
import { fileText, type HostFile } from '../../core/host-file.ts';
import { canonical, type Sha256 } from '../../core/json.ts';
import {
  chuteDirectory,
  currentLink,
  dataDirectory,
  releaseDirectory,
  systemDirectory,
  volumeDirectory,
} from '../../core/layout.ts';
import type { RootPath } from '../../core/step.ts';
import { imageIdOf, putContainer, type SimContainer, type SimImage } from './sim-containers.ts';

/** A process of a simulated device. Who it is, what it was started as, and whether it is on its way out. */
export type SimProcess = {
  readonly pid: number;
  readonly chute: ChuteName;
  readonly service: ServiceName;
  /** `uN/<step id>` of the step that started it. */
  readonly mark: string;
  /** The hash of how it was started. */
  readonly spec: string;
  isEnding: boolean;
};

/** Everything there is on a simulated device, as JSON. Files by the hash of what they hold. */
export type SimWorld = {
  boot: string;
  nextPid: number;
  directories: Record<RootPath, true>;
  /** Bytes of what fills the disk, by the directory that holds it. */
  sizes: Record<RootPath, number>;
  /** What `current` of each service points at. */
  links: Record<RootPath, string>;
  files: Record<RootPath, { readonly hash: string; readonly mode: number }>;
  /** What was last loaded from each file. */
  loaded: Record<RootPath, string>;
  /** Files that what reads them does not take. */
  unloadable: RootPath[];
  processes: SimProcess[];
  containers: SimContainer[];
  /** By what they are called. */
  images: Record<string, SimImage>;
  networks: string[];
  /** What services may take, by chute. */
  limits: Record<ChuteName, Readonly<Record<ServiceName, ServiceLimits>>>;
  /** Ports that somebody else listens on. */
  portsTaken: Record<string, string>;
  secretsMissing: string[];
  /** Services, `chute/service`, that run and never answer well. */
  unwell: string[];
  /** Bytes that the disk holds; null: more than anybody needs. */
  diskBytes: number | null;
  /** What one release takes. */
  releaseBytes: number;
};

const RELEASE_BYTES = 1024 * 1024;

/** A device on which nothing was done yet. */
export function emptyWorld(): SimWorld {
  return {
    boot: 'sim',
    nextPid: 1000,
    directories: {},
    sizes: {},
    links: {},
    files: {},
    loaded: {},
    unloadable: [],
    processes: [],
    containers: [],
    images: {},
    networks: [],
    limits: {},
    portsTaken: {},
    secretsMissing: [],
    unwell: [],
    diskBytes: null,
    releaseBytes: RELEASE_BYTES,
  };
}

/**
 * The device that has exactly this applied. Pure. What is written in `unloaded` was never loaded: a
 * reload of it is owed.
 */
export function worldOf(
  applied: Applied,
  sha256: Sha256,
  unloaded: readonly RootPath[] = [],
): SimWorld {
  const world = emptyWorld();
  world.limits = { ...applied.limits };
  for (const [chute, { definition, releases, services, volumes }] of Object.entries(
    applied.chutes,
  )) {
    for (const path of [chuteDirectory(chute), dataDirectory(chute), systemDirectory(chute)])
      world.directories[path] = true;
    for (const volume of Object.keys(volumes))
      world.directories[volumeDirectory(chute, volume)] = true;
    for (const [service, digest] of Object.entries(releases)) {
      putRelease(world, releaseDirectory(chute, digest));
      world.links[currentLink(chute, service)] = digest;
    }
    for (const [service, { state, spec, instance }] of Object.entries(services)) {
      if (state !== 'running' || !spec || !instance) continue;
      const hash = specHash(spec, sha256);
      if (isContainer(spec) && isContainerInstance(instance)) {
        const image = imageIdOf(definition?.services[service], spec, sha256);
        putContainer(world, { chute, service, hash, spec, instance, image });
      }
      if (isContainerInstance(instance)) continue;
      const { pid, mark } = instance;
      world.nextPid = Math.max(world.nextPid, pid + 1);
      world.processes.push({ pid, chute, service, mark, spec: hash, isEnding: false });
    }
  }
  for (const [path, file] of Object.entries(applied.host.files)) {
    const hash = fileHash(file, sha256);
    world.files[path] = { hash, mode: file.mode };
    if (!unloaded.includes(path)) world.loaded[path] = hash;
  }
  return world;
}

/** Where a device is not what is applied, in words; empty when it is. Pure. */
export function differences(world: SimWorld, applied: Applied, sha256: Sha256): readonly string[] {
  const is = comparable(world);
  const shall = comparable(worldOf(applied, sha256));
  const places = new Set([...Object.keys(is), ...Object.keys(shall)]);
  const differ = [...places]
    .filter((place) => is[place] !== shall[place])
    .map((place) => `${place} is ${is[place] ?? 'nothing'}, not ${shall[place] ?? 'nothing'}`);
  const { directories, networks, images } = worldOf(applied, sha256);
  // There may be more of these than are needed.
  const missing = [
    ...Object.keys(directories).filter((path) => !world.directories[path]),
    ...networks.filter((network) => !world.networks.includes(network)),
    ...Object.keys(images).filter((image) => !world.images[image]),
  ].map((what) => `${what} is missing`);
  return [...differ, ...missing].toSorted();
}

/** Every place where a device can differ from what is applied; directories may be more. */
function comparable(world: SimWorld): Record<string, string> {
  const { links, files, loaded, processes, containers, limits } = world;
  const places: Record<string, string> = {};
  for (const [path, digest] of Object.entries(links)) places[path] = digest;
  for (const [path, { hash }] of Object.entries(files))
    if (!path.startsWith('quarantine/')) places[path] = hash;
  for (const [path, hash] of Object.entries(loaded)) places[`loaded ${path}`] = hash;
  for (const [chute, each] of Object.entries(limits)) places[`limits ${chute}`] = canonical(each);
  for (const { pid, chute, service, mark, spec, isEnding } of processes)
    places[`process ${pid}`] = `${chute}/${service} ${mark} ${spec}${isEnding ? ' ending' : ''}`;
  // What does not run is nobody's concern: what was put aside, or died and was found so.
  for (const { id, chute, service, mark, spec } of containers.filter(
    (each) => each.state === 'running',
  ))
    places[`container ${id}`] = `${chute}/${service} ${mark} ${spec}`;
  return places;
}

/** The hash of what a file of the host's configuration holds. Pure. */
export function fileHash({ sections }: HostFile, sha256: Sha256): string {
  return `sha256:${sha256(fileText(sections))}`;
}

/** The hash of how a service was started. Pure. */
export function specHash(spec: ServiceSpec, sha256: Sha256): string {
  return sha256(canonical(spec));
}

/** Puts a release into the store. Safe to repeat. */
export function putRelease(world: SimWorld, path: RootPath): void {
  world.directories[path] = true;
  world.sizes[path] = world.releaseBytes;
}

/** Removes a directory with all it holds. Safe to repeat. */
export function removeTree(world: SimWorld, path: RootPath): void {
  for (const map of [world.directories, world.sizes, world.links])
    for (const each of Object.keys(map))
      if (each === path || each.startsWith(`${path}/`)) delete map[each];
}

/** Bytes that are taken on the disk. Pure. */
export function bytesUsed({ sizes }: SimWorld): number {
  return Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
}
