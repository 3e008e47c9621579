import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cpus, hostname, totalmem } from 'node:os';

import { RipcordError } from '../../core/errors.ts';
import type { HostFacts } from '../../core/facts.ts';
import type { ProcessInstance } from '../../core/step.ts';
import type { ContainerPorts } from '../container-ports.ts';
import { observeCapabilities } from '../host-capabilities.ts';
import { diskSize } from '../host-disk.ts';
import { markedProcesses } from '../marked.ts';
import { observeNetwork } from '../network.ts';
import { instanceOf } from '../proc.ts';
import { foreignPorts } from './ports.ts';

/** A live service of a root, as the world has it. */
export type ObservedService = {
  readonly instance: ProcessInstance;
  readonly chute: string | null;
  readonly service: string | null;
};

const MEBIBYTE = 1024 * 1024;

/** Every live service of this root: the session leaders that carry one of its marks. */
export function observeServices(root: string): readonly ObservedService[] {
  if (!existsSync(root)) return [];
  return markedProcesses(realpathSync(root))
    .filter(({ pid, session }) => pid === session)
    .map((found) => ({
      instance: instanceOf(found, found.mark),
      chute: found.chute,
      service: found.service,
    }));
}

/**
 * What planners may know of this host. Ports that are given out for a moment (datagram sockets of
 * clients) are left out, or the facts would differ with every look.
 *
 * Throws RIPCORD_HOST_UNSUPPORTED anywhere but on Linux.
 */
export function observeHost(
  root: string,
  configured: Pick<HostFacts, 'runtime' | 'host'>,
  containers?: ContainerPorts,
): HostFacts {
  if (process.platform !== 'linux') {
    throw new RipcordError(
      'RIPCORD_HOST_UNSUPPORTED',
      `cannot observe this host: it runs ${process.platform}, and ripcord needs linux`,
    );
  }
  const ephemeral = ephemeralPorts();
  const foreign = Object.entries(
    foreignPorts(existsSync(root) ? realpathSync(root) : root, containers),
  );
  const network = observeNetwork();
  const lasting = foreign.filter(([port]) => !(port.endsWith('/udp') && ephemeral(port)));
  return {
    ...configured,
    hostname: hostname(),
    cpus: cpus().length,
    memoryMiB: Math.floor(totalmem() / MEBIBYTE),
    diskMiB: diskSize(root),
    portsTaken: Object.fromEntries(lasting),
    network,
    capabilities: observeCapabilities(network),
  };
}

function ephemeralPorts(): (port: string) => boolean {
  let text = '32768 60999';
  try {
    text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    // The kernel's default.
  }
  const [low = 0, high = 0] = text.trim().split(/\s+/).map(Number);
  return (port) => Number.parseInt(port, 10) >= low && Number.parseInt(port, 10) <= high;
}
