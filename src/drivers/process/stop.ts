import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import type { SecretRef } from '../../core/chute.ts';
import { isContainerInstance } from '../../core/container.ts';
import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import { stoppingFile } from '../../core/layout.ts';
import type { ArgsOf, ProcessInstance, ResultOf, TokenRef, UndoOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { askOnce, processScene } from '../health.ts';
import { hidingSecretsOf } from '../hide-secrets.ts';
import { lastLines } from '../last-lines.ts';
import { findLeader, findService } from '../marked.ts';
import { NOT_RUNNING } from '../not-running.ts';
import { below, serviceEnvironment } from '../service-environment.ts';
import { endProcesses, membersOf, type Whose } from './end.ts';
import { Groups } from './groups.ts';
import { launchOnce } from './start.ts';

type Args = ArgsOf<'process.stop@1'>;
type Undo = UndoOf<'process.stop@1'>;

/** How long undoing waits for a service that is back to serve. */
const SERVES_WITHIN_MS = 20_000;
const LOOK_MS = 25;

/**
 * Stops a service's process group. Nothing in a process tells whether it was sent a signal and is on
 * its way out, so a file says so before the signal goes: undoing may leave an untouched process alone,
 * but has to replace one that is about to end. The file is not synced; no process outlives its loss.
 *
 * Writing it is best effort: a full disk must not keep anybody from stopping what fills it. What room
 * is missing for is the file's content, so it is there and empty, and undoing then replaces the process.
 */
export const processStop: DriverOf<'process.stop@1'> = {
  idempotent: true,

  async prepare(context, args) {
    const service = context.applied.chutes[args.chute]?.services[args.service];
    const instance = service?.state === 'running' ? service.instance : null;
    return { instance: instance && !isContainerInstance(instance) ? instance : null };
  },

  async run(context, args, undo) {
    context.signal.throwIfAborted();
    const whose = target(context, undo);
    if (whose === null) return await stopped(context, args, { exit: NOT_RUNNING, undo });

    const file = below(whose.root, stoppingFile(args.chute, args.service));
    announce(file, context.mark);
    const ending = { ...args.spec.stop, abort: context.signal };
    const exit = await endProcesses(whose, ending);
    // One that an undo of this very step started: the step is run again.
    await endProcesses({ root: whose.root, mark: context.mark, instance: null }, ending);
    rmSync(file, { force: true });
    new Groups().drop({ root: whose.root, chute: args.chute, service: args.service });
    return await stopped(context, args, { exit, undo });
  },

  async probe(context, args, undo) {
    const whose = target(context, undo);
    const again = whose === null ? null : findLeader(whose.root, context.mark);
    if (again !== null) return { state: 'not-done', evidence: { undone: again } };

    const left = whose === null ? [] : membersOf(whose).map(({ pid }) => pid);
    // What a stop leaves about itself is its own to remove: it is done once that is gone as well.
    if (left.length === 0 && !isStopping(context, args)) {
      const done = await stopped(context, args, { exit: 'ended while nobody looked', undo });
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
  const source = { root, secret: (ref: SecretRef | TokenRef) => context.secret(ref) };
  const environment = await serviceEnvironment(source, spec.environment);
  const directory = below(root, spec.directory);
  const scene = processScene({ directory, environment, signal });
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

function announce(file: string, mark: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, mark);
  } catch {
    // See above: the stop goes on.
  }
}

/** Whether the step announced itself, also where there was no room for all of its name. */
function isStopping(context: StepContext, args: Args): boolean {
  try {
    const file = below(context.root, stoppingFile(args.chute, args.service));
    return context.mark.startsWith(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}

async function stopped(
  context: StepContext,
  { chute, service, spec }: Args,
  { exit, undo }: { readonly exit: string; readonly undo: Undo },
): Promise<Done<ResultOf<'process.stop@1'>>> {
  const hide = await hidingSecretsOf(spec.environment, (ref) => context.secret(ref));
  const mark = undo.instance?.mark ?? context.mark;
  const log = lastLines(context.root, { chute, service, mark, log: spec.log }, hide);
  const value = { state: 'stopped', spec, instance: null } as const;
  return {
    result: { exit, log },
    patch: servicePatch(context.applied, { chute, service }, value),
  };
}
