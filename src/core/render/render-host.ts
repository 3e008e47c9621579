import type { NetworkPlan, Radio } from '../network.ts';
import { renderDnsmasq, renderLanDnsmasq } from './dnsmasq.ts';
import { renderHostapd } from './hostapd.ts';
import { linksOf, linksText } from './links.ts';
import { renderNftables } from './nftables.ts';
import { type UsedRadio, usedRadios } from './radios.ts';
import { ownersOf, type RenderedFile, type RenderedFiles } from './rendered.ts';
import { renderStation } from './station.ts';
import { renderUci } from './uci.ts';
import { HOST_BRIDGE, plainText, type Wiring, wiringsOf } from './wiring.ts';

/**
 * How a host is configured: `linux` by the programs themselves, `uci` by OpenWrt. `render` writes
 * what `linux` would load, for a host where nothing loads it.
 */
export type HostKind = 'render' | 'linux' | 'uci';

export type RenderOptions = {
  readonly host: HostKind;
  /** The network of the chutes' subnets, where host configuration says `auto`. */
  readonly pool?: string;
  /** The radios that were observed, by id: without them a radio is known by its id alone. */
  readonly radios?: Readonly<Record<string, Radio>>;
};

/** Where the files of a Linux host are, below the root. */
export const HOST_DIRECTORY = 'host';

/**
 * Every configuration file that the plan needs on a host, by its path below the root. Pure: equal
 * plans give equal bytes. Throws RIPCORD_PLAN_INVALID for what no file can hold.
 */
export function renderHost(plan: NetworkPlan, options: RenderOptions): RenderedFiles {
  return options.host === 'uci' ? uciFiles(plan, options) : linuxFiles(plan, options);
}

const READABLE = 0o644;
const PRIVATE = 0o600;

function linuxFiles(plan: NetworkPlan, { pool, radios }: RenderOptions): RenderedFiles {
  const wirings = wiringsOf(plan);
  const used = usedRadios(plan.host, wirings, radios);
  const files: Record<string, RenderedFile> = {};
  const add = (path: string, file: RenderedFile): void => {
    files[`${HOST_DIRECTORY}/${path}`] = file;
  };
  add('links.json', {
    content: linksText(linksOf(plan.host, wirings, used)),
    mode: READABLE,
    reload: 'network',
    check: null,
    owners: ownersOf(wirings),
  });
  add('nftables.nft', {
    content: renderNftables(plan, { pool }),
    mode: READABLE,
    reload: 'firewall',
    check: 'nft',
    owners: firewallOwners(plan, wirings),
  });
  const lan = renderLanDnsmasq(plan.host);
  if (lan !== null) add(`dnsmasq/${HOST_BRIDGE}.conf`, dnsmasqFile(lan, []));
  for (const wiring of wirings) {
    const content = renderDnsmasq(wiring);
    if (content === null) continue;
    add(`dnsmasq/${wiring.given.outside}.conf`, dnsmasqFile(content, ownersOf([wiring])));
  }
  for (const radio of used) for (const [path, file] of radioFiles(radio)) add(path, file);
  return files;
}

const dnsmasqFile = (content: string, owners: readonly string[]): RenderedFile => ({
  content,
  mode: READABLE,
  reload: 'dhcp',
  check: 'dnsmasq',
  owners,
});

function radioFiles(radio: UsedRadio): readonly (readonly [string, RenderedFile])[] {
  const file = { mode: PRIVATE, reload: 'wifi', owners: radioOwners(radio) } as const;
  const accessPoints = renderHostapd(radio);
  const station = renderStation(radio);
  const name = plainText(radio.id).replace(/^\./, '%2e');
  return [
    ...(accessPoints === null
      ? []
      : [[`hostapd/${name}.conf`, { ...file, content: accessPoints, check: 'hostapd' }] as const]),
    ...(station === null
      ? []
      : [[`wpa/${name}.conf`, { ...file, content: station, check: null }] as const]),
  ];
}

function radioOwners({ accessPoints, client }: UsedRadio): readonly string[] {
  const chutes = [...accessPoints.map(({ chute }) => chute), client?.chute ?? null];
  return ownersOf(chutes.flatMap((chute) => (chute === null ? [] : [{ chute }])));
}

function firewallOwners(plan: NetworkPlan, wirings: readonly Wiring[]): readonly string[] {
  const redirecting = Object.entries(plan.chutes).filter(
    ([, { redirects }]) => redirects.length > 0,
  );
  return ownersOf([...wirings, ...redirecting.map(([chute]) => ({ chute }))]);
}

function uciFiles(plan: NetworkPlan, { radios }: RenderOptions): RenderedFiles {
  const wirings = wiringsOf(plan);
  const files = renderUci(plan, radios);
  const wireless = wirings.filter(({ given }) => given.kind.startsWith('wifi-'));
  const served = wirings.filter(({ given }) => given.dhcp !== null);
  const shape = { check: null, merge: 'uci' } as const;
  return {
    'etc/config/network': {
      ...shape,
      content: files.network,
      mode: READABLE,
      reload: 'network',
      owners: ownersOf(wirings.filter(({ veth }) => veth !== null)),
    },
    'etc/config/wireless': {
      ...shape,
      content: files.wireless,
      mode: PRIVATE,
      reload: 'wifi',
      owners: ownersOf(wireless),
    },
    'etc/config/dhcp': {
      ...shape,
      content: files.dhcp,
      mode: READABLE,
      reload: 'dhcp',
      owners: ownersOf(served),
    },
    'etc/config/firewall': {
      ...shape,
      content: files.firewall,
      mode: READABLE,
      reload: 'firewall',
      owners: firewallOwners(plan, wirings),
    },
  };
}
