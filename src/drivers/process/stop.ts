import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { stoppingFile } from '../../core/layout.ts';
import type { ArgsOf, ResultOf, UndoOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { tailLog } from '../log-file.ts';
import { findLeader, findService } from '../marked.ts';
import { below } from '../service-environment.ts';
import { endProcesses, membersOf, type Whose } from './end.ts';
import { launchOnce } from './start.ts';

type Args = ArgsOf<'process.stop@1'>;
type Undo = UndoOf<'process.stop@1'>;

const LOG_LINES = 40;

/**
 * Stops a service's process group. Nothing in a process tells whether it was sent a signal and is on
 * its way out, so a file says so before the signal goes: undoing may leave an untouched process alone,
 * but has to replace one that is about to end. The file is not synced; no process outlives its loss.
 */
export const processStop: DriverOf<'process.stop@1'> = {
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
    const service = { state: 'running', spec: args.spec, instance } as const;
    return { patch: servicePatch(context.applied, args, service) };
  },
};

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
