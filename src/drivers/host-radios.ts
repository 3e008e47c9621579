import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';

import { naturalOrder } from '../core/allocate/natural-order.ts';
import type { NetworkFacts, Radio } from '../core/network.ts';
import { textOrder } from '../core/text-order.ts';
import type { HostTree } from './host-tree.ts';
import { readInterfaces, readPhys } from './host-wireless.ts';

const PHYS = 'sys/class/ieee80211';
const NET = 'sys/class/net';
const TOOL_MS = 3000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** Access points of chutes: no access points of the host. */
const OURS = /^vwlan[0-9a-f]{4}$/;

/** What `iw` prints when it is asked this; null where it cannot be asked. */
export type WirelessTool = (what: 'phy' | 'dev') => string | null;

type Card = {
  readonly phy: string;
  readonly bus: string;
  readonly slot: string;
};

/**
 * The radios of a host, by their ids: of each bus the first, second … in the order of slots. `iw` is
 * asked only where there are radios; without it their modes and bands are unknown.
 */
export function observeRadios(tree: HostTree, iw: WirelessTool = askTool): NetworkFacts['radios'] {
  const cards = tree.names(PHYS).map((phy) => cardOf(tree, phy));
  if (cards.length === 0) return {};
  const phys = readPhys(iw('phy') ?? '');
  const interfaces = readInterfaces(iw('dev') ?? '');
  const radios = cards.toSorted(bySlot).map((card, at, all): Radio => {
    const { phy, bus } = card;
    const names = interfacesOf(tree, phy);
    const mac = tree.read(PHYS, phy, 'macaddress') ?? '';
    const own = interfaces.filter(({ name }) => names.includes(name) && !OURS.test(name));
    const points = own.filter(({ type }) => type === 'AP');
    const { accessPointsMax, ...known } = phys.get(phy) ?? UNKNOWN;
    return {
      id: `${bus}-wifi-${all.slice(0, at).filter((other) => other.bus === bus).length}`,
      mac,
      phy,
      interface: primary(tree, names, mac) ?? phy,
      ...known,
      ...(accessPointsMax !== null && { accessPointsMax }),
      configured: points.find(({ settings }) => settings !== null)?.settings ?? {},
      hostAccessPoints: points.length,
    };
  });
  return Object.fromEntries(radios.map((radio) => [radio.id, radio]));
}

const UNKNOWN = { modes: null, hwmodes: null, accessPointsMax: null };

function cardOf(tree: HostTree, phy: string): Card {
  const device = tree.real(PHYS, phy, 'device');
  const subsystem = tree.real(PHYS, phy, 'device', 'subsystem');
  return {
    phy,
    bus: subsystem === null ? 'bus' : basename(subsystem),
    slot: device === null ? phy : basename(device),
  };
}

/** Two radios of one card have one slot: there the number of the phy decides. */
function bySlot(left: Card, right: Card): number {
  return textOrder(left.slot, right.slot) || naturalOrder(left.phy, right.phy);
}

function interfacesOf(tree: HostTree, phy: string): readonly string[] {
  return tree.names(NET).filter((name) => tree.read(NET, name, 'phy80211/name') === phy);
}

/** The interface that the kernel made: the one with the radio's own address, and none of ours. */
function primary(tree: HostTree, names: readonly string[], mac: string): string | null {
  const kernels = names.filter((name) => !OURS.test(name));
  const same = kernels.find((name) => tree.read(NET, name, 'address') === mac);
  return same ?? kernels[0] ?? null;
}

function askTool(what: 'phy' | 'dev'): string | null {
  const { status, stdout } = spawnSync('iw', [what], {
    encoding: 'utf8',
    timeout: TOOL_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LANG: 'C' },
  });
  return status === 0 ? stdout : null;
}
