import { allocateInterfaces } from './allocate/allocate.ts';
import { hostNeeds } from './allocate/host-needs.ts';
import type { ServiceInterfaces } from './allocate/interfaces.ts';
import { EVERY_PORT, resolveRedirects } from './allocate/redirects.ts';
import { subnetPool, uplinkAddresses } from './allocate/subnets.ts';
import type { Applied, AppliedChute } from './applied.ts';
import type { ChuteName } from './chute.ts';
import type { HostFacts } from './facts.ts';
import type { HostChange } from './host-config/change.ts';
import { documentOf } from './host-config/document.ts';
import { lostBy } from './host-config/lost.ts';
import { resolveHost } from './host-config/resolve-host.ts';
import { canonical } from './json.ts';
import { HOST_CONFIG_DEFAULTS, type HostConfig, type NetworkPlan } from './network.ts';
import type {
  Change,
  GivenNetwork,
  NetworkOutcome,
  PlainRefusal,
  PlainWarning,
  PortsOutcome,
} from './plan.ts';
import { wantedPorts } from './planners/runtime.ts';
import { changedFiles } from './render/changed-files.ts';
import { renderHost } from './render/render-host.ts';
import type { RenderedFiles } from './render/rendered.ts';
import type { State } from './state.ts';
import type { ReloadedService } from './step.ts';

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
  const staying = (): Applied['chutes'] =>
    Object.fromEntries(Object.entries(applied.chutes).filter(([chute]) => !changing.has(chute)));
  const requests = changes.map((change) => ({
    chute: change.chute,
    services: servicesOf(change),
    before: change.before?.interfaces ?? {},
  }));
  const allocated = allocateInterfaces(requests, {
    facts: facts.network,
    host,
    // Whom nobody wants anything beside is not asked what it holds.
    held: requests.some(wantsAny) ? heldBeside(changing, applied) : {},
  });
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
    const rules = change.desired?.run === 'running' ? change.desired.definition.firewall : {};
    // Who has which port is asked for nobody's sake where there is no rule.
    const isRuled = Object.keys(rules).length > 0;
    const portsTaken = isRuled
      ? takenFor(chute, { ...scene, changes, staying: staying(), given })
      : {};
    const { interfaces } = result;
    const resolved = resolveRedirects({ chute, rules, interfaces, portsTaken });
    if ('refusals' in resolved) ruleRefusals[chute] = resolved.refusals;
    else if (needs.refusals.length === 0) {
      given[chute] = { interfaces, redirects: resolved.redirects };
      warnings[chute] = [...(warnings[chute] ?? []), ...resolved.warnings];
    }
  }
  // Nothing of the files can differ where nothing that they are made of does.
  const isGivenNew = changes.some(
    ({ chute, before }) =>
      canonical(before ? givenOf(before) : NOTHING_GIVEN) !== canonical(given[chute] ?? null),
  );
  const isRendered = isHostNew || isGivenNew || owed.length > 0;
  const lost = isHostNew ? lostBy(staying(), { facts: facts.network, host, given }) : [];
  if (!isRendered || lost.length > 0)
    return { given, refusals, ruleRefusals, warnings, lost, files: [], owed };
  const wanted = filesOf({ chutes: { ...staying(), ...given }, host }, facts);
  const files = changedFiles(applied.host.files, wanted);
  return { given, refusals, ruleRefusals, warnings, lost, files, owed };
}

/** What the interfaces of chutes have that go on as they are; those without any are left out. */
function heldBeside(
  changing: ReadonlySet<ChuteName>,
  { chutes }: Applied,
): Readonly<Record<ChuteName, AppliedChute['interfaces']>> {
  const held: Record<ChuteName, AppliedChute['interfaces']> = {};
  for (const chute of Object.keys(chutes)) {
    const interfaces = chutes[chute]?.interfaces ?? {};
    if (!changing.has(chute) && Object.keys(interfaces).length > 0) held[chute] = interfaces;
  }
  return held;
}

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
function filesOf(plan: NetworkPlan, { host, network }: HostFacts): RenderedFiles {
  const isPlain = canonical(plan.host) === canonical(HOST_CONFIG_DEFAULTS);
  if (isPlain && !Object.values(plan.chutes).some(hasAny)) return {};
  const pool = subnetPool(plan.host, uplinkAddresses(network));
  const { wan } = plan.host;
  // Who does not say otherwise goes out where the default route goes.
  const uplink = wan.interface ?? network.uplink?.interface ?? null;
  const configured = { ...plan.host, wan: { ...wan, interface: uplink } };
  return renderHost({ ...plan, host: configured }, { host, pool, radios: network.radios });
}

/** Ports of the host that a chute's redirects cannot have, and who has them, in words. */
function takenFor(
  chute: ChuteName,
  scene: {
    readonly applied: Applied;
    readonly facts: HostFacts;
    readonly ports?: PortsOutcome;
    readonly changes: readonly Change[];
    readonly staying: Applied['chutes'];
    readonly given: Readonly<Record<ChuteName, GivenNetwork>>;
  },
): Readonly<Record<string, string>> {
  const { applied, facts, staying, given, changes, ports = NO_PORTS } = scene;
  const held = Object.entries(applied.reservations.ports)
    .filter(([, holder]) => Object.hasOwn(staying, holder.chute))
    .map(([port, holder]) => [port, `chute ${holder.chute}`] as const);
  const wanted = changes.flatMap((each) =>
    [...wantedPorts(each, { ports, facts }).keys()].map((key) => {
      const who = each.chute === chute ? 'a service of its own' : `chute ${each.chute}`;
      return [key, who] as const;
    }),
  );
  const published = [...held, ...wanted];
  const redirected = [...Object.entries(staying), ...Object.entries(given)]
    .filter(([other]) => other !== chute)
    .flatMap(([other, { redirects }]) =>
      redirects.flatMap(({ fromPort }) =>
        (fromPort === null ? [EVERY_PORT] : [`${fromPort}/tcp`, `${fromPort}/udp`]).map(
          (key) => [key, `chute ${other}`] as const,
        ),
      ),
    );
  return { ...facts.portsTaken, ...Object.fromEntries([...published, ...redirected]) };
}

const hasAny = (given: GivenNetwork | undefined): boolean =>
  given !== undefined && (Object.keys(given.interfaces).length > 0 || given.redirects.length > 0);

const givenOf = ({ interfaces, redirects }: AppliedChute): GivenNetwork => ({
  interfaces,
  redirects,
});

/** The services of the host that are owed a reload. Pure. */
export function owedServices({ reloads }: Pick<State, 'reloads'>): readonly ReloadedService[] {
  return SERVICES.filter((service) => Object.hasOwn(reloads, `reload:${service}`));
}

const SERVICES: readonly ReloadedService[] = ['dhcp', 'firewall', 'network', 'wifi'];
