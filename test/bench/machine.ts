import { statfsSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What the figures were taken on. */
export function describeMachine(directory: string): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return [
    `Node ${process.versions.node}`,
    `Linux ${release()}`,
    `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}`,
    `${memory} GiB`,
    `file system ${fileSystemOf(directory)}`,
  ].join(', ');
}

/** How many processes wanted to run, over the last minute. */
export function describeLoad(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function fileSystemOf(directory: string): string {
  const { type } = statfsSync(directory);
  return FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`;
}

/** The magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0xf2f52010: 'f2fs',
  0x794c7630: 'overlayfs',
  0x01021994: 'tmpfs',
  0x2fc12fc1: 'zfs',
};
