import { partHash, sharedHash, stateHash } from '../core/applied.ts';
import type { ChuteName } from '../core/chute.ts';
import { codeOf, type Failure } from '../core/errors.ts';
import type { ChuteEvent, Requester, UpdateId } from '../core/events.ts';
import type { HostFacts } from '../core/facts.ts';
import { stuckSharersOf } from '../core/in-the-way.ts';
import { canonical, type Json } from '../core/json.ts';
import type { Planned } from '../core/make-plan.ts';
import { next } from '../core/next.ts';
import { openOf, type UpdateState } from '../core/state.ts';
import type { Step, StepId } from '../core/step.ts';
import { subjectsOf } from '../core/subjects.ts';
import { failureOf } from './carry-out.ts';
import { conflictEvent } from './conflict.ts';
import { planOn } from './planning.ts';
import type { Workshop } from './workshop.ts';

/**
 * What planning an update gives: its plan, its refusal, or that there is nothing to do. No events when
 * another one comes first by now.
 */
export async function planEvents(
  shop: Workshop,
  update: UpdateState,
): Promise<readonly ChuteEvent[]> {
  const { facts, factsSeq } = await observeFacts(shop);
  const { planners, sha256 } = shop;
  const state = shop.state();
  const { id, request } = update;
  // Others have had their turns while this one waited for its own.
  const now = state.updates[id];
  if (!now || next(now, state).do !== 'plan') return [];
  const planned = planOn(state, request, { facts, planners, sha256, update: id });
  if (!('plan' in planned)) return [decisionEvent(id, planned, stateHash(state.applied, sha256))];
  const { hash: planHash, patch, steps, planners: versions } = planned.plan;
  const [stuck] = steps.some(atTheHost) ? stuckSharersOf(now, state) : [];
  if (stuck) return [conflictEvent(id, stuck)];
  const { warnings } = planned;
  const said = warnings.length > 0 && { warnings };
  const content = { patch, steps, planHash, planners: versions, factsSeq, ...said };
  return [{ type: 'update.planned', update: id, ...content }];
}

/** Whether a step changes what chutes share. */
const atTheHost = ({ id }: Step): boolean => id.startsWith('host/');

/** How an update ends that needs no plan: refused, or with nothing to change. Pure. */
export function decisionEvent(
  update: UpdateId,
  planned: Exclude<Planned, { readonly plan: unknown }>,
  hash: string,
): ChuteEvent {
  if ('unchanged' in planned)
    return { type: 'update.committed', update, stateHash: hash, unchanged: true };
  const { refusals } = planned;
  const [first] = refusals;
  const code = first?.code ?? 'RIPCORD_OPERATION_REFUSED';
  const message = first?.message ?? 'the request is refused';
  return { type: 'update.rejected', update, code, message, hint: first?.hint ?? null, refusals };
}

/** Today's facts, and the record that holds them: a new one only when they differ. */
async function observeFacts(
  shop: Workshop,
): Promise<{ readonly facts: HostFacts; readonly factsSeq: number }> {
  const facts = await shop.host.facts();
  const known = shop.state().facts;
  if (known && canonical(known.facts) === canonical(facts)) return { facts, factsSeq: known.seq };
  const [record] = await shop.append([{ type: 'host.observed', facts }], { durable: false });
  return { facts, factsSeq: record?.seq ?? 0 };
}

/**
 * The start of an update: what its rollback has to come back to, and who was well before it. Refused
 * when there is no room to write down a rollback, or for what it brings.
 */
export async function startEvent(shop: Workshop, update: UpdateState): Promise<ChuteEvent> {
  const steps = update.plan?.steps ?? [];
  try {
    await shop.journal.reserve(steps.length * RECORD_BYTES_A_STEP);
    await shop.host.checkRoom?.(steps);
  } catch (error) {
    if (codeOf(error) !== 'RIPCORD_DISK_FULL') throw error;
    const { error: failure } = failureOf(error);
    const hint = 'free some space, then ask again';
    return { type: 'update.rejected', update: update.id, ...failure, hint, refusals: [] };
  }
  const baseline = await wellness(shop, update);
  // As it is now: others have moved while this one looked around.
  const hash = stateHash(shop.state().applied, shop.sha256);
  const ownHash = ownHashOf(shop, update);
  const shared = sharedHashOf(shop, update);
  const own = { ownHash, ...(shared !== null && { sharedHash: shared }) };
  return { type: 'update.started', update: update.id, stateHash: hash, ...own, baseline };
}

/** The hash of what only this update may change: its own chutes. */
function ownHashOf(shop: Workshop, { request }: UpdateState): string {
  const chutes = new Set(request.chutes.map(({ chute }) => chute));
  return partHash(shop.state().applied, chutes, shop.sha256);
}

/** The hash of what an update changes that others may change too; null when that is nothing. */
function sharedHashOf(shop: Workshop, { plan }: UpdateState): string | null {
  const steps = plan?.steps ?? [];
  const host = steps.some(({ kind }) => HOST_WRITERS.has(kind));
  const limiting = steps.filter(({ kind }) => kind === 'resource.limit@1');
  const limits = new Set(limiting.flatMap(({ args }) => namedIn(args)));
  if (!host && limits.size === 0) return null;
  return sharedHash(shop.state().applied, { host, limits }, shop.sha256);
}

/** Kinds that change what is applied to the host itself. */
const HOST_WRITERS: ReadonlySet<string> = new Set(['config.write@1', 'host.save@1']);

