import pino from 'pino';

import { sha256 } from '../../journal/chain.ts';
import { memoryJournal } from '../../journal/memory.ts';
import type { Recorded } from '../../journal/record.ts';
import { type Applied, stateHash } from '../core/applied.ts';
import { compareChute } from '../core/compare-chute.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { HostFacts } from '../core/facts.ts';
import { paysDebts } from '../core/in-the-way.ts';
import { canonical } from '../core/json.ts';
import type { Planned } from '../core/make-plan.ts';
import { applyPatch } from '../core/patch.ts';
import type { Plan } from '../core/plan.ts';
import { PLANNERS } from '../core/planners/all.ts';
import { withPromisedPorts } from '../core/promised-ports.ts';
import type { State } from '../core/state.ts';
import type { ArgsOf, RootPath } from '../core/step.ts';
import { UPCASTERS } from '../core/upcasters.ts';
import { simDrivers } from '../drivers/sim/all.ts';
import { SimDevice, type SimEffect } from '../drivers/sim/device.ts';
import { differences, type SimWorld, worldOf } from '../drivers/sim/sim-world.ts';
import { VirtualClock } from '../drivers/sim/virtual-clock.ts';
import type { Asked } from '../engine/asked.ts';
import { Engine } from '../engine/engine.ts';
import { parseFaults } from '../engine/faults.ts';
import type { Outcome } from '../engine/outcome.ts';
import { Requests } from '../engine/requests.ts';
import { VERSION } from './version.ts';

/** A plan, with the changes that it makes. */
export type MadePlan = Extract<Planned, { readonly plan: unknown }>;

/** A plan, and the device that it was made for. */
export type SimulationInput = {
  readonly state: State;
  readonly asked: Asked;
  /** With services as they were seen. */
  readonly applied: Applied;
  readonly facts: HostFacts;
  readonly made: MadePlan;
  /** The fault switch, `RIPCORD_FAULT`; what kills a process is none for a simulation. */
  readonly faults?: string;
};

/** What became of one step. */
export type SimulatedStep = {
  readonly n: number;
  readonly step: string;
  readonly what: 'done' | 'skipped' | 'failed' | 'undone';
  /** Milliseconds since the request. */
  readonly atMs: number;
  /** Why it was skipped or failed. */
  readonly reason: string | null;
};

export type Simulation = {
  readonly outcome: Outcome['outcome'];
  readonly error: Outcome['error'];
  /** In the order in which it happened: undone ones come a second time. */
  readonly steps: readonly SimulatedStep[];
  /** How long it would take, by what steps of their kinds usually take. */
  readonly durationMs: number;
  readonly stateHash: { readonly before: string; readonly after: string };
  /** What the device is like behind it. */
  readonly result: 'as desired' | 'as before' | 'neither';
  /** Where the device is not what the journal says is applied: empty unless Ripcord is wrong. */
  readonly differences: readonly string[];
  /** Whatever was done to the device. */
  readonly ledger: readonly SimEffect[];
};

/**
 * Carries out a plan on a simulated device that is like the real one: the real engine, a journal in
 * memory, a clock whose time passes at once. Nothing of this machine is read or touched.
 *
 * Throws RIPCORD_USAGE_INVALID for faults that it does not know, RIPCORD_STATE_DIVERGED when the engine
 * plans something else than was asked to be simulated.
 */
export async function simulate(input: SimulationInput): Promise<Simulation> {
  const { asked, facts, made } = input;
  const { plan } = made;
  const faults = parseFaults(faultsOf(input.faults ?? ''));
  const time = new VirtualClock();
  const before = beforeOf(input);
  const device = new SimDevice({ sha256, time, world: worldBefore(before, plan, facts) });
  const engine = await Engine.open({
    root: '/',
    openJournal: async ({ onFlush, faults: journalFaults }) => ({
      journal: memoryJournal<ChuteEvent>({
        clock: time,
        onFlush,
        faults: journalFaults,
        upcasters: UPCASTERS,
        before,
      }),
      tailCut: null,
    }),
    drivers: { ...simDrivers(device) },
    planners: PLANNERS,
    host: {
      facts: async () => facts,
      observe: async () => [],
      secret: async ({ $secret }) => `(secret ${$secret})`,
      keepSecret: async () => ({ $secret: 'simulated' }),
    },
    clock: time,
    sha256,
    logger: pino({ level: 'silent' }),
    faults,
    version: VERSION,
    command: 'plan --simulate',
    pid: 0,
  });
  const records: Recorded<ChuteEvent>[] = [];
  engine.subscribe((flushed) => records.push(...flushed));
  const { done } = await new Requests(engine).ask({ ...asked, requestId: null });
  const outcome = await done;
  await engine.settle();
  const { applied } = engine.state;
  const durationMs = time.up();
  await engine.close();

  const planned = records.find((record) => record.type === 'update.planned');
  if (planned?.type === 'update.planned' && planned.planHash !== plan.hash)
    throw new RipcordError(
      'RIPCORD_STATE_DIVERGED',
      'cannot simulate the plan: planned again it is another one',
    );
  return {
    outcome: outcome.outcome,
    error: outcome.error,
    steps: records.flatMap(stepsOf),
    durationMs,
    stateHash: { before: stateHash(before.applied, sha256), after: stateHash(applied, sha256) },
    result: resultOf(before.applied, applied, { made, outcome: outcome.outcome }),
    differences: differences(device.world, applied, sha256),
    ledger: device.ledger,
  };
}

