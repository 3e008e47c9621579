import { realpathSync } from 'node:fs';

import type { Done, DriverOf, StepContext } from '../../core/driver.ts';
import type { ArgsOf, ProcessInstance, ResultOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import { hidingSecretsOf } from '../hide-secrets.ts';
import { lastLines } from '../last-lines.ts';
import { findLeader, markedProcesses } from '../marked.ts';
import { NOT_RUNNING } from '../not-running.ts';
import { logStartOf } from '../witness.ts';
import { endProcesses, membersOf } from './end.ts';
import { Groups } from './groups.ts';
import { launch } from './launch.ts';

type Args = ArgsOf<'process.start@1'>;

/** Starts a service as a supervised process. Repeating finds the running one by its mark. */
export const processStart: DriverOf<'process.start@1'> = {
  idempotent: true,

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
    const { mark } = context;
    const { chute, service, spec } = args;
    const exit = await endProcesses(
      { root, mark, instance: null },
      { ...spec.stop, abort: context.signal },
    );
    new Groups().drop({ root, chute, service });
    // What a version that is taken back printed tells why: its log is soon somebody else's.
    if (exit === NOT_RUNNING && logStartOf(root, { chute, service, mark }) === null) return;
    const hide = await hidingSecretsOf(spec.environment, (ref) => context.secret(ref));
    const log = lastLines(root, { chute, service, mark, log: spec.log }, hide);
    await context.note({ service, exit, log });
  },
};

/**
 * The one process that carries the step's mark: the living one, else a new one. Whatever else lives of
 * this service is ended first, as it may hold the port: what a dead one left behind in its session, and
 * one that the journal does not know (any more), which is noted.
 */
export async function launchOnce(context: StepContext, args: Args): Promise<ProcessInstance> {
  const root = realpathSync(context.root);
  const living = findLeader(root, context.mark);
  if (living !== null) return living;

  const { chute, service, spec } = args;
  for (const { mark, leader } of strays(root, context, args)) {
    if (leader !== null) await context.note({ unknown: mark, pid: leader, fate: 'ended' });
    await endProcesses({ root, mark, instance: null }, { ...spec.stop, abort: context.signal });
  }
  const secret = (ref: Parameters<StepContext['secret']>[0]): Promise<string> =>
    context.secret(ref);
  const limits = context.applied.limits[chute]?.[service];
  const held = limits === undefined ? {} : { limits };
  return launch({ root, chute, service, spec, mark: context.mark, secret, ...held });
}

/** Marks of this service that live although nothing is known of them, and who leads their session. */
function strays(
  root: string,
  { applied }: StepContext,
  { chute, service }: Args,
): readonly { readonly mark: string; readonly leader: number | null }[] {
  const known = applied.chutes[chute]?.services[service];
  const spared = known?.state === 'running' ? known.instance?.mark : undefined;
  const leaders = new Map<string, number | null>();
  for (const process of markedProcesses(root)) {
    if (process.chute !== chute || process.service !== service) continue;
    const { mark, pid, session } = process;
    leaders.set(mark, leaders.get(mark) ?? (pid === session ? pid : null));
  }
  return [...leaders]
    .map(([mark, leader]) => ({ mark, leader }))
    .filter(({ mark, leader }) => leader === null || mark !== spared);
}

function started(
  context: StepContext,
  args: Args,
  instance: ProcessInstance,
): Done<ResultOf<'process.start@1'>> {
  const service = { state: 'running', spec: args.spec, instance } as const;
  return { result: { instance }, patch: servicePatch(context.applied, args, service) };
}
