import type { ContainerInstance } from '../../core/container.ts';
import type { Done } from '../../core/driver.ts';
import type { ArgsOf, ProcessInstance, ResultOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import type { SimScene } from './simulated.ts';

/** What a service's start gives, whatever it runs in. */
export function started<Instance extends ProcessInstance | ContainerInstance>(
  { context }: SimScene,
  args: ArgsOf<'process.start@1'> | ArgsOf<'container.start@1'>,
  instance: Instance,
): Done<{ readonly instance: Instance }> {
  const value = { state: 'running', spec: args.spec, instance } as const;
  return { result: { instance }, patch: servicePatch(context.applied, args, value) };
}

/** What its stop gives. */
export function stopped(
  { context }: SimScene,
  args: ArgsOf<'process.stop@1'> | ArgsOf<'container.stop@1'>,
  exit: string,
): Done<ResultOf<'process.stop@1'>> {
  const value = { state: 'stopped', spec: args.spec, instance: null } as const;
  return { result: { exit, log: [] }, patch: servicePatch(context.applied, args, value) };
}
