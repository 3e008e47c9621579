import type { Secrets } from '../../journal/secrets-store.ts';
import type { Applied, AppliedService } from '../core/applied.ts';
import type { ChuteName, SecretRef, ServiceName } from '../core/chute.ts';
import type { HostFacts } from '../core/facts.ts';
import { checkRoom } from '../drivers/files/room.ts';
import { secureNames } from '../drivers/files/secure-names.ts';
import { isAlive } from '../drivers/proc.ts';
import { observeHost, observeServices } from '../drivers/process/observe.ts';
import type { Host, ObservedService } from '../engine/host.ts';

/** What of the host is configured rather than observed. */
export type Configured = Pick<HostFacts, 'runtime' | 'host'>;

/** This machine, as far as the engine looks at it outside of any step. */
export function localHost(root: string, configured: Configured, secrets: Secrets): Host {
  return {
    facts: async () => observeHost(root, configured),
    observe: async (applied, chutes) => observe(root, applied, chutes),
    checkRoom: async (steps) => await checkRoom(root, steps),
    secure: async (step) => await secureNames(root, step),
    secret: async (ref: SecretRef) => Buffer.from(secrets.get(ref)).toString(),
    keepSecret: async (value) => await secrets.put(value),
  };
}

/** The services of the named chutes that `applied` knows, as their processes show them. Read-only. */
export function observe(
  root: string,
  applied: Applied,
  chutes: readonly ChuteName[],
): readonly ObservedService[] {
  const known = chutes.flatMap((chute) =>
    Object.entries(applied.chutes[chute]?.services ?? {}).map(
      ([service, state]) => [chute, service, state] as const,
    ),
  );
  if (known.length === 0) return [];
  const live = observeServices(root);
  return known.map(([chute, service, state]) => observeOne(live, chute, service, state));
}

function observeOne(
  live: ReturnType<typeof observeServices>,
  chute: ChuteName,
  service: ServiceName,
  { state, instance }: AppliedService,
): ObservedService {
  const found = live.find((each) => each.instance.mark === instance?.mark);
  if (instance && isAlive(instance)) {
    const evidence = { pid: instance.pid, mark: instance.mark };
    return { chute, service, state: 'running', instance, evidence };
  }
  if (found) {
    const evidence = { pid: found.instance.pid, mark: found.instance.mark };
    return { chute, service, state: 'running', instance: found.instance, evidence };
  }
  // What was stopped on purpose is not found dead.
  const gone = state === 'running' ? 'exited' : state;
  return { chute, service, state: gone, instance: null, evidence: 'no process carries its mark' };
}