/** A simulation has no process to kill, and a disk of memory that cannot be full. */
function faultsOf(text: string): string {
  const part = text.split(',').find((each) => /^\s*(?:kill|enospc|eio)@/.test(each));
  if (part === undefined) return text;
  throw new RipcordError(
    'RIPCORD_USAGE_INVALID',
    `cannot simulate '${part.trim()}': a simulation has no process and no disk of its own`,
    { hint: 'simulate fail@step=GLOB, fail-after@step=GLOB, fail@undo=GLOB or hang@step=GLOB' },
  );
}

/** The state that the journal of the simulation begins on: that of the device, with nothing on its way. */
function beforeOf({ state, applied, asked }: SimulationInput): State {
  const asking = { id: '', seq: Number.POSITIVE_INFINITY, request: asked };
  const underWay = Object.values(state.updates).flatMap((update) => update.plan?.steps ?? []);
  return {
    ...state,
    seq: 0,
    engineRuns: false,
    applied: withPromisedPorts(applied, underWay),
    facts: null,
    // What those on their way have written and not loaded yet is theirs.
    reloads: paysDebts(asking, state) ? state.reloads : {},
    updates: {},
    quarantine: {},
    requests: {},
  };
}

function worldBefore({ applied, reloads }: State, plan: Plan, facts: HostFacts): SimWorld {
  const unloaded = plan.steps.flatMap(({ kind, args, key }): readonly RootPath[] => {
    const isOwed = kind === 'config.reload@1' && key !== undefined && Object.hasOwn(reloads, key);
    return isOwed ? (args as unknown as ArgsOf<'config.reload@1'>).paths : [];
  });
  return { ...worldOf(applied, sha256, unloaded), portsTaken: { ...facts.portsTaken } };
}

function stepsOf(record: Recorded<ChuteEvent>): readonly SimulatedStep[] {
  const at = (what: SimulatedStep['what'], reason: string | null): readonly SimulatedStep[] =>
    'n' in record ? [{ n: record.n, step: record.step, what, atMs: record.up, reason }] : [];
  switch (record.type) {
    case 'step.succeeded':
    case 'gate.passed':
      return at('done', null);
    case 'step.skipped':
      return at('skipped', record.reason);
    case 'step.failed':
    case 'gate.failed':
      return record.final ? at('failed', record.error.message) : [];
    case 'compensation.succeeded':
      return at('undone', null);
    default:
      return [];
  }
}

function resultOf(
  before: Applied,
  after: Applied,
  { made, outcome }: { readonly made: MadePlan; readonly outcome: Outcome['outcome'] },
): Simulation['result'] {
  const isBefore = stateHash(before, sha256) === stateHash(after, sha256);
  // A restart is both: what is meant is what its end says.
  if (outcome !== 'committed' && isBefore) return 'as before';
  if (isDesired(before, after, made)) return 'as desired';
  return isBefore ? 'as before' : 'neither';
}

/** Whether what changes is as it shall be, and nothing else is further from that than before. */
function isDesired(before: Applied, after: Applied, { changes, host }: MadePlan): boolean {
  const changed = new Set(changes.map(({ chute }) => chute));
  const others = Object.entries(before.chutes).filter(([chute]) => !changed.has(chute));
  const isKept = others.every(([chute, was]) => {
    const { definition, run } = was;
    if (!definition) return true;
    const is = after.chutes[chute] ?? null;
    const desired = { definition, run };
    return compareChute(is, desired).length === compareChute(was, desired).length;
  });
  const shall = structuredClone(before.host);
  applyPatch({ host: shall }, host?.save ?? []);
  return (
    isKept &&
    canonical(after.host.config ?? null) === canonical(shall.config ?? null) &&
    changes.every(
      ({ chute, desired }) => compareChute(after.chutes[chute] ?? null, desired).length === 0,
    )
  );
}
