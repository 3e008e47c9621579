import { allocateInterfaces } from './allocate/allocate.ts';
import type { Held } from './allocate/held.ts';
import { hostNeeds } from './allocate/host-needs.ts';
import type { ServiceInterfaces } from './allocate/interfaces.ts';
import { resolveRedirects } from './allocate/redirects.ts';
import { subnetPool, uplinkAddresses } from './allocate/subnets.ts';
import type { Applied, AppliedChute } from './applied.ts';
import type { ChuteName, Definition } from './chute.ts';
import type { HostFacts } from './facts.ts';
import type { HostChange } from './host-config/change.ts';
import { documentOf } from './host-config/document.ts';
import { lostBy } from './host-config/lost.ts';
import { resolveHost } from './host-config/resolve-host.ts';
import { canonical } from './json.ts';
import { HOST_CONFIG_DEFAULTS, type HostConfig } from './network.ts';
import { type ChuteView, overviewOf, wiredChute } from './overview.ts';
import type {
  Change,
  GivenNetwork,
  NetworkOutcome,
  PlainRefusal,
  PlainWarning,
  PortsOutcome,
} from './plan.ts';
import { portsBeside } from './redirected-ports.ts';
import { changedFiles } from './render/changed-files.ts';
import { renderHost } from './render/render-host.ts';
import type { RenderedFiles } from './render/rendered.ts';
import { checkDevices, type WiredChute } from './render/wiring.ts';
import type { State } from './state.ts';
import type { ReloadedService } from './step.ts';
import { textOrder } from './text-order.ts';

const NO_PORTS: PortsOutcome = { given: {}, refusals: {} };
const NOTHING_GIVEN: GivenNetwork = { interfaces: {}, redirects: [] };

/**
 * What the interfaces and rules of all changed chutes come to, and what of the host's configuration
 * follows. Pure.
 *
 * All chutes of an update at once, because what one is given the next cannot have, and because they
 * share files. A stopped chute lets go of everything; `start` asks anew. When the host itself is
 * configured otherwise, the chutes that stay as they are have to keep what they have.
 */
export function networkOutcome(
  changes: readonly Change[],
  scene: {
    readonly applied: Applied;
    readonly facts: HostFacts;
    readonly host?: HostChange | null;
    /** Ports that the changed chutes publish. */
    readonly ports?: PortsOutcome;
  },
  owed: readonly ReloadedService[],
): NetworkOutcome {
  const { applied, facts } = scene;
  const [was, host] = hostsOf(scene);
  const isHostNew = canonical(was) !== canonical(host);
  const changing = new Set(changes.map(({ chute }) => chute));
  const { views, holderOf } = overviewOf(applied.chutes);
  const staying = views.filter(({ chute }) => !changing.has(chute));
  const requests = changes.map((change) => ({
    chute: change.chute,
    services: servicesOf(change),
    before: change.before?.interfaces ?? {},
  }));
  const allocated = allocateInterfaces(requests, {
    facts: facts.network,
    host,
    // Whom nobody wants anything beside is not asked what it holds.
    held: requests.some(wantsAny) ? heldIn(staying) : [],
  });
  const portsTaken = changes.some((change) => Object.keys(rulesOf(change)).length > 0)
    ? portsBeside({ ...scene, ports: scene.ports ?? NO_PORTS, changes, staying })
    : null;
  const given: Record<ChuteName, GivenNetwork> = {};
  const refusals: Record<ChuteName, readonly PlainRefusal[]> = {};
  const ruleRefusals: Record<ChuteName, readonly PlainRefusal[]> = {};
  const warnings: Record<ChuteName, readonly PlainWarning[]> = {};
  for (const change of changes) {
    const { chute } = change;
    const result = allocated[chute] ?? { interfaces: {}, warnings: [] };
    given[chute] = NOTHING_GIVEN;
    if ('refusals' in result) {
      refusals[chute] = result.refusals;
      continue;
    }
    const needs = hostNeeds(chute, result.interfaces, { facts, host });
    if (needs.refusals.length > 0) refusals[chute] = needs.refusals;
    warnings[chute] = [...result.warnings, ...needs.warnings];
    const rules = rulesOf(change);
    const { interfaces } = result;
    const taken = portsTaken?.takenFrom(chute, rules) ?? {};
    const resolved = resolveRedirects({ chute, rules, interfaces, portsTaken: taken });
    if ('refusals' in resolved) ruleRefusals[chute] = resolved.refusals;
    else if (needs.refusals.length === 0) {
      given[chute] = { interfaces, redirects: resolved.redirects };
      portsTaken?.give(chute, resolved.redirects);
      warnings[chute] = [...(warnings[chute] ?? []), ...resolved.warnings];
    }
  }
  const outcome = { given, refusals, ruleRefusals, warnings, lost: [], owed };
  // Nothing of the files can differ where nothing that they are made of does.
  const isGivenNew = changes.some(
    ({ chute, before }) =>
      canonical(before ? givenOf(before) : NOTHING_GIVEN) !== canonical(given[chute] ?? null),
  );
  if (!isHostNew && !isGivenNew && owed.length === 0) return { ...outcome, files: [] };
  const lost = isHostNew ? lostBy(appliedOf(staying), { facts: facts.network, host, given }) : [];
  if (lost.length > 0) return { ...outcome, lost, files: [] };
  const wired = wiredAfter(staying, given, (device) => {
    const holder = holderOf(device);
    return holder === undefined || changing.has(holder) ? undefined : holder;
  });
  return { ...outcome, files: changedFiles(applied.host.files, filesOf(host, wired, facts)) };
}

