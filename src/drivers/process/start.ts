import { realpathSync } from 'node:fs';

import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf, ProcessInstance, ResultOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { findLeader, markedProcesses } from '../marked.ts';
import { endProcesses, membersOf } from './end.ts';
import { launch } from './launch.ts';

type Args = ArgsOf<'process.start@1'>;

/** Starts a service as a supervised process. Repeating finds the running one by its mark. */
export const processStart: DriverOf<'process.start@1'> = {
  async run(context, args) {
    context.signal.throwIfAborted();
    return started(context, args, await launchOnce(context, args));
  },

  async probe(context, args) {
    const root = realpathSync(context.root);
    const instance = findLeader(root, context.mark);
    if (instance !== null) {
      return { state: 'done', evidence: instance, done: started(context, args, instance) };
    }
    const left = membersOf({ root, mark: context.mark, instance: null }).map(({ pid }) => pid);
    return { state: left.length > 0 ? 'partial' : 'not-done', evidence: { left } };
  },

  async undo(context, args) {
    const root = realpathSync(context.root);
    await endProcesses(
      { root, mark: context.mark, instance: null },
      { ...args.spec.stop, abort: context.signal },
    );
  },
};

/**
 * The one process that carries the step's mark: the living one, else a new one. What dead ones of this
 * service left behind in their sessions is ended first; it may hold the port.
 */
export async function launchOnce(context: StepContext, args: Args): Promise<ProcessInstance> {
  const root = realpathSync(context.root);
  const living = findLeader(root, context.mark);
  if (living !== null) return living;

  const { chute, service, spec } = args;
  for (const mark of abandonedMarks(root, args)) {
    await endProcesses({ root, mark, instance: null }, { ...spec.stop, abort: context.signal });
  }
  const secret = (ref: Parameters<StepContext['secret']>[0]): Promise<string> =>
    context.secret(ref);
  return launch({ root, chute, service, spec, mark: context.mark, secret });
}

/** Marks of this service whose leader is gone while others that carry them still live. */
function abandonedMarks(root: string, { chute, service }: Args): ReadonlySet<string> {
  const ours = markedProcesses(root).filter(
    (process) => process.chute === chute && process.service === service,
  );
  const led = new Set(ours.filter(({ pid, session }) => pid === session).map(({ mark }) => mark));
  return new Set(ours.map(({ mark }) => mark).filter((mark) => !led.has(mark)));
}

function started(
  context: StepContext,
  args: Args,
  instance: ProcessInstance,
): Done<ResultOf<'process.start@1'>> {
  const service = { state: 'running', spec: args.spec, instance } as const;
  return { result: { instance }, patch: servicePatch(context.applied, args, service) };
}
