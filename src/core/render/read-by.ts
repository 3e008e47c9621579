import type { ReloadedService, RootPath } from '../step.ts';

/** What reads the files of `renderHost`, by where they are. */
const READERS: readonly (readonly [places: RegExp, service: ReloadedService])[] = [
  [/^host\/links\.json$|^etc\/config\/network$/, 'network'],
  [/^host\/nftables\.nft$|^etc\/config\/firewall$/, 'firewall'],
  [/^host\/dnsmasq\/[^/]+\.conf$|^etc\/config\/dhcp$/, 'dhcp'],
  [/^host\/(?:hostapd|wpa)\/[^/]+\.conf$|^etc\/config\/wireless$/, 'wifi'],
];

/** What reads a configuration file of the host, also one that nobody writes any more; null: nothing. Pure. */
export function serviceReading(path: RootPath): ReloadedService | null {
  return READERS.find(([places]) => places.test(path))?.[1] ?? null;
}
