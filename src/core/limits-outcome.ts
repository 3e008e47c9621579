import { cpuShares, type CpuRequest } from './allocate/shares.ts';
import type { Applied, ServiceLimits } from './applied.ts';
import type { ChuteName, Definition, ServiceName } from './chute.ts';
import type { Capability, HostFacts } from './facts.ts';
import { asksForLimits, overviewOf } from './overview.ts';
import { pointer } from './patch.ts';
import type { Change, LimitsOutcome, PlainRefusal, PlainWarning } from './plan.ts';
import { textOrder } from './text-order.ts';

type Running = CpuRequest & { readonly memory: number | null };
type Shares = Readonly<Record<ChuteName, Readonly<Record<ServiceName, number>>>>;

/** What a service has that nobody gave anything. */
const SHARES_DEFAULT = 1024;

/**
 * What every service of the device may take of its cpus and memory once the changes are through. Pure.
 *
 * Shares are relative to those of all others, so one change may change everybody's. Where all would
 * have the same (nobody asks, or all ask alike) nobody is given any: such a device has no limits, no
 * groups and no steps for them.
 */
export function limitsOutcome(
  changes: readonly Change[],
  { applied, facts }: { readonly applied: Applied; readonly facts: HostFacts },
): LimitsOutcome {
  const running = runningAfter(changes, applied);
  const divided = divide(running, changes);
  // An engine of containers can limit whatever it runs.
  const has = (capability: Capability): boolean =>
    facts.runtime === 'docker' || facts.capabilities.includes(capability);
  const shares = has('cpu-shares') ? uneven(divided.shares) : {};
  const after: Record<ChuteName, Record<ServiceName, ServiceLimits>> = {};
  for (const { chute, service, memory } of running) {
    const limits = { shares: shares[chute]?.[service] ?? null, memory };
    if (limits.shares === null && limits.memory === null) continue;
    after[chute] = { ...after[chute], [service]: limits };
  }
  const changing = new Set(changes.map(({ chute }) => chute));
  for (const [chute, limits] of Object.entries(applied.limits)) {
    // One that another update has half installed: what it was given is that update's to take back.
    const isUnderWay = applied.chutes[chute]?.run !== 'running';
    if (isUnderWay && !changing.has(chute)) after[chute] = { ...limits };
  }
  const refusals = changes.map((change): readonly [ChuteName, readonly PlainRefusal[]] => [
    change.chute,
    [
      ...(divided.refusals.get(change.chute) ?? []),
      ...(has('memory-limit') ? [] : noMemoryLimits(change)),
    ],
  ]);
  const warnings = changes.map((change): readonly [ChuteName, readonly PlainWarning[]] => [
    change.chute,
    [...(has('cpu-shares') ? [] : notEnforced(change, divided.shares)), ...noPriority(change)],
  ]);
  return {
    before: applied.limits,
    after,
    refusals: Object.fromEntries(refusals),
    warnings: Object.fromEntries(warnings),
  };
}

/** Every service that shall run, in the order of names: what a chute had before counts no more. */
function runningAfter(changes: readonly Change[], { chutes }: Applied): readonly Running[] {
  const changing = new Map(changes.map((change) => [change.chute, definitionOf(change)]));
  const isAsked =
    [...changing.values()].some(asksForLimits) ||
    overviewOf(chutes).asking.some(({ chute }) => !changing.has(chute));
  // Where nobody asks there is nothing to divide, however many run.
  if (!isAsked) return [];
  const names = new Set([...Object.keys(chutes), ...changing.keys()]);
  return [...names].toSorted(textOrder).flatMap((chute): readonly Running[] => {
    const now = chutes[chute];
    const staying = now?.run === 'running' ? now.definition : null;
    const definition = changing.has(chute) ? changing.get(chute) : staying;
    return Object.entries(definition?.services ?? {})
      .toSorted(([left], [right]) => textOrder(left, right))
      .map(([service, { requests }]) => ({
        chute,
        service,
        fraction: requests.cpuFraction ?? null,
        memory: requests.memory ?? null,
      }));
  });
}

const definitionOf = ({ desired }: Change): Definition | null =>
  desired?.run === 'running' ? desired.definition : null;

function divide(
  running: readonly Running[],
  changes: readonly Change[],
): {
  readonly shares: Shares;
  readonly refusals: ReadonlyMap<ChuteName, readonly PlainRefusal[]>;
} {
  const refusals = new Map<ChuteName, readonly PlainRefusal[]>();
  if (running.every(({ fraction }) => !fraction)) return { shares: {}, refusals };
  let shares: Shares = {};
  for (const change of changes) {
    if (!Object.values(definitionOf(change)?.services ?? {}).some(asksForCpu)) continue;
    const divided = cpuShares(running, change.chute);
    if ('refusals' in divided) refusals.set(change.chute, divided.refusals);
    else ({ shares } = divided);
  }
  if (Object.keys(shares).length > 0 || refusals.size > 0) return { shares, refusals };
  // Nobody who changes asks for anything, and others do.
  const divided = cpuShares(running, '');
  return 'shares' in divided ? { ...divided, refusals } : { shares: {}, refusals };
}

const asksForCpu = ({ requests }: Definition['services'][string]): boolean =>
  (requests.cpuFraction ?? 0) > 0;

/** Shares that differ from what everybody has anyway; none where all are alike. */
function uneven(shares: Shares): Shares {
  const all = Object.values(shares).flatMap((each) => Object.values(each));
  return all.every((each) => each === SHARES_DEFAULT) ? {} : shares;
}

function noMemoryLimits(change: Change): readonly PlainRefusal[] {
  return ofServices(change, ({ requests }) => requests.memory !== undefined, 'memory').map(
    ({ service, path }) => ({
      code: 'RIPCORD_RUNTIME_UNSUPPORTED',
      message: `cannot plan ${change.chute}: it asks for requests.memory of service ${service}; this host lets nobody limit memory here: that needs root, and a memory cgroup that can be written`,
      path,
      hint: 'remove it, or run ripcord as root',
    }),
  );
}

function notEnforced(change: Change, shares: Shares): readonly PlainWarning[] {
  return ofServices(
    change,
    ({ requests }) => requests.cpuFraction !== undefined,
    'cpuFraction',
  ).map(({ service, path }) => ({
    message: `cpu shares of ${change.chute} are computed but not enforced here: ${service} would have ${shares[change.chute]?.[service] ?? SHARES_DEFAULT}, and this host has no cpu cgroup that can be written`,
    path,
    hint: 'run ripcord as root on a host with cgroups',
  }));
}

function noPriority(change: Change): readonly PlainWarning[] {
  return ofServices(change, ({ requests }) => requests.priority === 'high', 'priority').map(
    ({ service, path }) => ({
      message: `traffic of ${service} of ${change.chute} goes with everybody's: this host has no traffic classes`,
      path,
      hint: 'leave out requests.priority',
    }),
  );
}

function ofServices(
  change: Change,
  asks: (service: Definition['services'][string]) => boolean,
  field: string,
): readonly { readonly service: ServiceName; readonly path: string }[] {
  return Object.entries(definitionOf(change)?.services ?? {})
    .filter(([, service]) => asks(service))
    .map(([service]) => ({ service, path: pointer('services', service, 'requests', field) }));
}
