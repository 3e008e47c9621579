import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import type { ContainerPorts } from '../container-ports.ts';
import { markedProcesses } from '../marked.ts';
import { readStat } from '../proc.ts';

/** Somebody who listens on a port of this host. */
export type Listener = {
  /** `18080/tcp`. */
  readonly port: string;
  /** Null when it belongs to another user, whose processes may not be looked at. */
  readonly pid: number | null;
  readonly program: string;
};

type Socket = { readonly port: string; readonly inode: string };

const TABLES = [
  { path: '/proc/net/tcp', protocol: 'tcp', state: '0A' },
  { path: '/proc/net/tcp6', protocol: 'tcp', state: '0A' },
  { path: '/proc/net/udp', protocol: 'udp', state: '07' },
  { path: '/proc/net/udp6', protocol: 'udp', state: '07' },
] as const;

/** Every listening port of this host with its owner, as far as it can be told. */
export function listeningPorts(): readonly Listener[] {
  const sockets = TABLES.flatMap(readTable);
  const owners = ownersOf(new Set(sockets.map(({ inode }) => inode)));
  return sockets.flatMap(({ port, inode }): readonly Listener[] => {
    const pids = owners.get(inode) ?? [];
    if (pids.length === 0) return [{ port, pid: null, program: 'another program' }];
    return pids.map((pid) => ({ port, pid, program: readStat(pid)?.name ?? 'another program' }));
  });
}

const NO_CONTAINERS: ContainerPorts = { ports: [], ids: [] };

/** Listening ports that no process and no container of this root holds, and the program that does. */
export function foreignPorts(
  root: string,
  containers: ContainerPorts = NO_CONTAINERS,
): Readonly<Record<string, string>> {
  const listeners = listeningPorts();
  const marked = new Set(markedProcesses(root).map(({ pid }) => pid));
  const isOurs = (pid: number): boolean => marked.has(pid) || isInside(pid, containers.ids);
  // A socket can be shared; one of our processes among its owners is enough.
  const held = new Set([
    ...containers.ports,
    ...listeners.filter(({ pid }) => pid !== null && isOurs(pid)).map(({ port }) => port),
  ]);
  const foreign = listeners.filter(({ port }) => !held.has(port));
  return Object.fromEntries(
    foreign
      .map(({ port, program }) => [port, program] as const)
      // Of several that share a socket the oldest is told: its children come and go.
      .toReversed()
      .toSorted(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10)),
  );
}

/** Whether a process is in one of these containers, which its control group is named after. */
function isInside(pid: number, ids: readonly string[]): boolean {
  if (ids.length === 0) return false;
  try {
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
    return ids.some((id) => groups.includes(id));
  } catch {
    return false;
  }
}

function readTable(table: (typeof TABLES)[number]): readonly Socket[] {
  let text: string;
  try {
    text = readFileSync(table.path, 'utf8');
  } catch {
    return []; // A kernel without IPv6 has no such table.
  }
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === table.state)
    .map((fields) => ({
      port: `${Number.parseInt(fields[1]?.split(':')[1] ?? '0', 16)}/${table.protocol}`,
      inode: fields[9] ?? '',
    }));
}

function ownersOf(inodes: ReadonlySet<string>): ReadonlyMap<string, readonly number[]> {
  const owners = new Map<string, number[]>();
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of entries(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${file}`))?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const pids = owners.get(inode) ?? [];
      if (!pids.includes(Number(pid))) pids.push(Number(pid));
      owners.set(inode, pids);
    }
  }
  return owners;
}

/** Names in a directory under /proc; none when its process has ended or belongs to another user. */
function entries(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
