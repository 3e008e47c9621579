import { accessSync, constants } from 'node:fs';

import type { HostTree } from './host-tree.ts';

/** What a group of processes can be held to. */
export type Controller = 'cpu' | 'memory';

/** Where the kernel has the groups of a controller. */
export type Hierarchy = {
  readonly version: 1 | 2;
  /** As it is mounted, below the tree it was looked for in. */
  readonly path: string;
  /** The group that this process is in, where services without limits begin; null when it is not here. */
  readonly home: string | null;
};

const UNIFIED = '/sys/fs/cgroup';

/**
 * Where this user may make groups that a controller rules: with cgroup v1 below its own hierarchy,
 * with v2 where it is handed down, or can be. Null where nowhere.
 */
export function findHierarchy(tree: HostTree, controller: Controller): Hierarchy | null {
  const mounts = tree.read('proc/self/mountinfo') ?? '';
  const groups = mounts.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type = '', , options = ''] = after.split(' ');
    const [, , , top = '', path = ''] = before.split(' ');
    return type === 'cgroup' || type === 'cgroup2' ? [{ type, top, path, options }] : [];
  });
  const first = groups.find(
    ({ type, options }) => type === 'cgroup' && options.split(',').includes(controller),
  );
  if (first !== undefined) {
    const path = tree.path(first.path);
    return isWritable(path) ? { version: 1, path, home: homeIn(tree, first, controller) } : null;
  }
  const unified = groups.find(({ type, path }) => type === 'cgroup2' && path === UNIFIED);
  if (unified === undefined || !isWritable(tree.path(UNIFIED))) return null;
  const names = (file: string): readonly string[] => (tree.read(UNIFIED, file) ?? '').split(/\s+/);
  const handedDown = names('cgroup.subtree_control').includes(controller);
  const canBe =
    names('cgroup.controllers').includes(controller) &&
    isWritable(tree.path(UNIFIED, 'cgroup.subtree_control'));
  if (!handedDown && !canBe) return null;
  return { version: 2, path: tree.path(UNIFIED), home: homeIn(tree, unified, '') };
}

/** The group of this process: `controller` is empty in the one hierarchy of v2. */
function homeIn(
  tree: HostTree,
  { top, path }: { readonly top: string; readonly path: string },
  controller: Controller | '',
): string | null {
  const lines = (tree.read('proc/self/cgroup') ?? '').split('\n');
  const own = lines.flatMap((line) => {
    const [, controllers = '', ...rest] = line.trim().split(':');
    return controllers.split(',').includes(controller) ? [rest.join(':')] : [];
  })[0];
  const above = top === '/' ? '' : top;
  if (own === undefined || own.split('/').includes('..') || !own.startsWith(above)) return null;
  const home = tree.path(path, `.${own.slice(above.length)}`);
  return isWritable(`${home}/cgroup.procs`) ? home : null;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
