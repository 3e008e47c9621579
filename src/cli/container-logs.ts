import type { ContainerInstance } from '../core/container.ts';
import { EngineApi } from '../drivers/docker/engine-api.ts';
import { asking } from '../drivers/docker/engine.ts';
import { dockerSocket } from '../drivers/docker/socket.ts';

/** The last lines that a container printed. Throws RIPCORD_DOCKER_UNREACHABLE. */
export async function containerLines(
  { container }: ContainerInstance,
  count: number,
): Promise<readonly string[]> {
  const engine = new EngineApi(dockerSocket(process.env));
  return asking('print logs', () => engine.logs(container, count));
}

/** Calls back with each line that a container prints, until it ends or the signal comes. */
export async function followContainer(
  { container }: ContainerInstance,
  signal: AbortSignal,
  printed: (line: string) => void,
): Promise<void> {
  const engine = new EngineApi(dockerSocket(process.env), { signal });
  await asking('print logs', async () => {
    try {
      for await (const line of engine.followLogs(container)) printed(line);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  });
}
