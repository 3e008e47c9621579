import type { Recorded, Seq } from '../journal/record.ts';
import type { AppliedChute } from '../src/core/applied.ts';
import type { ChuteName, Definition, SourceLocation } from '../src/core/chute.ts';
import { RipcordError } from '../src/core/errors.ts';
import type { ChuteEvent, ChuteRequest, HostRequest, UpdateId } from '../src/core/events.ts';
import { documentOf, HOST } from '../src/core/host-config/document.ts';
import { canonical } from '../src/core/json.ts';
import type { Desired, Operation } from '../src/core/plan.ts';
import type { State } from '../src/core/state.ts';
import type { Replay } from './replay.ts';
import { type Now, resolveRef, updateNamed } from './resolve-ref.ts';
import type { UpdateSummary } from './update-summary.ts';

/** What one chute goes back to, ready to be asked for. */
export type RollbackTarget = ChuteRequest & {
  /** What it will be: null when it was not there then. */
  readonly desired: Desired;
  /** The update that is taken back; null when a point in time was named. */
  readonly takesBack: UpdateId | null;
  /** The record after which the chute was as it will be again. */
  readonly seq: Seq;
};

/**
 * What `rollback CHUTE` goes back to: how the chute was before the last committed update that changed
 * it, or at `to`. Asked for twice, it comes back to where it was.
 *
 * Throws RIPCORD_CHUTE_UNKNOWN, RIPCORD_REF_UNKNOWN, and RIPCORD_OPERATION_REFUSED when there is nothing
 * to go back to.
 */
export async function rollbackChute(
  replay: Replay,
  chute: ChuteName,
  options: Now & { readonly to?: string } = {},
): Promise<RollbackTarget> {
  const { updates } = await replay.chronicle();
  const mine = updates.filter((each) => each.chutes.includes(chute));
  if (mine.length === 0)
    throw new RipcordError('RIPCORD_CHUTE_UNKNOWN', `cannot roll back ${chute}: no such chute`, {
      hint: 'ripcord status lists the chutes of this device',
    });
  if (options.to !== undefined) {
    const { seq } = await resolveRef(replay, options.to, options);
    return await targetAt(replay, chute, { seq, takesBack: null });
  }
  const committed = mine.filter(({ outcome }) => outcome === 'committed');
  for (const update of committed.toReversed()) {
    const seq = await plannedBehind(replay, update);
    const before = (await replay.stateAt(seq)).applied.chutes[chute] ?? null;
    const after = (await replay.stateAt(update.lastSeq)).applied.chutes[chute] ?? null;
    if (sameDefinition(before, after)) continue;
    return await targetAt(replay, chute, { seq, takesBack: update.id });
  }
  const reason = 'no committed update has changed it';
  throw refused(`cannot roll back ${chute}: ${reason}`, `ripcord log --chute ${chute}`);
}

/**
 * What `rollback uN` goes back to: each of its chutes as it was before that update.
 *
 * Throws RIPCORD_REF_UNKNOWN, and RIPCORD_OPERATION_REFUSED when the update changed nothing that lasts.
 */
export async function rollbackUpdate(
  replay: Replay,
  id: UpdateId,
): Promise<readonly RollbackTarget[]> {
  const update = await updateNamed(replay, id);
  if (update.outcome !== 'committed') {
    const what = update.outcome === null ? 'on its way' : update.outcome;
    const hint = update.outcome === null ? `ripcord cancel ${id}` : `ripcord show ${id}`;
    throw refused(`cannot roll back ${id}: it is ${what}`, hint);
  }
  const seq = await plannedBehind(replay, update);
  return await Promise.all(
    update.chutes
      .filter((chute) => chute !== HOST)
      .map((chute) => targetAt(replay, chute, { seq, takesBack: id })),
  );
}

/**
 * How the device itself goes back to how it was configured before an update, or at a point in time;
 * null for an update that did not configure it.
 */
export async function rollbackHost(
  replay: Replay,
  at: { readonly update: UpdateId } | { readonly ref: string },
  now: Now = {},
): Promise<HostRequest | null> {
  if ('ref' in at) {
    const { seq } = await resolveRef(replay, at.ref, now);
    return configuredAt(await replay.stateAt(seq));
  }
  const update = await updateNamed(replay, at.update);
  if (!update.chutes.includes(HOST)) return null;
  return configuredAt(await replay.stateAt(await plannedBehind(replay, update)));
}

const configuredAt = ({ applied }: Pick<State, 'applied'>): HostRequest => ({
  operation: 'apply',
  config: documentOf(applied.host.config),
  patch: [],
});

/** The record before the plan of an update: what the plan was made against. */
async function plannedBehind(
  replay: Replay,
  { id, requestedSeq, lastSeq }: UpdateSummary,
): Promise<Seq> {
  for await (const record of replay.journal.read(requestedSeq, lastSeq))
    if (record.type === 'update.planned' && record.update === id) return record.seq - 1;
  return requestedSeq - 1;
}

async function targetAt(
  replay: Replay,
  chute: ChuteName,
  { seq, takesBack }: Pick<RollbackTarget, 'seq' | 'takesBack'>,
): Promise<RollbackTarget> {
  const then = (await replay.stateAt(seq)).applied.chutes[chute];
  const now = replay.state.applied.chutes[chute] ?? null;
  const desired = then?.definition ? { definition: then.definition, run: then.run } : null;
  if (!desired && !now?.definition)
    throw refused(`cannot roll back ${chute}: it was not there then either`, 'ripcord log');
  const operation = operationTo(desired, now);
  const carries = operation === 'apply' ? desired : null;
  return {
    chute,
    operation,
    definition: carries?.definition ?? null,
    sources: carries ? await sourcesOf(replay, carries.definition) : {},
    desired,
    takesBack,
    seq,
  };
}

function operationTo(desired: Desired, now: AppliedChute | null): Operation {
  if (!desired) return 'delete';
  const { definition, run } = desired;
  const same = now?.definition && canonical(now.definition) === canonical(definition);
  if (!same || run === now.run) return 'apply';
  return run === 'running' ? 'start' : 'stop';
}

/** Where the files of a definition were found when they were asked for last, by digest. */
async function sourcesOf(
  replay: Replay,
  { services }: Definition,
): Promise<Readonly<Record<string, SourceLocation>>> {
  const wanted = Object.values(services).flatMap(({ source }) => source?.digest ?? []);
  const found = new Map<string, SourceLocation>();
  if (wanted.length === 0) return {};
  for await (const record of replay.journal.read(1, replay.head.seq))
    for (const [digest, location] of locationsIn(record))
      if (wanted.includes(digest)) found.set(digest, location);
  return Object.fromEntries(found);
}

const locationsIn = (
  record: Recorded<ChuteEvent>,
): readonly (readonly [string, SourceLocation])[] =>
  record.type === 'update.requested'
    ? record.request.chutes.flatMap(({ sources }) => Object.entries(sources))
    : [];

function sameDefinition(before: AppliedChute | null, after: AppliedChute | null): boolean {
  const [one, other] = [before, after].map((each) =>
    canonical(each ? { definition: each.definition, run: each.run } : null),
  );
  return one === other;
}

function refused(message: string, hint: string): RipcordError {
  return new RipcordError('RIPCORD_OPERATION_REFUSED', message, { hint });
}
