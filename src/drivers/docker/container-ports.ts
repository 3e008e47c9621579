import type { Applied } from '../../core/applied.ts';
import { isContainer } from '../../core/container.ts';
import type { ContainerPorts } from '../container-ports.ts';
import { observeContainers } from './observe.ts';

/** What containers of this root hold; nothing is asked where nothing that is applied is a container. */
export async function containerPorts(root: string, applied: Applied): Promise<ContainerPorts> {
  const specs = Object.values(applied.chutes).flatMap(({ services }) =>
    Object.values(services).map(({ spec }) => spec),
  );
  if (!specs.some((spec) => spec !== null && isContainer(spec))) return { ports: [], ids: [] };
  return portsOfContainers(root);
}

/** The same, whatever is applied. */
export async function portsOfContainers(root: string): Promise<ContainerPorts> {
  const running = ((await observeContainers(root)) ?? []).filter(({ isRunning }) => isRunning);
  return {
    ports: running.flatMap(({ ports }) => ports),
    ids: running.map(({ instance }) => instance.container),
  };
}
