import { realpathSync } from 'node:fs';

import type { DriverOf } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';
import { containerPorts } from './docker/container-ports.ts';
import { foreignPorts } from './process/ports.ts';

/**
 * Sees that nobody else listens on the ports. What a process or container of this root holds is fine: the planner
 * keeps chutes apart, and this plan stops the old version before it starts the new one.
 *
 * Throws RIPCORD_PORT_TAKEN.
 */
export const portCheck: DriverOf<'port.check@1'> = {
  effect: false,

  async run(context, args) {
    const root = realpathSync(context.root);
    const foreign = foreignPorts(root, await containerPorts(root, context.applied));
    const taken = args.ports.filter((port) => foreign[port] !== undefined);
    const [port] = taken;
    if (port === undefined) return { result: null };

    throw new RipcordError(
      'RIPCORD_PORT_TAKEN',
      `cannot publish port ${port} of ${args.chute}: ${foreign[port]} listens on it`,
      {
        details: { taken: Object.fromEntries(taken.map((each) => [each, foreign[each] ?? ''])) },
        hint: `stop it, or publish another port: ss -lnp 'sport = :${Number.parseInt(port, 10)}'`,
      },
    );
  },
};
