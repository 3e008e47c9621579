import type { FileSections } from '../host-file.ts';
import type { HostConfig, NetworkPlan, Radio } from '../network.ts';
import { rememberFrozen } from '../remember.ts';
import type { RootPath } from '../step.ts';
import { renderDnsmasq, renderLanDnsmasq } from './dnsmasq.ts';
import { renderHostapd } from './hostapd.ts';
import { renderLinks } from './links.ts';
import { renderNftables } from './nftables.ts';
import { type UsedRadio, usedRadios } from './radios.ts';
import { HOST_SECTION, oneSection, type RenderedFile, type RenderedFiles } from './rendered.ts';
import { renderStation } from './station.ts';
import { renderUci } from './uci.ts';
import { HOST_BRIDGE, plainText, type WiredChute, wiredChutes, type Wiring } from './wiring.ts';

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
  const chutes = wiredChutes(plan);
  return options.host === 'uci'
    ? uciFiles(plan.host, chutes, options)
    : linuxFiles(plan.host, chutes, options);
}

const READABLE = 0o644;
const PRIVATE = 0o600;

function linuxFiles(
  host: HostConfig,
  chutes: readonly WiredChute[],
  { pool, radios }: RenderOptions,
): RenderedFiles {
  const used = usedRadios(host, chutes, radios);
  const files: Record<string, RenderedFile> = {};
  const add = (path: string, file: RenderedFile): void => {
    files[`${HOST_DIRECTORY}/${path}`] = file;
  };
  add('links.json', {
    sections: renderLinks(host, chutes, used),
    mode: READABLE,
    reload: 'network',
    check: null,
  });
  add('nftables.nft', {
    sections: renderNftables(host, chutes, { pool }),
    mode: READABLE,
    reload: 'firewall',
    check: 'nft',
  });
  const lan = renderLanDnsmasq(host);
  if (lan !== null) add(`dnsmasq/${HOST_BRIDGE}.conf`, dnsmasqFile(oneSection(HOST_SECTION, lan)));
  for (const { wirings } of chutes)
    for (const [path, file] of dnsmasqFiles(wirings)) files[path] = file;
  for (const radio of used) for (const [path, file] of radioFiles(radio)) add(path, file);
  return files;
}

const dnsmasqFile = (sections: FileSections): RenderedFile => ({
  sections,
  mode: READABLE,
  reload: 'dhcp',
  check: 'dnsmasq',
});

const dnsmasqFiles = rememberFrozen((wirings: readonly Wiring[]) =>
  wirings.flatMap((wiring): readonly (readonly [RootPath, RenderedFile])[] => {
    const text = renderDnsmasq(wiring);
    const path = `${HOST_DIRECTORY}/dnsmasq/${wiring.given.outside}.conf`;
    return text === null ? [] : [[path, dnsmasqFile(oneSection(wiring.chute, text))]];
  }),
);

function radioFiles(radio: UsedRadio): readonly (readonly [string, RenderedFile])[] {
  const file = { mode: PRIVATE, reload: 'wifi' } as const;
  const accessPoints = renderHostapd(radio);
  const station = renderStation(radio);
  const name = plainText(radio.id).replace(/^\./, '%2e');
  const files: (readonly [string, RenderedFile])[] = [];
  if (accessPoints !== null)
    files.push([`hostapd/${name}.conf`, { ...file, sections: accessPoints, check: 'hostapd' }]);
  if (station !== null) {
    const sections = oneSection(radio.client?.chute ?? HOST_SECTION, station);
    files.push([`wpa/${name}.conf`, { ...file, sections, check: null }]);
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
  return {
    'etc/config/network': { ...shape, sections: files.network, reload: 'network' },
    'etc/config/wireless': {
      ...shape,
      sections: files.wireless,
      mode: PRIVATE,
      reload: 'wifi',
    },
    'etc/config/dhcp': { ...shape, sections: files.dhcp, reload: 'dhcp' },
    'etc/config/firewall': { ...shape, sections: files.firewall, reload: 'firewall' },
  };
}
