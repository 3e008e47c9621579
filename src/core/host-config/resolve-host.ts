import { isCalled } from '../allocate/radio-settings.ts';
import { lanAddress, uplinkAddresses } from '../allocate/subnets.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Dhcp, HostConfig, NetworkFacts, RadioSettings } from '../network.ts';
import { type HostDocument, isMap, items, RADIO_NAMES, section, textOf } from './document.ts';

/** A radio that a host configuration names and this host does not have. */
export type MissingRadio = { readonly name: string; readonly path: string };

export type ResolvedHost = {
  readonly config: HostConfig;
  readonly missing: readonly MissingRadio[];
};

/**
 * What a host configuration means on this host: radios by their ids, the LAN's address where it is
 * left to us. What is on a radio that is not there is left out. Pure.
 */
export function resolveHost(document: HostDocument, facts: NetworkFacts): ResolvedHost {
  const missing: MissingRadio[] = [];
  const find = (names: readonly string[], path: string): string | null => {
    const radio = Object.values(facts.radios).find((each) =>
      names.every((name) => isCalled(each, name)),
    );
    if (!radio) missing.push({ name: names.join(' '), path });
    return radio?.id ?? null;
  };
  const wifi: Record<string, RadioSettings> = {};
  for (const [at, given] of items(document, 'wifi').entries()) {
    const names = RADIO_NAMES.flatMap((key) =>
      given[key] === undefined ? [] : [textOf(given[key])],
    );
    const id = find(names, `/wifi/${at}`);
    if (id !== null) wifi[id] = { ...wifi[id], ...settingsOf(given) };
  }
  const wifiInterfaces = items(document, 'wifi-interfaces').flatMap((given, at) => {
    const id = find([textOf(given['device'])], `/wifi-interfaces/${at}/device`);
    return id === null ? [] : [{ ...flat(given), device: id }];
  });
  const { chuteSubnetPool, chutePrefixSize, onMissingWiFi, allowMonitorMode } = section(
    document,
    'system',
  );
  const wan = section(document, 'wan');
  const config: HostConfig = {
    system: {
      chuteSubnetPool: textOf(chuteSubnetPool),
      chutePrefixSize: Number(chutePrefixSize),
      onMissingWiFi:
        onMissingWiFi === 'ignore' || onMissingWiFi === 'reboot' ? onMissingWiFi : 'warn',
      allowMonitorMode: allowMonitorMode === true,
    },
    lan: lanOf(section(document, 'lan'), facts),
    wan: { interface: textOr(wan['interface'], null), proto: textOf(wan['proto']) },
    wifi,
    wifiInterfaces,
    vlanInterfaces: items(document, 'vlan-interfaces').map(flat),
  };
  return { config, missing };
}

function lanOf(lan: JsonObject, facts: NetworkFacts): HostConfig['lan'] {
  const proto = textOf(lan['proto']);
  const chosen = proto === 'auto' ? lanAddress(uplinkAddresses(facts)) : null;
  const { dhcp } = lan;
  return {
    proto,
    ipaddr: textOr(lan['ipaddr'], chosen),
    netmask: textOr(lan['netmask'], null),
    interfaces: texts(lan['interfaces']),
    dhcp: isMap(dhcp) ? dhcpOf(dhcp) : null,
  };
}

function dhcpOf({ leasetime, start, limit, dns, relay }: JsonObject): Dhcp {
  return {
    ...(leasetime !== undefined && { leasetime: textOf(leasetime) }),
    ...(start !== undefined && { start: Number(start) }),
    ...(limit !== undefined && { limit: Number(limit) }),
    dns: texts(dns),
    relay: texts(relay),
  };
}

/** What an entry of `wifi` says beside which radio it is about. */
function settingsOf(given: JsonObject): RadioSettings {
  const settings = Object.entries(flat(given)).filter(([key]) => !RADIO_NAMES.includes(key));
  return Object.fromEntries(settings);
}

/** The plain values of a map; a secret is the token that stands for it in rendered files. */
function flat(given: JsonObject): RadioSettings {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => {
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        return [[key, value] as const];
      const mark = isSecret(value) ? value['$secret'] : null;
      return typeof mark === 'string' ? [[key, `{{secret:${mark}}}`] as const] : [];
    }),
  );
}

const isSecret = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, '$secret');

const textOr = <T>(value: Json | undefined, otherwise: T): string | T =>
  typeof value === 'string' ? value : otherwise;

const texts = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(textOf) : [];
