import { allocateInterfaces } from '../allocate/allocate.ts';
import { heldByAll } from '../allocate/held.ts';
import type { Allocations } from '../allocate/surroundings.ts';
import type { AppliedChute } from '../applied.ts';
import type { ChuteName } from '../chute.ts';
import type { HostConfig, InterfaceAllocation, NetworkFacts } from '../network.ts';
import type { GivenNetwork, PlainRefusal } from '../plan.ts';

/**
 * Why chutes that stay as they are could not keep what they have on a host that is configured like
 * this. Pure.
 *
 * They are asked as if they came anew with what they have: a network outside of a new pool stays.
 */
export function lostBy(
  staying: Readonly<Record<ChuteName, AppliedChute>>,
  around: {
    readonly facts: NetworkFacts;
    readonly host: HostConfig;
    readonly given: Readonly<Record<ChuteName, GivenNetwork>>;
  },
): readonly PlainRefusal[] {
  const { facts, host, given } = around;
  const running = Object.entries(staying).filter(([, { run }]) => run === 'running');
  const requests = running.map(([chute, { definition, interfaces }]) => ({
    chute,
    services: definition?.services ?? {},
    before: interfaces,
  }));
  const held = heldByAll(
    Object.fromEntries(Object.entries(given).map(([chute, { interfaces }]) => [chute, interfaces])),
  );
  const kept = allocateInterfaces(requests, { facts, host, held });
  return running.flatMap(([chute, { interfaces }]) => {
    const result = kept[chute];
    if (!result) return [];
    if ('refusals' in result) return result.refusals.map((refusal) => refused(chute, refusal));
    return Object.entries(interfaces).flatMap(([name, had]) => moved(chute, name, had, result));
  });
}

function moved(
  chute: ChuteName,
  name: string,
  had: InterfaceAllocation,
  { interfaces }: { readonly interfaces: Allocations },
): readonly PlainRefusal[] {
  const gets = interfaces[name];
  const field = FIELDS.find(([key]) => (had[key] ?? null) !== (gets?.[key] ?? null));
  // Set as it was chosen for the chute, it need not be chosen any more.
  const setting = Object.entries(gets?.radio ?? {}).find(
    ([key, value]) => had.radio[key] !== value,
  );
  if (!field && !setting) return [];
  const now = field ? `${field[1]} ${had[field[0]]}` : `a radio without ${setting?.join(' ')}`;
  return [
    {
      code: 'RIPCORD_RESOURCE_TAKEN',
      message: `cannot configure the host: interface ${name} of ${chute} has ${now} and could not keep it`,
      path: '',
      hint: `stop ${chute}, configure the host, then start ${chute}: it is given what is free then`,
    },
  ];
}

/** What a chute that runs would notice. */
const FIELDS = [
  ['device', 'device'],
  ['outside', 'name'],
  ['subnet', 'network'],
] as const;

const refused = (chute: ChuteName, { code, message, path, hint }: PlainRefusal): PlainRefusal => ({
  code,
  message: `cannot configure the host: ${chute} runs and could not go on: ${message}`,
  path: '',
  hint: path === '' ? hint : `stop ${chute} first, or leave that part of the host as it is`,
});
