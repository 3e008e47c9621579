import type { Head } from '../journal/record.ts';
import {
  type Applied,
  type AppliedChute,
  type ServiceState,
  stateHash,
} from '../src/core/applied.ts';
import type { ChuteName, ServiceName } from '../src/core/chute.ts';
import type { ServiceInstance } from '../src/core/container.ts';
import type { StuckStep, UpdateId } from '../src/core/events.ts';
import { documentOf, type HostDocument } from '../src/core/host-config/document.ts';
import type { Json, Sha256 } from '../src/core/json.ts';
import { toUndo } from '../src/core/next.ts';
import type { Desired } from '../src/core/plan.ts';
import type { HostRecord, ReloadDebt, State, UpdatePhase, UpdateState } from '../src/core/state.ts';
import type { StepId } from '../src/core/step.ts';
import { desiredOf } from './desired.ts';
import type { Version } from './update-summary.ts';

/** What a look at the world says of one service: `status` is handed these, it does not look itself. */
export type Observation = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly state: ServiceState;
  readonly instance: ServiceInstance | null;
  readonly evidence: Json;
};

/** How a service in the world differs from what is applied. */
export type ServiceDrift = {
  readonly service: ServiceName;
  readonly expected: ServiceState;
  readonly found: ServiceState;
  readonly message: string;
};

/**
 * How a chute is, in a word: `installing` before its first commit, `removing` on its way out, `stuck`
 * while it is neither old nor new, `exited` when it should run and something of it does not.
 */
export type ChuteState = 'installing' | 'removing' | 'stuck' | 'running' | 'stopped' | 'exited';

export type ChuteStatus = {
  readonly state: ChuteState;
  readonly version: Version;
  /** 0 before the first commit. */
  readonly revision: number;
  /** Null when nothing of it is there yet. */
  readonly applied: AppliedChute | null;
  readonly desired: Desired;
  /** Null when nobody looked. */
  readonly observed: {
    readonly services: Readonly<
      Record<ServiceName, Pick<Observation, 'evidence' | 'instance' | 'state'>>
    >;
  } | null;
  /** Empty while an update is changing the chute: then a difference means nothing. */
  readonly drift: readonly ServiceDrift[];
};

/** `ripcord status -o json`. */
export type StatusView = {
  readonly head: Head;
  readonly stateHash: string;
  /** The oldest unfinished update. */
  readonly running: UpdateId | null;
  readonly updates: readonly {
    readonly id: UpdateId;
    readonly phase: UpdatePhase;
    /** The step it is at; null while it has none. */
    readonly step: StepId | null;
  }[];
  /** Undos that wait for a person; `ref` is what `ripcord resolve` takes. */
  readonly stuck: readonly (StuckStep & { readonly update: UpdateId; readonly ref: string })[];
  readonly reloadsOwed: readonly ReloadDebt[];
  readonly chutes: Readonly<Record<ChuteName, ChuteStatus>>;
  /** The device itself: `revision` 0 and all by default where nobody asked for anything else. */
  readonly host: {
    readonly revision: number;
    readonly last: HostRecord['last'] | null;
    readonly config: HostDocument;
    readonly isDefault: boolean;
  };
};

/** How a device is. `observed` is what drivers saw of its services, or null when nobody looked. Pure. */
export function statusView(
  { state, head }: { readonly state: State; readonly head: Head },
  sha256: Sha256,
  observed: readonly Observation[] | null = null,
): StatusView {
  const updates = Object.values(state.updates).toSorted((one, other) => one.seq - other.seq);
  const desired = desiredOf(state);
  const names = new Set([...Object.keys(state.applied.chutes), ...Object.keys(desired)]);
  const chutes = [...names].toSorted().map((chute) => {
    const seen = observed?.filter((each) => each.chute === chute) ?? null;
    return [chute, chuteStatus(state, chute, desired[chute] ?? null, seen)] as const;
  });
  return {
    head,
    stateHash: stateHash(state.applied, sha256),
    running: updates[0]?.id ?? null,
    updates: updates.map((update) => ({
      id: update.id,
      phase: update.phase,
      step: currentStep(update),
    })),
    stuck: updates.flatMap(({ id, stuck }) =>
      stuck.map((each) => ({ update: id, ref: `${id}.s${each.n}`, ...each })),
    ),
    reloadsOwed: Object.values(state.reloads),
    chutes: Object.fromEntries(chutes),
    host: {
      revision: state.host?.revision ?? 0,
      last: state.host?.last ?? null,
      config: documentOf(state.applied.host.config),
      isDefault: state.applied.host.config === undefined,
    },
  };
}

/** The step an update is at: the one under way, else the next to do or undo; null when none is. Pure. */
export function currentStep(update: UpdateState): StepId | null {
  const { plan, marks, phase } = update;
  const underWay = marks.search(/[i?oO]/);
  if (underWay >= 0) return plan?.steps[underWay]?.id ?? null;
  if (phase !== 'aborting' && phase !== 'stuck')
    return plan?.steps[marks.search(/[.prfn]/)]?.id ?? null;
  const undone = marks.search(/[xR]/);
  const n = undone >= 0 ? undone + 1 : toUndo(update)[0]?.n;
  return plan?.steps.find((step) => step.n === n)?.id ?? null;
}

function chuteStatus(
  state: State,
  chute: ChuteName,
  desired: Desired,
  seen: readonly Observation[] | null,
): ChuteStatus {
  const applied = state.applied.chutes[chute] ?? null;
  const updates = Object.values(state.updates).filter(({ request }) =>
    request.chutes.some((each) => each.chute === chute),
  );
  const drift = updates.length > 0 ? [] : driftOf(state.applied, chute, seen ?? []);
  const services = seen?.map(({ service, state: found, instance, evidence }) => [
    service,
    { state: found, instance, evidence },
  ]);
  return {
    state: wordFor(applied, { desired, updates, drift }),
    version: applied?.definition?.version ?? null,
    revision: state.chutes[chute]?.revision ?? 0,
    applied,
    desired,
    observed: services ? { services: Object.fromEntries(services) } : null,
    drift,
  };
}

function wordFor(
  applied: AppliedChute | null,
  now: {
    readonly desired: Desired;
    readonly updates: readonly UpdateState[];
    readonly drift: readonly ServiceDrift[];
  },
): ChuteState {
  if (now.updates.some(({ phase }) => phase === 'stuck')) return 'stuck';
  // Without an update, what is there was left by one whose effects a person accepted.
  if (!applied?.definition) return now.updates.length > 0 ? 'installing' : 'stopped';
  if (!now.desired) return 'removing';
  if (applied.run === 'stopped') return 'stopped';
  const found = new Map(now.drift.map((each) => [each.service, each.found]));
  const states = Object.entries(applied.services).map(
    ([service, known]) => found.get(service) ?? known.state,
  );
  return states.every((each) => each === 'running') ? 'running' : 'exited';
}

function driftOf(
  applied: Applied,
  chute: ChuteName,
  seen: readonly Observation[],
): readonly ServiceDrift[] {
  return seen.flatMap(({ service, state: found }) => {
    const expected = applied.chutes[chute]?.services[service]?.state;
    if (expected === undefined || expected === found) return [];
    const message = `${chute}/${service} is ${found}, expected ${expected}`;
    return [{ service, expected, found, message }];
  });
}
