import { RipcordError } from '../../core/errors.ts';
import type { HostFacts } from '../../core/facts.ts';
import { EngineApi } from '../../drivers/docker/engine-api.ts';
import { EngineError } from '../../drivers/docker/engine-error.ts';
import { dockerSocket } from '../../drivers/docker/socket.ts';
import { type Finding, found } from './finding.ts';

const LOOK_MS = 3_000;

/** The engine of containers itself: whether it answers and is the root's, and what a crash of it would cost. */
export async function lookAtDocker(facts: HostFacts, root: string): Promise<readonly Finding[]> {
  const host = found('host');
  if (!facts.capabilities.includes('docker')) return host.findings;
  const socket = dockerSocket(process.env);
  const engine = new EngineApi(socket, {
    signal: AbortSignal.timeout(LOOK_MS),
    bond: { root, keeps: false },
  });
  try {
    const { Version, ApiVersion } = await engine.version();
    const { LiveRestoreEnabled = false, Driver = 'unknown' } = await engine.info();
    const restore = LiveRestoreEnabled ? 'on' : 'off';
    host.good(
      `docker ${Version} at ${socket}: API ${ApiVersion}, ${Driver}, live-restore ${restore}`,
    );
    if (!LiveRestoreEnabled) {
      host.odd(
        'live-restore is off: when dockerd crashes all containers end; set {"live-restore": true} in /etc/docker/daemon.json',
      );
    }
  } catch (error) {
    const isForeign = error instanceof RipcordError && error.code === 'RIPCORD_DOCKER_FOREIGN';
    if (!(error instanceof EngineError || isForeign)) throw error;
    const says = `docker at ${socket} cannot be used: ${error.message}`;
    if (facts.runtime === 'docker') host.bad(says);
    else host.odd(says);
  }
  return host.findings;
}
