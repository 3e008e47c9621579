import type { AppliedChute } from '../applied.ts';
import type { ChuteName, Service } from '../chute.ts';
import { ORDER } from '../phases.ts';
import type { Change, PlanContext, Planner } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { directoryIdsOf } from './name.ts';
import { publishedPorts, type PublishedPort } from './published-ports.ts';
import { fateOf } from './service-fate.ts';
import { unsupportedFields, type PlainRefusal } from './unsupported.ts';

/**
 * What services need around them: volumes, and ports that nobody else has. Whatever the runtime of
 * this device cannot give is refused here, in words, before anything is touched.
 */
export const runtime: Planner = {
  name: 'runtime',
  version: 1,
  plan(change, context) {
    const { desired } = change;
    if (desired?.run !== 'running') return { steps: [] };
    if (context.facts.runtime !== 'process') return { refusals: [laterRuntime(change, context)] };
    const refusals = [...unsupportedFields(desired.definition), ...takenPorts(change, context)];
    if (refusals.length > 0) return { refusals };
    const checks = [...portCheck(change, context), ...secretCheck(change)];
    return { steps: [...checks, ...volumes(change)] };
  },
};

const laterRuntime = ({ chute }: Change, { facts }: PlanContext): PlainRefusal => ({
  code: 'RIPCORD_RUNTIME_UNSUPPORTED',
  message: `cannot plan ${chute}: the ${facts.runtime} runtime comes with a later version`,
  path: '',
  hint: 'use a root made with --runtime process',
});

/** The ports that are new for this chute and so have to be free. */
function portCheck(change: Change, context: PlanContext): readonly StepDraft[] {
  const { chute, desired } = change;
  const held = context.applied.reservations.ports;
  // What another chute of this plan gives up is free by the time it is needed: it stops first.
  const ports = publishedPorts(desired?.definition ?? NOTHING)
    .map(({ key }) => key)
    .filter((key) => !held[key]);
  if (ports.length === 0) return [];
  return [
    {
      id: `${chute}/port.check`,
      phase: ORDER['port.check@1'],
      kind: 'port.check@1',
      args: { chute, ports },
      title: `see that ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')} ${ports.length === 1 ? 'is' : 'are'} free`,
    },
  ];
}

/** The secrets of what will be started: what runs already has its own. */
function secretCheck(change: Change): readonly StepDraft[] {
  const { chute } = change;
  const values = [...fateOf(change).starting.values()].flatMap(({ environment }) =>
    Object.values(environment),
  );
  const marks = new Set(
    values.flatMap((value) =>
      typeof value === 'object' && '$secret' in value ? [value.$secret] : [],
    ),
  );
  if (marks.size === 0) return [];
  return [
    {
      id: `${chute}/secret.check`,
      phase: ORDER['secret.check@1'],
      kind: 'secret.check@1',
      args: { chute, secrets: [...marks].toSorted(textOrder).map(($secret) => ({ $secret })) },
      title: `see that the secrets of ${chute} can be read`,
    },
  ];
}

function takenPorts(change: Change, context: PlanContext): readonly PlainRefusal[] {
  const ports = publishedPorts(change.desired?.definition ?? NOTHING);
  return ports.flatMap((port, at) => {
    const holder = holderOf(port, ports.slice(0, at), { change, context });
    if (holder === null) return [];
    return [
      {
        code: 'RIPCORD_PORT_TAKEN',
        message: `cannot publish port ${port.key} of service ${port.service} of ${change.chute}: ${holder} has it`,
        path: port.path,
        hint: `take another port, or stop ${holder}`,
      },
    ];
  });
}

/** Who has a port that this chute wants, in words; null when it can have it. */
function holderOf(
  { key, service }: PublishedPort,
  before: readonly PublishedPort[],
  { change, context }: { readonly change: Change; readonly context: PlanContext },
): string | null {
  const own = before.find((port) => port.key === key && port.service !== service);
  if (own) return `service ${own.service}`;
  const { applied, changes, facts } = context;
  const holder = applied.reservations.ports[key];
  if (holder?.chute === change.chute) return null;
  const wants = (each: Change): boolean => wantedPorts(each).has(key);
  if (holder) {
    const holding = changes.find(({ chute }) => chute === holder.chute);
    if (!holding || wants(holding)) return `chute ${holder.chute}`;
  }
  // Of several chutes that are new to a port, the first by name has it.
  const rival = changes.find((each) => textOrder(each.chute, change.chute) < 0 && wants(each));
  if (rival) return `chute ${rival.chute}`;
  return holder ? null : (facts.portsTaken[key] ?? null);
}

/** The ports a chute will hold once its change is through. Pure. */
export function wantedPorts({ desired }: Pick<Change, 'desired'>): ReadonlyMap<string, string> {
  if (desired?.run !== 'running') return new Map();
  return new Map(publishedPorts(desired.definition).map(({ key, service }) => [key, service]));
}

function volumes(change: Change): readonly StepDraft[] {
  const { chute, before, desired } = change;
  const services = Object.values(desired?.definition.services ?? {});
  const missing = new Set(services.flatMap((service) => missingVolumes(before, service)));
  return [...missing].toSorted(textOrder).map((volume) => ({
    id: volumeId(chute, volume),
    phase: ORDER['volume.create@1'],
    kind: 'volume.create@1',
    args: { chute, volume },
    needs: directoryIdsOf(change),
    title: `make volume ${volume} of ${chute}`,
    undo: 'remove it if it was not there',
  }));
}

const volumeId = (chute: ChuteName, volume: string): StepId => `${chute}/volume.create:${volume}`;

/** The steps that make a service's volumes, if the plan of this change has them. Pure. */
export function volumeIdsOf(
  chute: ChuteName,
  before: AppliedChute | null,
  service: Service | undefined,
): readonly StepId[] {
  return service ? missingVolumes(before, service).map((volume) => volumeId(chute, volume)) : [];
}

function missingVolumes(before: AppliedChute | null, service: Service): readonly string[] {
  const named = Object.values(service.volumes).map((volume) => volume.name);
  return [...new Set(named)].filter((each) => !before?.volumes[each]);
}

const NOTHING = { name: '', environment: {}, services: {}, firewall: {} };
