import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';

import type { ServiceLimits } from '../../core/applied.ts';
import type { ChuteName, SecretRef, ServiceName } from '../../core/chute.ts';
import { codeOf, RipcordError } from '../../core/errors.ts';
import { dataDirectory } from '../../core/layout.ts';
import type { ProcessInstance, ProcessSpec, TokenRef } from '../../core/step.ts';
import { lifeOf } from '../life.ts';
import { openLog } from '../log-file.ts';
import { instanceOf, liveProcesses, readStat } from '../proc.ts';
import { below, serviceEnvironment } from '../service-environment.ts';
import { writeWitness } from '../witness.ts';
import { Groups } from './groups.ts';
import { serviceStdio } from './stdio.ts';

/** A service's process to be. */
export type Launch = {
  readonly root: string;
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly spec: ProcessSpec;
  /** `uN/<step id>`: what finds the process again when nothing of its start was recorded. */
  readonly mark: string;
  readonly secret: (ref: SecretRef | TokenRef) => Promise<string>;
  /** What it may take; absent: as much as there is. */
  readonly limits?: ServiceLimits;
};

/** Errors of a machine that is out of something now and may not be in a moment. */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);

/**
 * Starts a process in its own session, with its output in its log file. Resolves when the command
 * itself runs, that is, after a successful exec; how the service then fares is for the gate to see.
 *
 * Throws RIPCORD_PROCESS_FAILED when the command cannot be run, RIPCORD_SECRET_MISSING.
 */
export async function launch(service: Launch): Promise<ProcessInstance> {
  const root = realpathSync(service.root);
  const { spec, mark } = service;
  const [file, ...args] = spec.command;
  const directory = below(root, spec.directory);
  if (file === undefined) throw failed(service, 'its command is empty', 'give it a command');
  if (!(await isDirectory(directory))) {
    throw failed(service, `its directory '${spec.directory}' is missing`, 'give it a source');
  }
  const own = await serviceEnvironment({ root, secret: service.secret }, spec.environment);
  const life = lifeOf(root);
  const environment = {
    HOME: below(root, dataDirectory(service.chute)),
    ...own,
    RIPCORD_ROOT: root,
    RIPCORD_STEP: mark,
    ...(life !== null && { RIPCORD_LIFE: life }),
    RIPCORD_CHUTE: service.chute,
    RIPCORD_SERVICE: service.service,
  };

  const groups = groupsFor(service, root);

  const log = openLog(below(root, spec.log));
  const nothing = openSync('/dev/null', 'r');
  const logFrom = fstatSync(log).size;
  try {
    const child = spawn(file, args, {
      cwd: directory,
      env: environment,
      detached: true,
      stdio: serviceStdio(log, nothing),
    });
    if (child.pid === undefined) throw await execFailure(service, child);

    // Read before the event loop turns: until then even a process that ended at once has its entry.
    const started = readStat(child.pid);
    child.unref();
    if (started === null) throw failed(service, 'it has no entry in /proc', 'mount /proc');
    const instance = instanceOf(started, mark);
    hold(service, { root, pid: child.pid, groups });
    writeWitness(root, { chute: service.chute, service: service.service, instance, logFrom });
    return instance;
  } finally {
    closeSync(nothing);
    closeSync(log);
  }
}

/** The groups that hold a service to its limits, made before it starts; null when it has none. */
function groupsFor(launching: Launch, root: string): Groups | null {
  const { chute, service, limits } = launching;
  if (limits === undefined) return null;
  const groups = new Groups();
  if (limits.memory !== null && !groups.canLimitMemory)
    throw failed(launching, 'its memory cannot be limited here', 'run ripcord as root');
  groups.set({ root, chute, service }, limits);
  return groups;
}

/** Holds a process that was just started, and what it has started since, to its service's limits. */
function hold(
  { chute, service }: Launch,
  {
    root,
    pid,
    groups,
  }: { readonly root: string; readonly pid: number; readonly groups: Groups | null },
): void {
  if (groups === null) return;
  const group = { root, chute, service };
  try {
    groups.add(group, [pid]);
    const children = liveProcesses().filter(({ session }) => session === pid);
    groups.add(
      group,
      children.map((child) => child.pid),
    );
  } catch (error) {
    process.kill(-pid, 'SIGKILL');
    throw error;
  }
}

async function execFailure(service: Launch, child: ChildProcess): Promise<RipcordError> {
  const [error] = (await once(child, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  const code = codeOf(error) ?? 'unknown error';
  const file = service.spec.command[0] ?? '';
  if (code === 'ENOENT') {
    const hint = `check the command '${service.spec.command.join(' ')}' and its interpreter: is it installed on this device?`;
    return failed(service, `'${file}' was not found`, hint);
  }
  if (code === 'EACCES') {
    return failed(service, `'${file}' is not executable`, `chmod +x ${file}`);
  }
  return new RipcordError('RIPCORD_PROCESS_FAILED', `${subject(service)}: ${code}`, {
    cause: error,
    class: PASSING.has(code) ? 'transient' : 'permanent',
  });
}

function failed(service: Launch, reason: string, hint: string): RipcordError {
  return new RipcordError('RIPCORD_PROCESS_FAILED', `${subject(service)}: ${reason}`, { hint });
}

function subject(service: Launch): string {
  return `cannot start service ${service.service} of ${service.chute}`;
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}
