import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, dirname, join } from 'node:path';

import type { NetworkFacts, Port, Radio } from '../core/network.ts';

const NET = '/sys/class/net';
const PHYS = '/sys/class/ieee80211';

/** Links that are made by programs, ours among them: no devices that a chute could be given. */
const MADE = /^(lo|veth.*|br.*|docker.*|sit.*|.*\..*|tap.*|tun.*|ifb.*|dummy.*|vx.*)$/;

/**
 * Wired ports, radios and the uplink of this machine, without root: from /sys and /proc alone, which
 * exist on every Linux. What a radio is capable of only nl80211 could tell; it is taken to be capable,
 * and a mode that it lacks shows when its configuration is loaded.
 */
export function observeNetwork(): NetworkFacts {
  const uplink = uplinkInterface();
  const radios = Object.fromEntries(
    names(PHYS).map((phy) => {
      const radio = radioOf(phy);
      return [radio.id, radio];
    }),
  );
  const wireless = new Set(Object.values(radios).map((radio) => radio.interface));
  const ports = names(NET)
    .filter((name) => !MADE.test(name) && !wireless.has(name))
    .map((name) => [name, portOf(name, uplink)] as const);
  const address = uplink === null ? null : (addressesOf(uplink)[0] ?? null);
  return {
    radios,
    ports: Object.fromEntries(ports),
    uplink: uplink === null ? null : { interface: uplink, address },
  };
}

function portOf(name: string, uplink: string | null): Port {
  const addresses = addressesOf(name);
  const bridged = existsSync(join(NET, name, 'brport'));
  const role = name === uplink ? 'wan' : bridged || addresses.length > 0 ? 'lan' : 'free';
  return { interface: name, mac: read(join(NET, name, 'address')), role, bridged, addresses };
}

function radioOf(phy: string): Radio {
  const device = real(join(PHYS, phy, 'device'));
  const bus = basename(dirname(real(join(device, 'subsystem', '.'))));
  const wireless = names(join(device, 'net'))[0] ?? phy;
  return {
    id: `${bus === '' ? 'bus' : bus}-${basename(device)}`,
    mac: read(join(PHYS, phy, 'macaddress')),
    phy,
    interface: wireless,
    modes: ['ap', 'sta', 'monitor'],
    hwmodes: [],
    configured: {},
    hostAccessPoints: 0,
  };
}

/** The interface of the default route, as the kernel's own table has it. */
function uplinkInterface(): string | null {
  const routes = read('/proc/net/route').split('\n').slice(1);
  for (const route of routes) {
    const [name, destination, , , , , , mask] = route.split('\t');
    if (name && destination === '00000000' && mask === '00000000') return name;
  }
  return null;
}

/** IPv4 addresses in CIDR. */
const addressesOf = (name: string): readonly string[] =>
  (networkInterfaces()[name] ?? []).flatMap(({ family, cidr }) =>
    family === 'IPv4' && cidr !== null ? [cidr] : [],
  );

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
