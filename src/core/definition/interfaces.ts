import type { JsonObject } from '../json.ts';
import type { Report } from './complaint.ts';
import { pointer } from './complaint.ts';
import type { KeepSecret } from './environment.ts';
import { present } from './json-object.ts';
import { isForbiddenName } from './read-guard.ts';
import { wirelessOf } from './wireless-settings.ts';
import type { WrittenInterface } from './written.ts';

/** Network interfaces by their name inside the chute, in the one form planners read. */
export function normaliseInterfaces(
  written: Readonly<Record<string, WrittenInterface>> | undefined,
  path: string,
  context: { readonly report: Report; readonly keep: KeepSecret },
): Record<string, JsonObject> {
  const result: Record<string, JsonObject> = {};
  for (const [name, given] of Object.entries(written ?? {})) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(name) || isForbiddenName(name)) {
      const at = `${path}${pointer(name)}`;
      context.report.complain('name-invalid', at, 'is not a name for an interface', {
        spot: 'key',
        hint: 'at most 15 letters, digits, _, . and -',
      });
      continue;
    }
    result[name] = normaliseInterface(given, `${path}${pointer(name)}`, context);
  }
  return result;
}

function normaliseInterface(
  given: WrittenInterface,
  path: string,
  context: { readonly report: Report; readonly keep: KeepSecret },
): JsonObject {
  const { type, mode, dhcp, requests, requirements } = given;
  const { 'vlan-id': vlanId, vlan_id: older } = given;
  const vlan = vlanId ?? older;
  if (vlanId !== undefined && older !== undefined && Number(vlanId) !== Number(older))
    context.report.complain(
      'field-conflicting',
      `${path}/vlan_id`,
      `is ${older}, and vlan-id ${vlanId}`,
      {
        hint: 'leave one of them out',
      },
    );
  const wireless = wirelessOf(given, path, context);
  const needed = { ...requests, ...requirements };
  return present({
    type: type === 'wifi' ? `wifi-${mode ?? 'ap'}` : type,
    dhcp: dhcp === undefined ? undefined : dhcpOf(dhcp),
    dns: given.dns === undefined ? undefined : listOf(given.dns),
    wireless: Object.keys(wireless).length === 0 ? undefined : wireless,
    requirements: Object.keys(needed).length === 0 ? undefined : needed,
    ipv4_network: given.ipv4_network,
    l3bridge: given.l3bridge,
    'vlan-id': vlan === undefined ? undefined : vlanNumber(vlan, path, context.report),
  });
}

function dhcpOf({ lease, ...range }: NonNullable<WrittenInterface['dhcp']>): JsonObject {
  return present({ ...range, leasetime: range.leasetime ?? lease });
}

function vlanNumber(given: number | string, path: string, report: Report): number {
  const id = Number(given);
  if (Number.isInteger(id) && id >= 1 && id <= 4094) return id;
  report.complain('value-invalid', `${path}/vlan-id`, `must be 1 to 4094, not ${given}`);
  return 1;
}

/** One or several, as a list. Pure. */
export function listOf<T extends string | number>(given: T | readonly T[] | undefined): T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? [...(given as readonly T[])] : [given as T];
}
