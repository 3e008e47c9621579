import { accessSync, constants } from 'node:fs';

import type { HostTree } from './host-tree.ts';

/** What a group of processes can be held to. */
export type Controller = 'cpu' | 'memory';

/** Where the kernel has the groups of a controller. */
export type Hierarchy = {
  readonly version: 1 | 2;
  /** As it is mounted, below the tree it was looked for in. */
  readonly path: string;
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
    const [, , , , path = ''] = before.split(' ');
    return type === 'cgroup' || type === 'cgroup2' ? [{ type, path, options }] : [];
  });
  const first = groups.find(
    ({ type, options }) => type === 'cgroup' && options.split(',').includes(controller),
  );
  if (first !== undefined)
    return isWritable(tree.path(first.path)) ? { version: 1, path: tree.path(first.path) } : null;
  const unified = groups.find(({ type, path }) => type === 'cgroup2' && path === UNIFIED);
  if (unified === undefined || !isWritable(tree.path(UNIFIED))) return null;
  const names = (file: string): readonly string[] => (tree.read(UNIFIED, file) ?? '').split(/\s+/);
  const handedDown = names('cgroup.subtree_control').includes(controller);
  const canBe =
    names('cgroup.controllers').includes(controller) &&
    isWritable(tree.path(UNIFIED, 'cgroup.subtree_control'));
  return handedDown || canBe ? { version: 2, path: tree.path(UNIFIED) } : null;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
