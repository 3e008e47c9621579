import type { Health } from '../../core/chute.ts';
import { type Answer, askOnce } from '../health.ts';
import { execIn } from './container-exec.ts';
import type { Container } from './engine-types.ts';
import { engineOf } from './engine.ts';

const OWN_ADDRESS = '127.0.0.1';
const NO_ADDRESS = 'it has no address yet';

/**
 * Asks the service in a container once how it is: at its own address, under the ports it has inside.
 * Null when it does not run. Never throws for what the service answers.
 */
export async function askContainer(
  health: Health,
  { container, signal }: { readonly container: string; readonly signal: AbortSignal },
): Promise<Answer | null> {
  const found = await engineOf({ signal }).container(container);
  if (!found?.State.Running) return null;
  if (health.check.type === 'alive') return ownAnswer(found);
  const host = addressOf(found);
  if (host === null && health.check.type !== 'exec') return { verdict: 'silent', text: NO_ADDRESS };
  return askOnce(health, {
    ...(host !== null && { host }),
    signal,
    exec: async (argv, limits) => execIn(container, argv, { ...limits, signal }),
  });
}

/** What a container's image has the engine find out about it. Pure. */
function ownAnswer({ State }: Container): Answer {
  switch (State.Health?.Status) {
    case 'starting':
      return { verdict: 'silent', text: 'starting' };
    case 'unhealthy':
      return { verdict: 'bad', text: 'unhealthy' };
    default:
      return { verdict: 'good', text: 'alive' };
  }
}

/**
 * On a network of its own it has an address there, or none while it is started again; on the host's it
 * has the host's. Pure.
 */
function addressOf({ HostConfig, NetworkSettings }: Container): string | null {
  if (HostConfig.NetworkMode === 'host') return OWN_ADDRESS;
  const addresses = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
  return addresses.find((address) => address !== '') ?? null;
}
