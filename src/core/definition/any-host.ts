import { readInterfaces } from '../allocate/interfaces.ts';
import { resolveRedirects } from '../allocate/redirects.ts';
import { cpuShares } from '../allocate/shares.ts';
import type { Definition } from '../chute.ts';
import type { PlainRefusal } from '../plan.ts';

/**
 * What planning refuses on every host there is: found without one, so that a definition can be judged
 * where it is written. What depends on a host (radios, networks, ports) is not looked at. Pure.
 */
export function refusedAnywhere({ name, services, firewall }: Definition): readonly PlainRefusal[] {
  const { wanted, refusals } = readInterfaces(name, services);
  const running = Object.entries(services).map(([service, { requests }]) => ({
    chute: name,
    service,
    fraction: requests.cpuFraction ?? null,
  }));
  const divided = cpuShares(running, name);
  const beyond = 'refusals' in divided ? divided.refusals : [];
  // Where a redirect leads cannot be told while the interfaces are wrong.
  if (refusals.length > 0) return [...refusals, ...beyond];
  const interfaces = Object.fromEntries(
    wanted.map(({ name: inside, kind }) => [
      inside,
      { inside, chuteAddress: kind === 'wifi-monitor' ? null : 'given by the host' },
    ]),
  );
  const resolved = resolveRedirects({ chute: name, rules: firewall, interfaces, portsTaken: {} });
  return [...beyond, ...('refusals' in resolved ? resolved.refusals : [])];
}
