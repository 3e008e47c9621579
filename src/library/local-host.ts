import type { Secrets } from '../../journal/secrets-store.ts';
import type { Applied, AppliedService } from '../core/applied.ts';
import type { ChuteName, SecretRef, ServiceName } from '../core/chute.ts';
import { isContainer, isContainerInstance } from '../core/container.ts';
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
    facts: async () => await hostFacts(root, configured),
    observe: async (applied, chutes) => await observe(root, applied, chutes),
    checkRoom: async (steps) => await checkRoom(root, steps),
    secure: async (step) => await secureNames(root, step),
    secret: async (ref: SecretRef) => Buffer.from(secrets.get(ref)).toString(),
    keepSecret: async (value) => await secrets.put(value),
  };
}

/** What planners may know of this host. Throws RIPCORD_HOST_UNSUPPORTED anywhere but on Linux. */
export async function hostFacts(root: string, configured: Configured): Promise<HostFacts> {
  if (configured.runtime !== 'docker') return observeHost(root, configured);
  const { portsOfContainers } = await import('../drivers/docker/container-ports.ts');
  return observeHost(root, configured, await portsOfContainers(root));
}

/**
 * The services of the named chutes that `applied` knows, as the world has them. Read-only. Nothing is
 * said of what cannot be seen: containers while their engine is away.
 */
export async function observe(
  root: string,
  applied: Applied,
  chutes: readonly ChuteName[],
): Promise<readonly ObservedService[]> {
  const known = chutes.flatMap((chute) =>
    Object.entries(applied.chutes[chute]?.services ?? {}).map(([service, state]) => ({
      chute,
      service,
      state,
    })),
  );
  const inContainers = known.filter(({ state }) => state.spec && isContainer(state.spec));
  const asProcesses = known.filter((each) => !inContainers.includes(each));
  return [
    ...(asProcesses.length === 0 ? [] : observeProcesses(root, asProcesses)),
    ...(inContainers.length === 0 ? [] : await observeInContainers(root, inContainers)),
  ];
}

type Known = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly state: AppliedService;
};

function observeProcesses(root: string, known: readonly Known[]): readonly ObservedService[] {
  const live = observeServices(root);
  return known.map(({ chute, service, state: { state, instance } }) => {
    const recorded = instance && !isContainerInstance(instance) ? instance : null;
    const isSame = recorded !== null && isAlive(recorded);
    const found = isSame
      ? recorded
      : live.find((each) => each.instance.mark === recorded?.mark)?.instance;
    if (!found) return gone({ chute, service }, state, 'no process carries its mark');
    const evidence = { pid: found.pid, mark: found.mark };
    return { chute, service, state: 'running', instance: found, evidence };
  });
}

async function observeInContainers(
  root: string,
  known: readonly Known[],
): Promise<readonly ObservedService[]> {
  // Whoever runs processes need not load what containers need.
  const { observeContainers } = await import('../drivers/docker/observe.ts');
  const all = await observeContainers(root);
  if (all === null) return [];
  return known.map(({ chute, service, state: { state, instance } }) => {
    const recorded = instance && isContainerInstance(instance) ? instance.container : null;
    const found = all.find((each) => each.instance.container === recorded);
    if (!found?.isRunning) {
      const evidence = found ? `container ${found.name} has ended` : 'its container is gone';
      return gone({ chute, service }, state, evidence);
    }
    const evidence = { container: found.instance.container, mark: found.instance.mark };
    return { chute, service, state: 'running', instance: found.instance, evidence };
  });
}

/** What was stopped on purpose is not found dead. */
const gone = (
  which: Pick<Known, 'chute' | 'service'>,
  state: AppliedService['state'],
  evidence: string,
): ObservedService => ({
  ...which,
  state: state === 'running' ? 'exited' : state,
  instance: null,
  evidence,
});
