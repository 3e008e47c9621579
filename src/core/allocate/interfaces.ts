import type { ChuteName, ServiceName } from '../chute.ts';
import type { Json, JsonObject } from '../json.ts';
import type { InterfaceKind, RadioSettings, Wireless } from '../network.ts';
import { textOrder } from '../text-order.ts';
import { readDhcp, type WantedDhcp } from './dhcp.ts';
import { INTERFACE_NAME_MAX } from './interface-names.ts';
import { networkText, type Network } from './ipv4.ts';
import { countIn, textOf } from './json-text.ts';
import {
  type InterfacePlace,
  type PlainRefusal,
  type PlainWarning,
  warnField,
  wrongField,
} from './refusal.ts';
import { requestedNetwork } from './subnets.ts';
import { readWireless } from './wireless.ts';

/** An interface as a definition asks for it, checked. */
export type WantedInterface = InterfacePlace & {
  readonly kind: InterfaceKind;
  /** What its radio or port has to be like. */
  readonly requirements: RadioSettings;
  /** Null: any free one. */
  readonly network: Network | null;
  readonly vlanId: number | null;
  readonly wireless: Wireless | null;
  readonly dhcp: WantedDhcp | null;
  readonly l3bridge: string | null;
};

/** The interfaces of a chute that can be read, by name, and what is wrong with the others. */
export type InterfacesRead = {
  readonly wanted: readonly WantedInterface[];
  readonly refusals: readonly PlainRefusal[];
  readonly warnings: readonly PlainWarning[];
};

/** The interfaces of a chute's services, as a definition holds them. */
export type ServiceInterfaces = Readonly<
  Record<ServiceName, { readonly interfaces: Readonly<Record<string, JsonObject>> }>
>;

const KINDS = ['wifi-ap', 'wifi-sta', 'wifi-monitor', 'vlan', 'lan'] as const;

const VLAN_ID_MAX = 4094;

/** Reads the interfaces of all services of a chute, in the order of their names. Pure. */
export function readInterfaces(chute: ChuteName, services: ServiceInterfaces): InterfacesRead {
  const all = Object.entries(services)
    .flatMap(([service, { interfaces }]) =>
      Object.entries(interfaces).map(([name, given]) => ({
        place: { chute, service, name },
        given,
      })),
    )
    .toSorted(
      ({ place: left }, { place: right }) =>
        textOrder(left.name, right.name) || textOrder(left.service, right.service),
    );
  const wanted: WantedInterface[] = [];
  const refusals: PlainRefusal[] = [];
  const warnings: PlainWarning[] = [];
  for (const [at, { place, given }] of all.entries()) {
    const before = all[at - 1]?.place;
    if (before?.name === place.name) {
      const reason = `is in service ${before.service} too, not only in ${place.service}`;
      refusals.push(wrongField(place, [], { reason, hint: 'name one of them differently' }));
    }
    const read = readInterface(place, given, warnings);
    if ('refusals' in read) refusals.push(...read.refusals);
    else wanted.push(read);
  }
  return { wanted, refusals, warnings };
}

function readInterface(
  place: InterfacePlace,
  given: JsonObject,
  warnings: PlainWarning[],
): WantedInterface | { readonly refusals: readonly PlainRefusal[] } {
  const kind = KINDS.find((each) => each === given['type']);
  if (!kind) return { refusals: [wrongKind(place, given['type'])] };
  const refusals: PlainRefusal[] = [...wrongName(place), ...notOfMonitors(place, kind, given)];
  const refuse = (keys: readonly string[], reason: string, hint: string): void => {
    refusals.push(wrongField(place, keys, { reason, hint }));
  };
  const { requirements, network } = requirementsOf(given, refuse);
  const vlanId = kind === 'vlan' ? vlanIdOf(given['vlan-id'] ?? given['vlan_id'], refuse) : null;
  const l3bridge = l3bridgeOf(given['l3bridge'], refuse);
  const onAir = kind === 'wifi-ap' || kind === 'wifi-sta';
  const wireless = onAir ? readWireless(place, objectOf(given['wireless'])) : null;
  if (wireless && 'refusals' in wireless) refusals.push(...wireless.refusals);
  else warnings.push(...(wireless?.warnings ?? []));
  if (kind === 'wifi-sta' && wireless && 'wireless' in wireless) {
    const { encryption } = wireless.wireless;
    const reason = `is ${encryption}, and a station cannot log in by RADIUS`;
    if (encryption.startsWith('wpa'))
      refuse(['wireless', 'encryption'], reason, 'join a network with a key: psk2');
  }
  const dhcp =
    given['dhcp'] === undefined ? null : readDhcp(place, objectOf(given['dhcp']), given['dns']);
  if (dhcp && 'refusals' in dhcp) refusals.push(...dhcp.refusals);
  if (kind === 'wifi-ap' && !dhcp)
    warnings.push(
      warnField(place, [], {
        reason: 'has no dhcp: nobody gives addresses to its stations',
        hint: 'give it dhcp with start and limit',
      }),
    );
  if (!dhcp && given['dns'] !== undefined)
    warnings.push(
      warnField(place, ['dns'], {
        reason: 'has dns and no dhcp: nobody is told of these servers',
        hint: 'give it dhcp with start and limit, or leave dns out',
      }),
    );
  if (kind === 'wifi-sta' && dhcp)
    warnings.push(
      warnField(place, ['dhcp'], {
        reason: 'has dhcp and is a station: nobody there is given an address by it',
        hint: 'leave dhcp out, or make it a wifi-ap',
      }),
    );
  if (refusals.length > 0) return { refusals };
  return {
    ...place,
    kind,
    requirements,
    network,
    vlanId,
    l3bridge,
    wireless: wireless && 'wireless' in wireless ? wireless.wireless : null,
    dhcp: dhcp && 'dhcp' in dhcp ? dhcp.dhcp : null,
  };
}

