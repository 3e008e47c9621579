import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ServiceLimits } from '../../core/applied.ts';
import type { ChuteName, ServiceName } from '../../core/chute.ts';
import { codeOf, RipcordError } from '../../core/errors.ts';
import { type Controller, findHierarchy, type Hierarchy } from '../cgroups.ts';
import { HostTree } from '../host-tree.ts';

/*
 * Each service that has limits is a group of the kernel: `ripcord-<dev>-<ino>/CHUTE:SERVICE`, named
 * after its root, as the journal's lock is. Groups do not outlive a boot and need not: a service gets
 * its group when it starts, and it goes when the service has stopped, or shall have no limits any more.
 */

type GroupOf = {
  readonly root: string;
  readonly chute: ChuteName;
  readonly service: ServiceName;
};

/** What a group has that nobody gave anything. */
const SHARES_DEFAULT = 1024;
const CONTROLLERS: readonly Controller[] = ['cpu', 'memory'];

/** A service without limits. */
export const UNLIMITED: ServiceLimits = { shares: null, memory: null };

/** The groups of a root's services on this host, as far as this user may make any. */
export class Groups {
  readonly #hierarchies: Readonly<Record<Controller, Hierarchy | null>>;

  /** `tree` is the host; another one only on paper. */
  constructor(tree: HostTree = new HostTree()) {
    this.#hierarchies = {
      cpu: findHierarchy(tree, 'cpu'),
      memory: findHierarchy(tree, 'memory'),
    };
  }

  /** Whether a service can be held to its memory here. */
  get canLimitMemory(): boolean {
    return this.#hierarchies.memory !== null;
  }

  /**
   * Makes a service's group where it needs one and sets what it may take; shares that cannot be set
   * here are left as they are. Safe to repeat.
   *
   * Throws RIPCORD_PROCESS_FAILED when the kernel refuses, as for less memory than is in use.
   */
  set(group: GroupOf, limits: ServiceLimits): void {
    for (const controller of CONTROLLERS) {
      const hierarchy = this.#hierarchies[controller];
      const { file, value } = settingOf(hierarchy?.version ?? 1, controller, limits);
      if (hierarchy === null) continue;
      const path = groupPath(hierarchy, group);
      if (!isLimited(controller, limits) && read(join(path, file)) === null) continue;
      guarded(group, () => {
        make(hierarchy, controller, group);
        writeFileSync(join(path, file), value);
      });
    }
  }

  /** Puts processes into their service's group, where it has one; those that have ended are left out. */
  add(group: GroupOf, pids: readonly number[]): void {
    for (const path of this.#paths(group)) {
      for (const pid of pids) {
        guarded(group, () => {
          try {
            writeFileSync(join(path, 'cgroup.procs'), `${pid}`);
          } catch (error) {
            if (!GONE.has(codeOf(error) ?? '')) throw error;
          }
        });
      }
    }
  }

  /** Whether a service's group, if it needs one here, is as these limits say. Read-only. */
  has(group: GroupOf, limits: ServiceLimits): boolean {
    return CONTROLLERS.every((controller) => {
      const hierarchy = this.#hierarchies[controller];
      if (hierarchy === null) return true;
      const { file, value } = settingOf(hierarchy.version, controller, limits);
      const found = read(join(groupPath(hierarchy, group), file));
      if (found === null) return !isLimited(controller, limits);
      return found === value || isRounded(controller, Number(found), Number(value));
    });
  }

  /** Removes a service's group once nothing is in it, and the root's with the last one. Never throws. */
  drop(group: GroupOf): void {
    for (const hierarchy of Object.values(this.#hierarchies))
      if (hierarchy !== null) removeGroup(hierarchy, group);
  }

  /**
   * Removes a service's group where these limits ask for none, and leaves what is in it where a service
   * without limits begins. One that cannot be left stays, and limits nothing. Never throws.
   */
  lift(group: GroupOf, limits: ServiceLimits): void {
    const { cpu, memory } = this.#hierarchies;
    for (const controller of CONTROLLERS) {
      const hierarchy = this.#hierarchies[controller];
      if (hierarchy === null || isLimited(controller, limits)) continue;
      // With v2 it is one group for both.
      if (cpu?.path === memory?.path && CONTROLLERS.some((each) => isLimited(each, limits)))
        continue;
      leave(hierarchy, group);
      removeGroup(hierarchy, group);
    }
  }

  /** The directories of a service's groups that are there: with v2 one for all controllers. */
  #paths(group: GroupOf): readonly string[] {
    const paths = CONTROLLERS.flatMap((controller) => {
      const hierarchy = this.#hierarchies[controller];
      return hierarchy === null ? [] : [groupPath(hierarchy, group)];
    });
    return [...new Set(paths)].filter((path) => read(join(path, 'cgroup.procs')) !== null);
  }
}

