import type { ChuteName, ServiceName } from '../../core/chute.ts';
import type { ContainerInstance } from '../../core/container.ts';
import { codeOf } from '../../core/errors.ts';
import { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import { markOf, rootLabels, serviceOf } from './ours.ts';
import { dockerSocket } from './socket.ts';

/** A container of this root, as the engine of containers has it. */
export type ObservedContainer = {
  readonly instance: ContainerInstance;
  readonly chute: ChuteName | null;
  readonly service: ServiceName | null;
  readonly name: string;
  readonly isRunning: boolean;
  /** What it has published, by port of the host: `18080/tcp`. */
  readonly ports: readonly string[];
};

/** An engine that is being restarted is worth a moment; one that is not there is not. */
const PATIENCE_MS = 2_000;

/**
 * Every container of this root, running or not; null when its engine of containers cannot be asked:
 * what cannot be seen is neither there nor gone.
 */
export async function observeContainers(
  root: string,
): Promise<readonly ObservedContainer[] | null> {
  try {
    const engine = new EngineApi(dockerSocket(process.env), {
      patienceMs: PATIENCE_MS,
      bond: { root, keeps: false },
    });
    const all = await engine.containers(rootLabels(root));
    return all.map(({ Id, Names, Labels, State, Ports }) => ({
      ...serviceOf(Labels),
      instance: { container: Id, mark: markOf(Labels, { root }) ?? '' },
      name: (Names[0] ?? Id).replace(/^\//, ''),
      isRunning: State === 'running' || State === 'restarting' || State === 'paused',
      ports: (Ports ?? []).flatMap(({ PublicPort, Type }) =>
        PublicPort === undefined ? [] : [`${PublicPort}/${Type}`],
      ),
    }));
  } catch (error) {
    if (error instanceof EngineError || codeOf(error) === 'RIPCORD_DOCKER_FOREIGN') return null;
    throw error;
  }
}
