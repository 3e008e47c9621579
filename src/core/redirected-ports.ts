import { EVERY_PORT } from './allocate/redirects.ts';
import type { Applied } from './applied.ts';
import type { ChuteName } from './chute.ts';
import type { HostFacts } from './facts.ts';
import type { JsonObject } from './json.ts';
import type { Redirect } from './network.ts';
import type { ChuteView } from './overview.ts';
import type { Change, PortsOutcome } from './plan.ts';
import { wantedPorts } from './planners/runtime.ts';

type Holders = Map<string, ChuteName[]>;

/** Which ports of the host a chute's redirects cannot have, as those of others are found out. */
export type PortsBeside = {
  /** Those of the ports that these rules name, and who has them, in words. Pure. */
  takenFrom(
    chute: ChuteName,
    rules: Readonly<Record<string, JsonObject>>,
  ): Readonly<Record<string, string>>;
  /** What a chute of this update is given: others cannot have it any more. */
  give(chute: ChuteName, redirects: readonly Redirect[]): void;
};

/** The ports that others publish or redirect, beside those that change and among them. */
export function portsBeside(scene: {
  readonly applied: Applied;
  readonly facts: HostFacts;
  readonly ports: PortsOutcome;
  readonly changes: readonly Change[];
  readonly staying: readonly ChuteView[];
}): PortsBeside {
  const { applied, facts, changes, staying } = scene;
  const changing = new Set(changes.map(({ chute }) => chute));
  const wanted: Holders = new Map();
  for (const change of changes)
    for (const key of wantedPorts(change, scene).keys()) put(wanted, key, change.chute);
  const redirected: Holders = new Map();
  const give: PortsBeside['give'] = (chute, redirects) => {
    for (const { fromPort } of redirects)
      for (const key of keysOf(fromPort)) put(redirected, key, chute);
  };
  for (const { chute, applied: of, isRedirecting } of staying)
    if (isRedirecting) give(chute, of.redirects);
  const whoHas = (key: string, chute: ChuteName): string | null => {
    const redirecting = redirected.get(key)?.findLast((each) => each !== chute);
    if (redirecting !== undefined) return `chute ${redirecting}`;
    const wanting = wanted.get(key)?.at(-1);
    if (wanting !== undefined)
      return wanting === chute ? 'a service of its own' : `chute ${wanting}`;
    const holder = applied.reservations.ports[key]?.chute;
    if (holder !== undefined && !changing.has(holder)) return `chute ${holder}`;
    return facts.portsTaken[key] ?? null;
  };
  return {
    give,
    takenFrom(chute, rules) {
      const keys = Object.values(rules).map(named);
      // Who redirects everything is told of all that others have.
      const all = keys.every((each) => each !== null)
        ? keys.flatMap((each) => each ?? [])
        : [facts.portsTaken, applied.reservations.ports]
            .flatMap((each) => Object.keys(each))
            .concat([...wanted.keys(), ...redirected.keys()]);
      const known = all.flatMap((key) => {
        const who = whoHas(key, chute);
        return who === null ? [] : [[key, who] as const];
      });
      return Object.fromEntries(known);
    },
  };
}

function put(holders: Holders, key: string, chute: ChuteName): void {
  const known = holders.get(key);
  if (known) known.push(chute);
  else holders.set(key, [chute]);
}

/** The ports that a rule may be about, null for all; which of them it is is found out when it is read. */
function named({ from }: JsonObject): readonly string[] | null {
  const [, port] = /:(\d{1,5})$/.exec(typeof from === 'string' ? from.trim() : '') ?? [];
  return port === undefined ? null : keysOf(Number(port));
}

/** A redirect catches what comes to its port, tcp and udp alike; without one it catches everything. */
const keysOf = (port: number | null): readonly string[] =>
  port === null ? [EVERY_PORT] : [`${port}/tcp`, `${port}/udp`];
