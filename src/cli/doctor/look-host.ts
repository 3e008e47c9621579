import type { Capability, HostFacts } from '../../core/facts.ts';
import type { Port, Radio } from '../../core/network.ts';
import { type Finding, found, mebibytes } from './finding.ts';

/** What this host can do for chutes, and what each thing that it lacks means for definitions. Pure. */
export function lookAtHost(facts: HostFacts): readonly Finding[] {
  const host = found('host');
  const { hostname, cpus, memoryMiB, runtime } = facts;
  host.good(`${hostname}: ${cpus} cpus, ${mebibytes(memoryMiB)} memory, runtime ${runtime}`);
  for (const [name, { says, lacking }] of entries(HOST_CAPABILITIES))
    if (facts.capabilities.includes(name)) host.good(says);
    else host.bad(lacking);
  if (facts.capabilities.includes('docker')) host.good('docker: its socket is there for this user');
  else if (runtime === 'docker')
    host.bad('docker: its socket is not there for this user, and this root runs containers');
  else host.odd('docker: its socket is not there for this user, services run as processes');
  return host.findings;
}

/** The wired side: uplink, ports, and what the kernel can make of them. Pure. */
export function lookAtNetwork(facts: HostFacts): readonly Finding[] {
  const network = found('network');
  const { uplink, ports } = facts.network;
  if (uplink === null)
    network.odd('no default route: there is no uplink, redirects from it match nothing');
  else
    network.good(
      `uplink ${uplink.interface}${uplink.address === null ? '' : ` ${uplink.address}`}`,
    );
  for (const port of Object.values(ports).filter(({ role }) => role !== 'wan'))
    network.good(portText(port));
  if (!Object.values(ports).some(({ role }) => role === 'free'))
    network.odd('no free port: chutes with an interface of type lan are refused');
  for (const [name, { says, lacking }] of entries(NETWORK_CAPABILITIES))
    if (facts.capabilities.includes(name)) network.good(says);
    else network.bad(lacking);
  const taken = Object.entries(facts.portsTaken).map(([port, by]) => `${port} (${by})`);
  if (taken.length > 0) network.good(`ports that others listen on: ${taken.join(', ')}`);
  return network.findings;
}

/** Radios, with modes, bands and capacity. Pure. */
export function lookAtWifi(facts: HostFacts): readonly Finding[] {
  const wifi = found('wifi');
  const radios = Object.values(facts.network.radios);
  if (radios.length === 0)
    wifi.bad(
      'no radio: chutes with an interface of type wifi-ap, wifi-sta or wifi-monitor are refused',
    );
  for (const radio of radios) {
    wifi.good(radioText(radio));
    if (radio.modes === null || radio.hwmodes === null)
      wifi.odd(
        `modes and bands of ${radio.id} are unknown without iw: hwmode and channel cannot be required of it`,
      );
  }
  return wifi.findings;
}

type Meaning = { readonly says: string; readonly lacking: string };

const HOST_CAPABILITIES = {
  'cpu-shares': {
    says: 'cpu shares (a cgroup of the cpu controller is writable)',
    lacking:
      'cpu-shares: no cgroup of the cpu controller is writable for this user, so cpu fractions are planned and not enforced',
  },
  'memory-limit': {
    says: 'memory limits (a cgroup of the memory controller is writable)',
    lacking:
      'memory-limit: no cgroup of the memory controller is writable for this user, so chutes that ask for a memory limit are refused',
  },
} satisfies Partial<Record<Capability, Meaning>>;

const NETWORK_CAPABILITIES = {
  bridge: {
    says: 'bridges',
    lacking:
      'bridge: this kernel shows none, so what is written for bridges cannot be brought up here',
  },
  vlan: {
    says: 'VLANs (8021q)',
    lacking:
      'vlan: this kernel shows no 8021q, so what is written for interfaces of type vlan cannot be brought up here',
  },
  nftables: {
    says: 'nftables',
    lacking:
      'nftables: nft or nf_tables is missing, so rulesets are written unchecked and cannot be loaded here',
  },
} satisfies Partial<Record<Capability, Meaning>>;

const entries = (of: Partial<Record<Capability, Meaning>>): readonly [Capability, Meaning][] =>
  Object.entries(of) as [Capability, Meaning][];

function portText({ interface: name, role, bridged, addresses }: Port): string {
  const where = bridged ? ", in the host's bridge" : '';
  const words = role === 'free' ? 'free for a chute' : `of the host${where}`;
  return `port ${name} ${words}${addresses.length === 0 ? '' : ` (${addresses.join(', ')})`}`;
}

function radioText(radio: Radio): string {
  const { id, phy, interface: name, modes, hwmodes, configured, hostAccessPoints } = radio;
  const settings = Object.entries(configured).map(([key, value]) => `${key} ${value}`);
  const parts = [
    modes === null ? '' : modes.join(' '),
    (hwmodes ?? []).join(' '),
    radio.accessPointsMax === undefined ? '' : `at most ${radio.accessPointsMax} access points`,
    hostAccessPoints === 0 ? '' : `${hostAccessPoints} of the host`,
    settings.length === 0 ? '' : `set to ${settings.join(' ')}`,
  ];
  const said = parts.filter((part) => part !== '').join(', ');
  return `radio ${id} (${phy}, ${name})${said === '' ? '' : `: ${said}`}`;
}