type Refuse = (keys: readonly string[], reason: string, hint: string) => void;

/** `ipv4_network` may stand among the requirements; it is none of a radio. */
function requirementsOf(
  given: JsonObject,
  refuse: Refuse,
): { readonly requirements: RadioSettings; readonly network: Network | null } {
  const { ipv4_network: inner, ...others } = objectOf(given['requirements']);
  const requirements: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(others)) {
    if (value === null || typeof value === 'object')
      refuse(['requirements', key], 'is not one value', 'a device has one value of each');
    else requirements[key] = key === 'channel' ? channelOf(value) : value;
  }
  const outer = given['ipv4_network'];
  const own = outer === undefined ? null : networkOf(outer, ['ipv4_network'], refuse);
  const required =
    inner === undefined ? null : networkOf(inner, ['requirements', 'ipv4_network'], refuse);
  if (own && required && networkText(own) !== networkText(required)) {
    const reason = `is ${networkText(own)}, and among its requirements ${networkText(required)}`;
    refuse(['ipv4_network'], reason, 'name one network');
  }
  return { requirements, network: own ?? required };
}

/** YAML has channel 36 as a number and, in quotes, as a text: both mean the same. */
const channelOf = (given: string | number | boolean): string | number | boolean =>
  typeof given === 'string' && /^[1-9]\d{0,2}$/.test(given) ? Number(given) : given;

function networkOf(given: Json, keys: readonly string[], refuse: Refuse): Network | null {
  const read = requestedNetwork(textOf(given) ?? '');
  if ('network' in read) return read.network;
  refuse(keys, `cannot be had: ${read.refused.reason}`, read.refused.hint);
  return null;
}

function vlanIdOf(given: Json | undefined, refuse: Refuse): number | null {
  const hint = `a vlan has an id from 1 to ${VLAN_ID_MAX}, for example vlan-id: 5`;
  if (given === undefined || given === null) {
    refuse(['vlan-id'], 'is missing', hint);
    return null;
  }
  const id = countIn(given);
  if (id === null || id > VLAN_ID_MAX)
    refuse(['vlan-id'], `is no id: ${JSON.stringify(given)}`, hint);
  return id;
}

function l3bridgeOf(given: Json | undefined, refuse: Refuse): string | null {
  if (given === undefined || given === null) return null;
  const name = textOf(given) ?? '';
  const isName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= INTERFACE_NAME_MAX;
  if (!isName)
    refuse(['l3bridge'], `is no name of a network: ${name}`, 'for example l3bridge: lan');
  return name;
}

function wrongKind(place: InterfacePlace, type: Json | undefined): PlainRefusal {
  const hint = `known are ${KINDS.join(', ')}`;
  if (type === undefined) return wrongField(place, ['type'], { reason: 'is missing', hint });
  return wrongField(place, ['type'], { reason: `is unknown: ${JSON.stringify(type)}`, hint });
}

function wrongName(place: InterfacePlace): readonly PlainRefusal[] {
  const { name } = place;
  const isName = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name) && name.length <= INTERFACE_NAME_MAX;
  if (isName && name !== 'lo') return [];
  const reason = isName ? 'is called as the loopback is' : 'has a name that no system takes';
  return [
    wrongField(place, [], {
      reason,
      hint: `at most ${INTERFACE_NAME_MAX} letters, digits, _, . and -`,
    }),
  ];
}

/** A monitor listens, and has no addresses. */
function notOfMonitors(
  place: InterfacePlace,
  kind: InterfaceKind,
  given: JsonObject,
): readonly PlainRefusal[] {
  if (kind !== 'wifi-monitor') return [];
  const reason = 'needs an address, and a monitor has none';
  return ['dhcp', 'ipv4_network', 'l3bridge']
    .filter((key) => given[key] !== undefined)
    .map((key) => wrongField(place, [key], { reason, hint: `leave ${key} out` }));
}

const objectOf = (given: Json | undefined): JsonObject =>
  given !== null && typeof given === 'object' && !Array.isArray(given) ? (given as JsonObject) : {};
