import type { HostFacts } from '../facts.ts';
import { canonical } from '../json.ts';
import type { Warning } from '../plan.ts';
import { DEFAULT_DOCUMENT, type HostDocument, isMap } from './document.ts';
import { warning } from './told.ts';

/** What is kept for programs that do not read it yet: saying nothing would promise too much. */
const UNREAD: Readonly<Record<string, string>> = {
  firewall: 'only the rules of chutes are written',
  retention: 'nothing is archived or dropped by it',
  telemetry: 'nothing is sent',
  'lan.firewall': 'only the rules of chutes are written',
  'vlan-interfaces': 'their ids are kept from chutes, but no network is made',
  'wan.proto': 'the uplink is left as it is',
  'wan.ipaddr': 'the uplink is left as it is',
  'wan.dns': 'the uplink is left as it is',
  'wan.firewall': 'only the rules of chutes are written',
  zerotier: 'no network is joined',
};

/** OpenWrt's own sections stay as they are: what it calls `lan` and `wan` is its own to say. */
const UNREAD_BY_UCI: Readonly<Record<string, string>> = {
  'lan.ipaddr': 'the network file of OpenWrt has its own lan, only chutes are kept from it',
  'lan.interfaces': 'the network file of OpenWrt has its own lan, only chutes are kept from it',
  'lan.dhcp': 'the dhcp file of OpenWrt has its own lan',
};

/** Warns of what is set anew and read by nobody. Pure. */
export function unused(
  before: HostDocument,
  document: HostDocument,
  { host }: Pick<HostFacts, 'host'>,
): readonly Warning[] {
  const unread = host === 'uci' ? { ...UNREAD, ...UNREAD_BY_UCI } : UNREAD;
  return Object.entries(unread).flatMap(([path, reason]) => {
    const value = valueAt(document, path);
    if (value === valueAt(DEFAULT_DOCUMENT, path) || value === valueAt(before, path)) return [];
    return [
      warning(
        `/${path.replace('.', '/')}`,
        `${path} of the host configuration is stored and not used yet: ${reason}`,
        'it takes effect with the version that reads it',
      ),
    ];
  });
}

/** What stands under `section` or `section.field`, as text that compares. */
function valueAt(document: HostDocument, path: string): string {
  const [name = '', field] = path.split('.');
  const found = document[name] ?? null;
  return canonical(field !== undefined && isMap(found) ? (found[field] ?? null) : found);
}
