import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { SecretRef } from '../../core/chute.ts';
import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { stoppingFile } from '../../core/layout.ts';
import type { ArgsOf, ProcessInstance, ResultOf, UndoOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { askOnce } from '../health.ts';
import { tailLog } from '../log-file.ts';
import { findLeader, findService } from '../marked.ts';
import { below, serviceEnvironment } from '../service-environment.ts';
import { endProcesses, membersOf, type Whose } from './end.ts';
import { launchOnce } from './start.ts';

type Args = ArgsOf<'process.stop@1'>;
type Undo = UndoOf<'process.stop@1'>;

const LOG_LINES = 40;
/** How long undoing waits for a service that is back to serve. */
const SERVES_WITHIN_MS = 20_000;
const LOOK_MS = 25;

/**
 * Stops a service's process group. Nothing in a process tells whether it was sent a signal and is on
 * its way out, so a file says so before the signal goes: undoing may leave an untouched process alone,
 * but has to replace one that is about to end. The file is not synced; no process outlives its loss.
 */
export const processStop: DriverOf<'process.stop@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const service = context.applied.chutes[args.chute]?.services[args.service];
    return { instance: service?.state === 'running' ? service.instance : null };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    const whose = target(context, undo);
    if (whose === null) return stopped(context, args, 'was not running');

    const file = below(whose.root, stoppingFile(args.chute, args.service));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, context.mark);
    const ending = { ...args.spec.stop, abort: context.signal };
    const exit = await endProcesses(whose, ending);
    // One that an undo of this very step started: the step is run again.
    await endProcesses({ root: whose.root, mark: context.mark, instance: null }, ending);
    rmSync(file, { force: true });
    return stopped(context, args, exit);
  },

  async probe(context, args, undo) {
    const whose = target(context, undo);
    const again = whose === null ? null : findLeader(whose.root, context.mark);
    if (again !== null) return { state: 'not-done', evidence: { undone: again } };

    const left = whose === null ? [] : membersOf(whose).map(({ pid }) => pid);
    if (left.length === 0) {
      const done = stopped(context, args, 'ended while nobody looked');
      return { state: 'done', evidence: { left }, done };
    }
    const untouched = isUp(whose) && !isStopping(context, args);
    return { state: untouched ? 'not-done' : 'partial', evidence: { left } };
  },

  async undo(context, args, undo) {
    const whose = target(context, undo);
    if (whose === null) return;
    if (isUp(whose) && !isStopping(context, args)) return;

    await endProcesses(whose, { ...args.spec.stop, abort: context.signal });
    const instance = await launchOnce(context, args);
    rmSync(below(whose.root, stoppingFile(args.chute, args.service)), { force: true });
    await serves(context, args, { root: whose.root, instance });
    const service = { state: 'running', spec: args.spec, instance } as const;
    return { patch: servicePatch(context.applied, args, service) };
  },
};

/**
 * Waits until a service that was started again serves, for as long as its health check gives it. What
 * it then answers decides nothing: it runs as it ran before, and it may not have been well then.
 */
async function serves(
  context: StepContext,
  { spec, ready }: Args,
  { root, instance }: { readonly root: string; readonly instance: ProcessInstance },
): Promise<void> {
  if (ready === null || ready.check.type === 'alive') return;
  const { signal } = context;
  const source = { root, secret: (ref: SecretRef) => context.secret(ref) };
  const environment = await serviceEnvironment(source, spec.environment);
  const scene = { directory: below(root, spec.directory), environment, signal };
  const end = context.up() + Math.min(ready.withinMs, SERVES_WITHIN_MS);
  while (context.up() < end && findService(root, instance) !== null) {
    const { verdict } = await askOnce(ready, scene);
    if (verdict === 'good') return;
    await pause(LOOK_MS, undefined, { signal });
  }
}

/** Whose processes the step is about; null when the service was not running before it. */
function target(context: StepContext, undo: Undo): (Whose & Required<Undo>) | null {
  if (undo.instance === null) return null;
  return { root: realpathSync(context.root), mark: undo.instance.mark, instance: undo.instance };
}

function isUp(whose: Whose | null): boolean {
  return whose?.instance != null && findService(whose.root, whose.instance) !== null;
}

function isStopping(context: StepContext, args: Args): boolean {
  try {
    const file = below(context.root, stoppingFile(args.chute, args.service));
    return readFileSync(file, 'utf8') === context.mark;
  } catch {
    return false;
  }
}

function stopped(context: StepContext, args: Args, exit: string): Done<ResultOf<'process.stop@1'>> {
  const service = { state: 'stopped', spec: args.spec, instance: null } as const;
  return {
    result: { exit, log: tailLog(below(context.root, args.spec.log), LOG_LINES) },
    patch: servicePatch(context.applied, args, service),
  };
}
