import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

import { CAPABILITIES, type Capability } from '../core/facts.ts';
import type { NetworkFacts } from '../core/network.ts';
import { findHierarchy } from './cgroups.ts';
import { dockerSocket } from './docker/socket.ts';
import { type KernelPart, openKernel } from './host-kernel.ts';
import { HostTree } from './host-tree.ts';

/** The parts of the kernel that interfaces of chutes are made of. */
const KERNEL_PARTS: Readonly<Record<'bridge' | 'nftables' | 'vlan', KernelPart>> = {
  bridge: { module: 'bridge', option: 'BRIDGE' },
  nftables: { module: 'nf_tables', option: 'NF_TABLES' },
  vlan: { module: '8021q', option: 'VLAN_8021Q', sign: 'proc/net/vlan' },
};

/** Where tools lie that a user's own PATH may not name. The same for every user, as facts have to be. */
const TOOL_DIRECTORIES = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];

/** What this host can do that not every host can. Looks only: nothing is made, no tool is run. */
export function observeCapabilities(
  network: Pick<NetworkFacts, 'radios'>,
  tree: HostTree = new HostTree(),
): readonly Capability[] {
  const part = openKernel(tree);
  const has: Readonly<Record<Capability, () => boolean>> = {
    bridge: () => part(KERNEL_PARTS.bridge) === 'there',
    'cpu-shares': () => findHierarchy(tree, 'cpu') !== null,
    dnsmasq: () => findTool('dnsmasq', tree) !== null,
    docker: () => hasEngine(tree),
    hostapd: () => findTool('hostapd', tree) !== null,
    'memory-limit': () => findHierarchy(tree, 'memory') !== null,
    nftables: () => findTool('nft', tree) !== null && part(KERNEL_PARTS.nftables) === 'there',
    vlan: () => part(KERNEL_PARTS.vlan) === 'there',
    wifi: () => Object.keys(network.radios).length > 0,
  };
  return CAPABILITIES.filter((capability) => has[capability]());
}

/** The path of a tool; null where it is not installed. */
export function findTool(name: string, tree: HostTree = new HostTree()): string | null {
  for (const directory of TOOL_DIRECTORIES) {
    const path = tree.path(join(directory, name));
    if (isExecutable(path)) return path;
  }
  return null;
}

/** An engine of containers on another device is none of this host's. */
function hasEngine(tree: HostTree): boolean {
  try {
    return isWritable(tree.path(dockerSocket(process.env)));
  } catch {
    return false;
  }
}

function isWritable(path: string): boolean {
  return isAllowed(path, constants.W_OK);
}

function isExecutable(path: string): boolean {
  return isAllowed(path, constants.X_OK) && statSync(path).isFile();
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
