import {
  HOST_CONFIG_DEFAULTS,
  type HostConfig,
  type NetworkFacts,
  type Port,
  type Radio,
} from '../../../src/core/network.ts';

/** A radio that can do all, called `id`; its interface is `wlan-<id>`. */
export function radio(id: string, given: Partial<Radio> = {}): Radio {
  return {
    id,
    mac: `02:00:00:00:00:${id.slice(-1).padStart(2, '0')}`,
    phy: `phy-${id}`,
    interface: `wlan-${id}`,
    modes: ['ap', 'sta', 'monitor'],
    hwmodes: [],
    configured: {},
    hostAccessPoints: 0,
    ...given,
  };
}

export function port(name: string, given: Partial<Port> = {}): Port {
  return {
    interface: name,
    mac: `mac-${name}`,
    role: 'free',
    bridged: false,
    addresses: [],
    ...given,
  };
}

/** Facts of a host with these radios and ports, the uplink at eth0. */
export function facts(radios: readonly Radio[] = [], ports: readonly Port[] = []): NetworkFacts {
  const uplink = port('eth0', { role: 'wan', addresses: ['192.168.1.20/24'] });
  return {
    radios: Object.fromEntries(radios.map((each) => [each.id, each])),
    ports: Object.fromEntries([uplink, ...ports].map((each) => [each.interface, each])),
    uplink: { interface: 'eth0', address: '192.168.1.20/24' },
  };
}

/** Two radios and two free ports. */
export const ROUTER: NetworkFacts = facts([radio('w0'), radio('w1')], [port('eth1'), port('eth2')]);

export function host(given: Partial<HostConfig> = {}): HostConfig {
  return { ...HOST_CONFIG_DEFAULTS, ...given };
}

export const MONITORS_ALLOWED: HostConfig = host({
  system: { ...HOST_CONFIG_DEFAULTS.system, allowMonitorMode: true },
});
