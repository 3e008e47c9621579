import { realpathSync } from 'node:fs';

import type { ServiceLimits } from '../core/applied.ts';
import type { ChuteName, ServiceName } from '../core/chute.ts';
import { isContainerInstance, type ServiceInstance } from '../core/container.ts';
import type { Done, DriverOf, StepContext } from '../core/driver.ts';
import { pointer } from '../core/patch.ts';
import type { ArgsOf, ResultOf } from '../core/step.ts';
import { isContainerLimited, limitContainer } from './docker/container-limits.ts';
import { membersOf } from './process/end.ts';
import { Groups, UNLIMITED } from './process/groups.ts';

type Args = ArgsOf<'resource.limit@1'>;
type Limits = Args['services'];
type Running = { readonly service: ServiceName; readonly instance: ServiceInstance };

/**
 * Limits what the services of a chute may take. Those that run are limited at once, with all their
 * processes; the others when they start, which goes by what is applied.
 */
export const resourceLimit: DriverOf<'resource.limit@1'> = {
  idempotent: true,

  async prepare({ applied }, { chute }) {
    return { before: applied.limits[chute] ?? {} };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    await setAll(context, args, args.services);
    return done(context, args);
  },

  async probe(context, args) {
    const running = runningServices(context, args);
    const limited: ServiceName[] = [];
    for (const each of running) {
      const { service } = each;
      const limits = args.services[service] ?? UNLIMITED;
      if (await isLimited(context, { ...each, chute: args.chute }, limits)) limited.push(service);
    }
    const evidence = { running: running.map(({ service }) => service), limited };
    // With nothing that runs there is nothing to see, and limiting is done again for nothing.
    if (limited.length === 0) return { state: 'not-done', evidence };
    if (limited.length < running.length) return { state: 'partial', evidence };
    return { state: 'done', evidence, done: done(context, args) };
  },

  async undo(context, args, { before }) {
    await setAll(context, args, before);
  },
};

async function setAll(context: StepContext, args: Args, limits: Limits): Promise<void> {
  for (const { service, instance } of runningServices(context, args)) {
    const wanted = limits[service] ?? UNLIMITED;
    if (isContainerInstance(instance)) {
      await limitContainer(context, instance, wanted);
      continue;
    }
    const groups = new Groups();
    const root = realpathSync(context.root);
    const group = { root, chute: args.chute, service };
    groups.set(group, wanted);
    const members = membersOf({ root, mark: instance.mark, instance });
    groups.add(
      group,
      members.map(({ pid }) => pid),
    );
    groups.lift(group, wanted);
  }
}

async function isLimited(
  context: StepContext,
  running: Running & { readonly chute: ChuteName },
  limits: ServiceLimits,
): Promise<boolean> {
  const { chute, service, instance } = running;
  if (isContainerInstance(instance)) return isContainerLimited(context, instance, limits);
  return new Groups().has({ root: realpathSync(context.root), chute, service }, limits);
}

function runningServices({ applied }: StepContext, { chute }: Args): readonly Running[] {
  return Object.entries(applied.chutes[chute]?.services ?? {}).flatMap(
    ([service, { state, instance }]) =>
      state === 'running' && instance !== null ? [{ service, instance }] : [],
  );
}

function done(context: StepContext, args: Args): Done<ResultOf<'resource.limit@1'>> {
  const { chute, services } = args;
  const running = runningServices(context, args).map(({ service }) => service);
  const path = pointer('limits', chute);
  const result = { running };
  if (Object.keys(services).length > 0) {
    const value: Readonly<Record<ServiceName, ServiceLimits>> = services;
    return { result, patch: [{ op: 'add', path, value }] };
  }
  return context.applied.limits[chute] ? { result, patch: [{ op: 'remove', path }] } : { result };
}
