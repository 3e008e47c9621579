import { readdirSync, readFileSync } from 'node:fs';

import type { ProcessInstance } from '../core/step.ts';

/** What `/proc/PID/stat` says of a process that has not ended. */
export type ProcessStat = {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot: with the pid and the boot, who it is. */
  readonly startTicks: number;
};

/** A zombie has ended: nobody has asked for its exit code yet, and an orphan's may never be. */
const ENDED = new Set(['Z', 'X', 'x']);

/** Whether a process has ended although it still has an entry in /proc. */
function hasEnded(stat: ProcessStat | null): boolean {
  return stat === null || ENDED.has(stat.state);
}

/** The entry of a process, also of a zombie; null when there is none. */
export function readStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;

  // The name is in parentheses and may itself hold spaces and parentheses.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, end),
    state: fields[0] ?? 'X',
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTicks: Number(fields[19]),
  };
}

/** Every process that has not ended, except this one. */
export function liveProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null)
    .filter((stat) => !hasEnded(stat));
}

/** Whether exactly this process is alive: not only its number, which the kernel gives out again. */
export function isAlive(instance: ProcessInstance): boolean {
  if (instance.boot !== bootId()) return false;
  const stat = readStat(instance.pid);
  return stat !== null && !hasEnded(stat) && stat.startTicks === instance.startTicks;
}

/** The identity of a process as it is journaled. */
export function instanceOf(stat: ProcessStat, mark: string): ProcessInstance {
  return { pid: stat.pid, startTicks: stat.startTicks, boot: bootId(), mark };
}

/** The id of this boot: start ticks of another one mean nothing. */
function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

/** The same for as long as this program lives. */
let boot: string | undefined;

/** The environment a process was started with; empty when it may not be read. */
export function readEnvironment(pid: number): ReadonlyMap<string, string> {
  const text = readProc(`/proc/${pid}/environ`);
  if (text === null) return new Map();
  return new Map(
    text.split('\0').map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)] as const;
    }),
  );
}

/** A file under /proc, or null: whoever it is about may end or be out of reach at any moment. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
