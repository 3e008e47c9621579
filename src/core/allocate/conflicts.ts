import { vlanName } from './interface-names.ts';
import type { WantedInterface } from './interfaces.ts';
import { notGiven, type PlainRefusal } from './refusal.ts';
import type { Surroundings } from './surroundings.ts';

/** What of these interfaces others have, and no choice can give: network names and vlan ids. Pure. */
export function conflicts(
  wanted: readonly WantedInterface[],
  around: Surroundings,
): readonly PlainRefusal[] {
  return wanted.flatMap((each, at) => [
    ...vlanTaken(each, wanted.slice(0, at), around),
    ...ssidTaken(each, around),
  ]);
}

function vlanTaken(
  wanted: WantedInterface,
  before: readonly WantedInterface[],
  { host, others }: Surroundings,
): readonly PlainRefusal[] {
  const { vlanId } = wanted;
  if (vlanId === null) return [];
  const own = before.find((each) => each.vlanId === vlanId);
  const other = others.find(({ given }) => given.vlanId === vlanId);
  const hosts = host.vlanInterfaces.some(({ id }) => String(id) === String(vlanId));
  const holder =
    (hosts ? 'the host' : null) ??
    (other ? `interface ${other.given.inside} of ${other.chute}` : null) ??
    (own ? `interface ${own.name} of the same chute` : null);
  if (holder === null) return [];
  return [
    notGiven(wanted, ['vlan-id'], {
      code: 'RIPCORD_RESOURCE_TAKEN',
      what: `vlan ${vlanId}`,
      reason: `${vlanName(vlanId)} is taken by ${holder}`,
      hint: 'choose another vlan-id, or stop the chute that has this one',
    }),
  ];
}

/** Stations could not tell two networks of one name apart; a chute may mean to have one on two radios. */
function ssidTaken(
  wanted: WantedInterface,
  { host, others }: Surroundings,
): readonly PlainRefusal[] {
  const { kind, wireless } = wanted;
  if (kind !== 'wifi-ap' || !wireless) return [];
  const { ssid } = wireless;
  const other = others.find(
    ({ given }) => given.kind === 'wifi-ap' && given.wireless?.ssid === ssid,
  );
  const hosts = host.wifiInterfaces.some(
    (each) => (each['mode'] ?? 'ap') === 'ap' && String(each['ssid']) === ssid,
  );
  const holder =
    (hosts ? 'the host' : null) ??
    (other ? `interface ${other.given.inside} of ${other.chute}` : null);
  if (holder === null) return [];
  return [
    notGiven(wanted, ['wireless', 'ssid'], {
      code: 'RIPCORD_RESOURCE_TAKEN',
      what: `the ssid ${JSON.stringify(ssid)}`,
      reason: `it is that of ${holder}`,
      hint: 'choose another ssid, or stop the chute that has this one',
    }),
  ];
}
