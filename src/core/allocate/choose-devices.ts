import { placeDevices, type DeviceRequest } from './devices.ts';
import { DEVICE_MODES, holderOf } from './held.ts';
import type { WantedInterface } from './interfaces.ts';
import { hostRadioUses, type DeviceUse } from './radios.ts';
import { notGiven, type PlainRefusal } from './refusal.ts';
import type { Allocations, Surroundings } from './surroundings.ts';

/** Devices by the interface's name, and who has none. */
export type DevicesChosen = {
  readonly placed: ReadonlyMap<string, DeviceUse>;
  readonly refusals: readonly PlainRefusal[];
};

const WHAT: Readonly<Record<DeviceUse['mode'], string>> = {
  ap: 'a radio as an access point',
  sta: 'a radio for itself as a station',
  monitor: 'a radio for itself as a monitor',
  lan: 'a port',
};

/** A radio or port for each interface of a chute that needs one. Pure. */
export function chooseDevices(
  wanted: readonly WantedInterface[],
  before: Allocations,
  { facts, host, others }: Surroundings,
): DevicesChosen {
  const refusals: PlainRefusal[] = [];
  const requests: DeviceRequest[] = [];
  for (const each of wanted) {
    const { name, kind, requirements } = each;
    if (kind === 'vlan') continue;
    if (kind === 'wifi-monitor' && !host.system.allowMonitorMode) {
      refusals.push(monitorRefused(each));
      continue;
    }
    const had = before[name];
    const mine = had?.kind === kind ? had.device : null;
    requests.push({
      name,
      mode: DEVICE_MODES[kind],
      requirements,
      holder: holderOf(name, each.chute),
      mine,
    });
  }
  if (requests.length === 0) return { placed: new Map(), refusals };
  const uses = [...hostRadioUses(facts, host), ...others.flatMap(({ use }) => use ?? [])];
  const placement = placeDevices(requests, { facts, host, uses });
  if ('placed' in placement) return { placed: placement.placed, refusals };
  for (const { name, reasons, isPossible } of placement.missing) {
    const each = wanted.find((one) => one.name === name);
    if (each && each.kind !== 'vlan')
      refusals.push(nothingFree(each, DEVICE_MODES[each.kind], { reasons, isPossible }));
  }
  return { placed: new Map(), refusals };
}

const monitorRefused = (wanted: WantedInterface): PlainRefusal =>
  notGiven(wanted, ['type'], {
    code: 'RIPCORD_MONITOR_DISALLOWED',
    what: WHAT.monitor,
    reason: "the host's system.allowMonitorMode is false",
    hint: 'set system.allowMonitorMode: true in the host configuration: a monitor hears what all radios around send',
  });

/** As `with channel 36 and hwmode 11a`; empty where any will do. */
function withWhat(requirements: WantedInterface['requirements']): string {
  const all = Object.entries(requirements).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return all.length === 0 ? '' : ` with ${all.join(' and ')}`;
}

function nothingFree(
  wanted: WantedInterface,
  mode: DeviceUse['mode'],
  { reasons, isPossible }: { readonly reasons: readonly string[]; readonly isPossible: boolean },
): PlainRefusal {
  const hasRequirements = Object.keys(wanted.requirements).length > 0;
  const device = mode === 'lan' ? 'port' : 'radio';
  return notGiven(wanted, [hasRequirements ? 'requirements' : 'type'], {
    code: isPossible ? 'RIPCORD_RESOURCE_TAKEN' : 'RIPCORD_RESOURCE_MISSING',
    what: `${WHAT[mode]}${withWhat(wanted.requirements)}`,
    reason: reasons.length === 0 ? `this host has no ${device}` : reasons.join('; '),
    hint: isPossible
      ? `stop a chute that has a ${device}, or take interfaces away from it`
      : `${hasRequirements ? 'require less, or ' : ''}use a host that has such a ${device}`,
  });
}