/** A process that has ended cannot be put anywhere. */
const GONE = new Set(['ESRCH']);

const isLimited = (controller: Controller, { shares, memory }: ServiceLimits): boolean =>
  (controller === 'cpu' ? shares : memory) !== null;

/** The file of a group that holds a limit, and what it then holds. Pure. */
function settingOf(
  version: Hierarchy['version'],
  controller: Controller,
  { shares, memory }: ServiceLimits,
): { readonly file: string; readonly value: string } {
  if (controller === 'cpu')
    return version === 1
      ? { file: 'cpu.shares', value: `${shares ?? SHARES_DEFAULT}` }
      : { file: 'cpu.weight', value: `${weightOf(shares)}` };
  if (version === 2) return { file: 'memory.max', value: memory === null ? 'max' : `${memory}` };
  return { file: 'memory.limit_in_bytes', value: memory === null ? '-1' : `${memory}` };
}

/** Shares as cgroup v2 counts them, in the way of container runtimes; 100 is its default. Pure. */
const weightOf = (shares: number | null): number =>
  shares === null ? 100 : 1 + Math.floor(((Math.min(shares, 262_144) - 2) * 9_999) / 262_142);

/** The kernel limits memory by whole pages, and has no word for "no limit" in v1. */
function isRounded(controller: Controller, found: number, wanted: number): boolean {
  if (controller !== 'memory') return false;
  if (wanted === -1) return found > Number.MAX_SAFE_INTEGER / 2;
  return PAGE_SIZES.some((page) => found === Math.floor(wanted / page) * page);
}

const PAGE_SIZES = [4096, 16_384, 65_536];

function make(hierarchy: Hierarchy, controller: Controller, group: GroupOf): void {
  const root = rootPath(hierarchy, group);
  mkdirSync(root, { recursive: true });
  if (hierarchy.version === 2)
    for (const above of [hierarchy.path, root])
      handDown(join(above, 'cgroup.subtree_control'), controller);
  mkdirSync(groupPath(hierarchy, group), { recursive: true });
}

function handDown(file: string, controller: Controller): void {
  if (!(read(file) ?? '').split(' ').includes(controller)) writeFileSync(file, `+${controller}`);
}

function removeGroup(hierarchy: Hierarchy, group: GroupOf): void {
  for (const path of [groupPath(hierarchy, group), rootPath(hierarchy, group)]) {
    try {
      rmdirSync(path);
    } catch {
      return; // Not there, or somebody is in it.
    }
  }
}

/** Puts all that is in a service's group where this process is; what is forked meanwhile follows. */
function leave(hierarchy: Hierarchy, group: GroupOf): void {
  const { home } = hierarchy;
  if (home === null) return;
  const file = join(groupPath(hierarchy, group), 'cgroup.procs');
  for (let round = 0; round < LEAVES_MAX; round++) {
    const pids = (read(file) ?? '').split('\n').filter(Boolean);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        writeFileSync(join(home, 'cgroup.procs'), pid);
      } catch {
        continue; // It has ended, or may not be moved: then it stays where it is.
      }
    }
  }
}

/** How often a group is looked at that is to be left. */
const LEAVES_MAX = 20;

const rootPath = ({ path }: Hierarchy, { root }: Pick<GroupOf, 'root'>): string => {
  const { dev, ino } = statSync(root, { bigint: true });
  return join(path, `ripcord-${dev}-${ino}`);
};

const groupPath = (hierarchy: Hierarchy, group: GroupOf): string =>
  join(rootPath(hierarchy, group), `${group.chute}:${group.service}`);

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function guarded({ chute, service }: GroupOf, work: () => void): void {
  try {
    work();
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error';
    const reason =
      code === 'EBUSY' ? 'it uses more than that, and what it uses cannot be taken from it' : code;
    throw new RipcordError(
      'RIPCORD_PROCESS_FAILED',
      `cannot limit service ${service} of ${chute}: ${reason}`,
      { cause: error, class: 'permanent' },
    );
  }
}
