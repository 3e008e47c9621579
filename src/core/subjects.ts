import type { ChuteName } from './chute.ts';
import type { HostRequest, UpdateRequest } from './events.ts';
import { HOST } from './host-config/document.ts';
import type { Operation } from './plan.ts';

/** What is asked of a chute, or of the device itself. */
export type AnyOperation = Operation | HostRequest['operation'];

/** What a request is about: the device itself first, under its own name, then its chutes. Pure. */
export function subjectsOf({ chutes, host }: Pick<UpdateRequest, 'chutes' | 'host'>): readonly {
  readonly chute: ChuteName;
  readonly operation: AnyOperation;
}[] {
  const device = host ? [{ chute: HOST, operation: host.operation }] : [];
  return [...device, ...chutes.map(({ chute, operation }) => ({ chute, operation }))];
}
