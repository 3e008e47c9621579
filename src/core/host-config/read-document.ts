import { networkAround, networkText } from '../allocate/ipv4.ts';
import { pointer } from '../definition/complaint.ts';
import type { Json, JsonObject } from '../json.ts';
import { type HostDocument, isMap, textOf, withDefaults } from './document.ts';
import { FORMAT } from './format.ts';
import { read, type ReadContext } from './shape.ts';

/**
 * A host configuration as it is compared and stored, from one as it was written, or null when
 * complaints were made. `path` is where it stands in what was written. Pure but for `keep`.
 */
export function readDocument(
  written: JsonObject,
  path: string,
  context: ReadContext,
): HostDocument | null {
  const { report } = context;
  const made = read(FORMAT, written, path, context);
  if (made === undefined || report.complaints.length > 0) return null;
  const { kind: _kind, ...sections } = made as JsonObject;
  const document = withDefaults({
    ...sections,
    ...(isMap(sections['lan']) && { lan: servedLan(sections['lan']) }),
  });
  const say = (...keys: readonly PropertyKey[]): ((message: string, hint: string) => void) => {
    return (message, hint) =>
      report.complain('value-invalid', `${path}${pointer(...keys)}`, message, { hint });
  };
  checkPool(document, say);
  checkLan(document, say);
  checkWifi(document, say);
  checkVlans(document, say);
  return report.complaints.length > 0 ? null : document;
}

type SayAt = (...keys: readonly PropertyKey[]) => (message: string, hint: string) => void;

/** ParaDrop says `lease` where dnsmasq says `leasetime`. */
function servedLan(lan: JsonObject): JsonObject {
  const { dhcp } = lan;
  if (!isMap(dhcp) || dhcp['lease'] === undefined) return lan;
  const { lease, ...rest } = dhcp;
  return { ...lan, dhcp: { leasetime: lease, ...rest } };
}

function checkPool(document: HostDocument, say: SayAt): void {
  const { chuteSubnetPool: pool, chutePrefixSize: size } = section(document, 'system');
  const whole = networkAround(textOf(pool));
  if (pool === 'auto' || whole === null || Number(size) >= whole.prefix) return;
  say('system', 'chutePrefixSize')(
    `is too small for the pool ${networkText(whole)}: no network of /${textOf(size)} fits into it`,
    `at least ${whole.prefix}, or a larger system.chuteSubnetPool`,
  );
}

function checkLan(document: HostDocument, say: SayAt): void {
  const { proto, ipaddr, netmask, dhcp } = section(document, 'lan');
  if (proto === 'auto' && ipaddr !== undefined)
    say('lan', 'ipaddr')(
      'has no place beside proto auto, which chooses it',
      'leave one of them out',
    );
  if (netmask !== undefined && ipaddr === undefined && proto !== 'auto')
    say('lan', 'netmask')('is of no use without ipaddr', 'add lan.ipaddr');
  if (!isMap(dhcp)) return;
  if (proto !== 'auto' && ipaddr === undefined)
    say('lan', 'dhcp')('needs an address to serve from', 'add lan.ipaddr, or lan.proto: auto');
  for (const field of ['start', 'limit', 'leasetime'])
    if (dhcp[field] === undefined && dhcp['relay'] === undefined)
      say('lan', 'dhcp', field)('is missing', 'for example start 100, limit 100, leasetime 12h');
}

function checkWifi(document: HostDocument, say: SayAt): void {
  const radios = items(document, 'wifi');
  for (const [at, radio] of radios.entries())
    if (!RADIO_NAMES.some((name) => radio[name] !== undefined))
      say('wifi', at)('names no radio', `say which by ${RADIO_NAMES.join(', ')}`);
  for (const [at, given] of items(document, 'wifi-interfaces').entries()) {
    const encryption = textOf(given['encryption']);
    if (encryption.startsWith('psk') && given['key'] === undefined)
      say('wifi-interfaces', at, 'key')(`is missing: ${encryption} needs one`, 'add a key');
  }
}

function checkVlans(document: HostDocument, say: SayAt): void {
  const ids = items(document, 'vlan-interfaces').map(({ id }) => id);
  for (const [at, id] of ids.entries())
    if (ids.indexOf(id) < at)
      say(
        'vlan-interfaces',
        at,
        'id',
      )(`${textOf(id)} is there twice`, 'give each an id of its own');
}

/** How an entry of `wifi` says which radio it is about. */
export const RADIO_NAMES: readonly string[] = ['id', 'macaddr', 'mac', 'phy', 'interface'];

/** A section that is a map; empty where it is none. Pure. */
export function section(document: HostDocument, name: string): JsonObject {
  const found = document[name];
  return isMap(found) ? found : {};
}

/** A section that is a list of maps. Pure. */
export function items(document: HostDocument, name: string): readonly JsonObject[] {
  const found = document[name];
  return Array.isArray(found) ? (found as readonly Json[]).filter(isMap) : [];
}