function namedIn(args: Json): readonly ChuteName[] {
  const { chute } = (args ?? {}) as { readonly chute?: unknown };
  return typeof chute === 'string' ? [chute] : [];
}

/** Which chutes that this update is not about, and no other update either, have all that should run. */
async function wellness(
  shop: Workshop,
  update: UpdateState,
): Promise<Readonly<Record<ChuteName, boolean>>> {
  const { applied, updates } = shop.state();
  const busy = new Set(
    [update, ...Object.values(updates)].flatMap(({ request }) =>
      request.chutes.map(({ chute }) => chute),
    ),
  );
  const others = Object.keys(applied.chutes).filter(
    (chute) => !busy.has(chute) && applied.chutes[chute]?.run === 'running',
  );
  if (others.length === 0) return {};
  const seen = await shop.host.observe(applied, others);
  const isWell = (chute: ChuteName): boolean =>
    seen.every((each) => each.chute !== chute || each.state === 'running');
  return Object.fromEntries(others.map((chute) => [chute, isWell(chute)]));
}

/**
 * Why an update must not be committed although its own chutes are well: another one that was well at
 * the start is not any more. One that was broken before decides nothing.
 */
export async function worseThanBefore(
  shop: Workshop,
  update: UpdateState,
): Promise<Failure | null> {
  if (!Object.values(update.baseline).includes(true)) return null;
  const now = await wellness(shop, update);
  const worse = Object.keys(now).filter((chute) => update.baseline[chute] && now[chute] === false);
  if (worse.length === 0) return null;
  const message = `cannot commit ${update.id}: ${worse.join(', ')} ran at the start and no longer ${worse.length === 1 ? 'does' : 'do'}`;
  return { code: 'RIPCORD_GATE_FAILED', message, details: { chutes: worse } };
}

/** Room for all that one step may still write: its outcome, its undo and a few repetitions. */
const RECORD_BYTES_A_STEP = 8 * 1024;

/** The event that ends an update of which nothing is left to undo. */
export function endEvent(
  shop: Workshop,
  update: UpdateState,
  how: 'revert' | 'resolved',
): ChuteEvent {
  const hash = stateHash(shop.state().applied, shop.sha256);
  const { id, aborting, startHash, startSharedHash } = update;
  if (how === 'resolved') {
    const steps = update.plan?.steps ?? [];
    const accepted = steps.filter(({ n }) => update.marks[n - 1] === 'a').map((step) => step.id);
    return { type: 'update.resolved', update: id, stateHash: hash, accepted };
  }
  const cause = aborting?.cause ?? 'failed';
  if (cause === 'cancelled')
    return { type: 'update.cancelled', update: id, by: aborting?.by as Requester, stateHash: hash };
  if (cause === 'superseded')
    return { type: 'update.superseded', update: id, by: String(aborting?.by), stateHash: hash };
  const verified =
    (startHash === null || startHash === ownHashOf(shop, update)) &&
    (startSharedHash === null || startSharedHash === sharedHashOf(shop, update));
  return { type: 'update.reverted', update: id, cause, stateHash: hash, verified };
}

/** Why a step failed, from what is not written yet or else from the state. Pure. */
export function errorAt(
  update: UpdateState,
  step: StepId | null,
  carried: readonly ChuteEvent[],
): Failure | null {
  const failures = carried.filter((event) => 'error' in event && 'step' in event);
  for (const event of failures) if (event.step === step && event.error) return event.error;
  const place = update.plan?.steps.find(({ id }) => id === step)?.n;
  return (place === undefined ? null : openOf(update, place)?.error) ?? null;
}

/** Behind the commit a step that keeps crashing the engine is left undone: a warning, no more. */
export function giveUpEvent(update: UpdateState, { id: step, n }: Step): ChuteEvent {
  const count = update.interruptions?.count ?? 0;
  const error = {
    code: 'RIPCORD_STEP_FAILED',
    message: `cannot carry out ${step}: interrupted ${count} times there`,
  };
  const attempt = openOf(update, n)?.attempt ?? 1;
  const about = { update: update.id, step, n, attempt, error };
  return {
    type: 'step.failed',
    ...about,
    class: 'unknown',
    final: true,
    retryInMs: null,
    durationMs: 0,
  };
}

/** Refuses the content of an update that keeps crashing the device, for a while. */
export function loopEvents(shop: Workshop, update: UpdateState): readonly ChuteEvent[] {
  const { contentHash } = update.request;
  const before = shop.state().quarantine[contentHash]?.interruptions ?? 0;
  const interruptions = before + (update.interruptions?.count ?? 0);
  const times = Math.ceil(interruptions / INTERRUPTIONS_A_TIME);
  const waitMs = QUARANTINE_HOURS[Math.min(times, QUARANTINE_HOURS.length) - 1] ?? 8;
  const at = new Date(Date.parse(shop.clock.now()) + waitMs * 3_600_000);
  const step = update.interruptions?.step ?? 'plan';
  return [
    {
      type: 'version.quarantined',
      update: update.id,
      chutes: subjectsOf(update.request).map(({ chute }) => chute),
      contentHash,
      reason: `interrupted ${update.interruptions?.count ?? 0} times at ${step}`,
      interruptions,
      retryAt: at.toISOString(),
    },
  ];
}

const INTERRUPTIONS_A_TIME = 3;

/** Hours until the same content is taken again, by how often it was quarantined. */
const QUARANTINE_HOURS = [8, 12, 24, 48, 96, 192, 336];
