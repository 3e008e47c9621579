import { chooseNetworks } from '../allocate/choose-networks.ts';
import { conflicts } from '../allocate/conflicts.ts';
import { wrongRange } from '../allocate/dhcp.ts';
import { readInterfaces, type WantedInterface } from '../allocate/interfaces.ts';
import { networkAt } from '../allocate/ipv4.ts';
import { resolveRedirects } from '../allocate/redirects.ts';
import { wrongField } from '../allocate/refusal.ts';
import { cpuShares } from '../allocate/shares.ts';
import type { Surroundings } from '../allocate/surroundings.ts';
import type { Definition } from '../chute.ts';
import { DEFAULT_DOCUMENT } from '../host-config/document.ts';
import { resolveHost } from '../host-config/resolve-host.ts';
import { NO_NETWORK } from '../network.ts';
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
  const networks = [...conflicts(wanted, NOWHERE), ...wrongNetworks(wanted)];
  const interfaces = Object.fromEntries(
    wanted.map(({ name: inside, kind }) => [
      inside,
      { inside, chuteAddress: kind === 'wifi-monitor' ? null : 'given by the host' },
    ]),
  );
  const resolved = resolveRedirects({ chute: name, rules: firewall, interfaces, portsTaken: {} });
  return [...networks, ...beyond, ...('refusals' in resolved ? resolved.refusals : [])];
}

/** Nobody is there but the chute itself. */
const NOWHERE: Surroundings = {
  facts: NO_NETWORK,
  host: resolveHost(DEFAULT_DOCUMENT, NO_NETWORK).config,
  others: [],
  ours: new Set(),
  later: [],
};

/** Networks that are asked for by their addresses; of the others only what no size can mend. */
function wrongNetworks(wanted: readonly WantedInterface[]): readonly PlainRefusal[] {
  const { refusals } = chooseNetworks(
    wanted.filter(({ network }) => network !== null),
    {},
    NOWHERE,
  );
  const open = wanted.flatMap((each) => {
    const wrong = each.network || !each.dhcp ? null : wrongRange(each.dhcp, LARGEST);
    return wrong ? [wrongField(each, ['dhcp', wrong.field], wrong)] : [];
  });
  return [...refusals, ...open];
}

const LARGEST = networkAt(0, 1);
