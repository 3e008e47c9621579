import type { HostConfig, Radio } from '../network.ts';
import { renderDnsmasq, renderLanDnsmasq } from './dnsmasq.ts';
import { renderHostapd } from './hostapd.ts';
import { renderLinks } from './links.ts';
import { renderNftables } from './nftables.ts';
import { type UsedRadio, usedRadios } from './radios.ts';
import { HOST_SECTION, type RenderedFiles, wholePart } from './rendered.ts';
import { renderStation } from './station.ts';
import { renderUci } from './uci.ts';
import { HOST_BRIDGE, plainText, type Wired, type WiredChute } from './wiring.ts';

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
 * Every configuration file that a host needs with these chutes, which stand in the order of their
 * names. Pure: equal input gives equal bytes. Throws RIPCORD_PLAN_INVALID for what no file can hold.
 */
export function renderHost(
  config: HostConfig,
  chutes: readonly WiredChute[],
  options: RenderOptions,
): RenderedFiles {
  return options.host === 'uci'
    ? uciFiles(config, chutes, options)
    : linuxFiles(config, chutes, options);
}

const READABLE = 0o644;
const PRIVATE = 0o600;

function linuxFiles(
  host: HostConfig,
  chutes: readonly WiredChute[],
  { pool, radios }: RenderOptions,
): RenderedFiles {
  const used = usedRadios(host, chutes, radios);
  const shape = { mode: READABLE, check: null } as const;
  const links = renderLinks(host, chutes, used);
  const rules = renderNftables(host, chutes, { pool });
  const lan = renderLanDnsmasq(host);
  const files: Pair[] = [
    [`${HOST_DIRECTORY}/links.json`, { ...shape, parts: links, reload: 'network' }],
    [
      `${HOST_DIRECTORY}/nftables.nft`,
      { ...shape, parts: rules, reload: 'firewall', check: 'nft' },
    ],
    ...(lan === null ? [] : [dnsmasqFile(HOST_BRIDGE, HOST_SECTION, lan)]),
  ];
  for (const { wired } of chutes) for (const file of dnsmasqFiles(wired)) files.push(file);
  for (const radio of used) files.push(...radioFiles(radio));
  return files;
}

type Pair = RenderedFiles[number];

const dnsmasqFile = (name: string, owner: string, text: string): Pair => [
  `${HOST_DIRECTORY}/dnsmasq/${name}.conf`,
  {
    parts: wholePart(owner, text),
    mode: READABLE,
    reload: 'dhcp',
    check: 'dnsmasq',
    memo: { written: null },
  },
];

function dnsmasqFiles({ chute, wirings, rendered }: Wired): RenderedFiles {
  rendered.dnsmasq ??= wirings.flatMap((wiring): readonly Pair[] => {
    const text = renderDnsmasq(wiring);
    return text === null ? [] : [dnsmasqFile(wiring.given.outside, chute, text)];
  });
  return rendered.dnsmasq;
}

function radioFiles(radio: UsedRadio): readonly Pair[] {
  const file = { mode: PRIVATE, reload: 'wifi' } as const;
  const accessPoints = renderHostapd(radio);
  const station = renderStation(radio);
  const name = plainText(radio.id).replace(/^\./, '%2e');
  const files: Pair[] = [];
  if (accessPoints !== null)
    files.push([
      `${HOST_DIRECTORY}/hostapd/${name}.conf`,
      { ...file, parts: accessPoints, check: 'hostapd' },
    ]);
  if (station !== null) {
    const parts = wholePart(radio.client?.chute ?? HOST_SECTION, station);
    files.push([`${HOST_DIRECTORY}/wpa/${name}.conf`, { ...file, parts, check: null }]);
  }
  return files;
}

function uciFiles(
  host: HostConfig,
  chutes: readonly WiredChute[],
  { radios }: RenderOptions,
): RenderedFiles {
  const files = renderUci(host, chutes, radios);
  const shape = { check: null, merge: 'uci', mode: READABLE } as const;
  return [
    ['etc/config/network', { ...shape, parts: files.network, reload: 'network' }],
    ['etc/config/wireless', { ...shape, parts: files.wireless, mode: PRIVATE, reload: 'wifi' }],
    ['etc/config/dhcp', { ...shape, parts: files.dhcp, reload: 'dhcp' }],
    ['etc/config/firewall', { ...shape, parts: files.firewall, reload: 'firewall' }],
  ];
}