/** Every chute that has any of the network once an update is through, by name. */
function wiredAfter(
  staying: readonly ChuteView[],
  given: Readonly<Record<ChuteName, GivenNetwork>>,
  holderOf: (device: string) => ChuteName | undefined,
): readonly WiredChute[] {
  const news = Object.entries(given)
    .flatMap(([chute, each]) => wiredChute(chute, each) ?? [])
    .toSorted((left, right) => textOrder(left.wired.chute, right.wired.chute));
  checkDevices(news, holderOf);
  const all: WiredChute[] = [];
  let at = 0;
  for (const { chute, wired } of staying) {
    for (let next = news[at]; next && next.wired.chute < chute; next = news[++at]) all.push(next);
    if (wired) all.push(wired);
  }
  return [...all, ...news.slice(at)];
}

const appliedOf = (views: readonly ChuteView[]): Applied['chutes'] =>
  Object.fromEntries(views.map(({ chute, applied }) => [chute, applied]));

/** What the interfaces of chutes have that go on as they are. */
function heldIn(staying: readonly ChuteView[]): readonly Held[] {
  const all: Held[] = [];
  for (const { held } of staying) for (const each of held) all.push(each);
  return all;
}

const rulesOf = ({ desired }: Change): Definition['firewall'] =>
  desired?.run === 'running' ? desired.definition.firewall : {};

const wantsAny = ({ services }: { readonly services: ServiceInterfaces }): boolean =>
  Object.values(services).some(({ interfaces }) => Object.keys(interfaces).length > 0);

/** How the host is configured before and after. */
function hostsOf({
  applied,
  facts,
  host,
}: Parameters<typeof networkOutcome>[1]): readonly [HostConfig, HostConfig] {
  if (host) return [host.before, host.after];
  const { config } = resolveHost(documentOf(applied.host.config), facts.network);
  return [config, config];
}

function servicesOf({ desired }: Change): ServiceInterfaces {
  return desired?.run === 'running' ? desired.definition.services : {};
}

/** A host that nothing has to be configured on, for chutes or itself, has no files of ours at all. */
function filesOf(
  config: HostConfig,
  chutes: readonly WiredChute[],
  { host, network }: HostFacts,
): RenderedFiles {
  if (chutes.length === 0 && canonical(config) === canonical(HOST_CONFIG_DEFAULTS)) return [];
  const pool = subnetPool(config, uplinkAddresses(network));
  const { wan } = config;
  // Who does not say otherwise goes out where the default route goes.
  const uplink = wan.interface ?? network.uplink?.interface ?? null;
  const configured = { ...config, wan: { ...wan, interface: uplink } };
  return renderHost(configured, chutes, { host, pool, radios: network.radios });
}

const givenOf = ({ interfaces, redirects }: AppliedChute): GivenNetwork => ({
  interfaces,
  redirects,
});

/** The services of the host that are owed a reload. Pure. */
export function owedServices({ reloads }: Pick<State, 'reloads'>): readonly ReloadedService[] {
  return SERVICES.filter((service) => Object.hasOwn(reloads, `reload:${service}`));
}

const SERVICES: readonly ReloadedService[] = ['dhcp', 'firewall', 'network', 'wifi'];
