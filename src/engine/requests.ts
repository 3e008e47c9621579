import type { Recorded } from '../../journal/record.ts';
import { stateHash } from '../core/applied.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, UpdateId, UpdateRequest } from '../core/events.ts';
import type { HostFacts } from '../core/facts.ts';
import { spelledOut } from '../core/host-config/spelled-out.ts';
import { blockersOf, hasBegun, sharersOf } from '../core/in-the-way.ts';
import type { Planned } from '../core/make-plan.ts';
import { requestKey, type UpdateState } from '../core/state.ts';
import { subjectsOf } from '../core/subjects.ts';
import { type Asked, contentHashOf, type Said } from './asked.ts';
import { conflictEvent } from './conflict.ts';
import type { Engine } from './engine.ts';
import type { ObservedService } from './host.ts';
import { decisionEvent } from './lane-events.ts';
import { idsOf, partsOf, together } from './lanes.ts';
import { type Outcome, UNCHANGED } from './outcome.ts';
import { planOn, type PlanScene, withDrift } from './planning.ts';
import { SUPERVISOR } from './supervised.ts';
import { Turns } from './turns.ts';

/** An accepted request; `id` is null when there was nothing to do and nothing was journaled. */
export interface UpdateHandle {
  readonly id: UpdateId | null;
  /** All updates that it became: more than one when it is carried out chute by chute. */
  readonly ids: readonly UpdateId[];
  /** Resolves when the update rests or is stuck. */
  readonly done: Promise<Outcome>;
}

/**
 * Takes requests in: one at a time, so that numbers follow each other and every decision is made on
 * the state it is recorded on.
 */
export class Requests {
  readonly #engine: Engine;
  readonly #turns = new Turns();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Accepts or refuses a request; refusals that are not about its form are journaled with it.
   *
   * `isMeant` is asked last, on the state that the request would be recorded on: where it is not, nothing
   * is. Throws RIPCORD_REQUEST_CONFLICT when its request id stands for something else.
   */
  async ask(said: Said, isMeant: () => boolean = () => true): Promise<UpdateHandle> {
    return await this.#turns.take(async () => await this.#ask(said, isMeant));
  }

  /** What `ask` would plan, without asking. Journals nothing. */
  async plan(said: Said): Promise<Planned> {
    const { seen, facts } = await this.#looked(said);
    const { applied } = withDrift(this.#engine.state.applied, seen);
    return this.#planned(spelledOut(said, this.#engine.state), { applied, facts });
  }

  async #ask(said: Said, isMeant: () => boolean): Promise<UpdateHandle> {
    const shop = this.#engine.workshop;
    const contentHash = contentHashOf(said, shop.sha256);
    const earlier = await this.#earlier(said.requestId, contentHash);
    if (earlier) return this.#handle(earlier);
    const { seen, facts } = await this.#looked(said);
    // From here to the append nobody else has a turn: all is decided on the state it is recorded on.
    const asked = spelledOut(said, this.#engine.state);
    const { applied, drift } = withDrift(this.#engine.state.applied, seen);
    const parts = partsOf(asked).map((part): Part => {
      return { asked: part, planned: this.#planned(part, { applied, facts }) };
    });
    const isIdle = ({ asked: part, planned }: Part): boolean =>
      'unchanged' in planned && this.#blockers(part).length === 0;
    if ((asked.requestId === null && parts.every(isIdle)) || !isMeant()) return nothingToDo(parts);

    const requests = this.#requestsOf(asked, parts, contentHash);
    const hash = stateHash(applied, shop.sha256);
    const older = this.#blockers(asked);
    // The requests and what is decided at once go to disk as one batch.
    const events: ChuteEvent[] = [...drift];
    const mates: UpdateBegun[] = [];
    for (const [at, begun] of requests.entries()) {
      const { id: update, request } = begun;
      const decided = this.#decided(begun, mates, { planned: parts[at]?.planned ?? null, hash });
      events.push({ type: 'update.requested', update, request }, ...decided);
      if (decided.every(({ type }) => type === 'update.queued')) mates.push(begun);
    }
    const records = await shop.append(events);
    // `next` sees that a newer update takes their place; they only have to look.
    if (asked.mode === 'supersede') for (const { id } of older) this.#engine.nudge(id);
    return this.#handle(requests, records);
  }

  /** What each part of a request is journaled as. */
  #requestsOf(
    { requestId }: Asked,
    parts: readonly Part[],
    contentHash: string,
  ): readonly UpdateBegun[] {
    const { nextUpdate, seq } = this.#engine.state;
    const first = `u${nextUpdate}`;
    const isOne = parts.length === 1;
    return parts.map(({ asked }, at) => {
      // What was said, so that it is known again: what it means may be more.
      const own = isOne ? contentHash : contentHashOf(asked, this.#engine.workshop.sha256);
      const request: UpdateRequest = { ...asked, contentHash: own };
      const update = {
        id: `u${nextUpdate + at}`,
        seq: seq + 1 + at,
        phase: 'requested',
        stuck: [],
      } as const;
      if (isOne) return { ...update, request };
      const lane = { first, of: parts.length, contentHash };
      // One number stands for all of them, and one key.
      return { ...update, request: { ...request, requestId: at === 0 ? requestId : null, lane } };
    });
  }

  /** What is decided of a request at once; `mates` were asked for with it and come before it. */
  #decided(
    { id: update, request }: UpdateBegun,
    mates: readonly UpdateBegun[],
    { planned, hash }: { readonly planned: Planned | null; readonly hash: string },
  ): readonly ChuteEvent[] {
    const { state } = this.#engine;
    const refusal = this.#refusal(request, update);
    if (refusal) return [refusal];
    const blockers = this.#blockers(request);
    if (planned && 'unchanged' in planned && blockers.length === 0)
      return [decisionEvent(update, planned, hash)];
    const updates = Object.fromEntries(mates.map((mate) => [mate.id, mate]));
    const scene = { ...state, updates: { ...state.updates, ...updates } };
    const sharers = sharersOf({ id: update, seq: Number.POSITIVE_INFINITY, request }, scene);
    // With another update on its way, what is there now says nothing of what will be.
    const behind = [...blockers, ...sharers].map(({ id }) => id);
    const stuck = sharers.find(({ phase }) => phase === 'stuck');
    if (stuck) return [conflictEvent(update, stuck)];
    if (behind.length > 0) return [{ type: 'update.queued', update, behind }];
    if (planned === null || 'plan' in planned || mates.length > 0) return [];
    return [decisionEvent(update, planned, hash)];
  }

  #handle(
    lanes: readonly Begun[],
    records: readonly Recorded<ChuteEvent>[] | null = null,
  ): UpdateHandle {
    for (const { id } of lanes) if (this.#engine.state.updates[id]) this.#engine.drive(id);
    const done = this.#outcome(lanes, records);
    done.catch(() => undefined);
    const ids = lanes.map(({ id }) => id);
    return { id: ids[0] ?? null, ids, done };
  }

  async #outcome(
    lanes: readonly Begun[],
    records: readonly Recorded<ChuteEvent>[] | null,
  ): Promise<Outcome> {
    const outcomes = await Promise.all(
      lanes.map(async ({ id, request }) => ({
        chute: subjectsOf(request)[0]?.chute ?? '',
        outcome: await this.#engine.outcome(id, records),
      })),
    );
    const [only] = outcomes;
    return outcomes.length === 1 && only ? only.outcome : together(outcomes);
  }

  /** The updates that an earlier request with this id became. */
  async #earlier(requestId: string | null, contentHash: string): Promise<readonly Begun[] | null> {
    if (requestId === null) return null;
    const earlier = this.#engine.state.requests[requestKey(requestId)];
    if (!earlier) return null;
    if (earlier.contentHash === contentHash) return await this.#lanesOf(earlier.update);
    throw new RipcordError(
      'RIPCORD_REQUEST_CONFLICT',
      `cannot take request '${requestId}': ${earlier.update} used this id for something else`,
      { hint: 'use a new id for a new request' },
    );
  }

  async #lanesOf(first: UpdateId): Promise<readonly Begun[]> {
    const request = await this.#requestOf(first);
    const lanes: Begun[] = [{ id: first, request }];
    for (const id of idsOf(first, request.lane).slice(1))
      lanes.push({ id, request: await this.#requestOf(id) });
    return lanes;
  }

  async #requestOf(id: UpdateId): Promise<Pick<UpdateRequest, 'chutes' | 'host' | 'lane'>> {
    const { journal } = this.#engine;
    const [seq = 0] = await journal.find({ update: id, limit: 1 });
    for await (const record of journal.read(seq, seq))
      if (record.type === 'update.requested') return record.request;
    return { chutes: [] };
  }

  #refusal(request: UpdateRequest, update: UpdateId): ChuteEvent | null {
    const quarantine = this.#engine.state.quarantine[request.contentHash];
    const { clock } = this.#engine.workshop;
    if (quarantine && !request.allowQuarantined && clock.now() < quarantine.retryAt)
      return {
        type: 'update.rejected',
        update,
        code: 'RIPCORD_VERSION_QUARANTINED',
        message: `cannot apply this content: ${quarantine.update} was ${quarantine.reason}; next try at ${quarantine.retryAt}`,
        hint: 'apply a mended version, or add --allow-quarantined',
        refusals: [],
      };
    const blockers = this.#blockers(request);
    // Nobody asked for what the supervisor does: a request of somebody's waits for it.
    const first = blockers.find(({ request: other }) => other.by.via !== SUPERVISOR);
    const stuck = blockers.find(({ phase }) => phase === 'stuck');
    const blocker = stuck ?? (request.mode === 'refuse' ? first : undefined);
    return blocker ? conflictEvent(update, blocker) : null;
  }

  /** The updates on their way that are about one of these chutes. */
  #blockers(request: Pick<UpdateRequest, 'chutes' | 'host'>): readonly UpdateState[] {
    return blockersOf({ id: '', seq: Number.POSITIVE_INFINITY, request }, this.#engine.state);
  }

  /** The services it is about that nobody is at work on, as the world has them, and the host. */
  async #looked(
    said: Said,
  ): Promise<{ readonly seen: readonly ObservedService[]; readonly facts: HostFacts }> {
    const { state, workshop } = this.#engine;
    const { chutes: named, atBoot } = spelledOut(said, state);
    // What waits may begin while the world is looked at; at boot it is held back.
    const others = Object.values(state.updates).filter((other) => !atBoot || hasBegun(other));
    const busy = others.flatMap(({ request }) => request.chutes.map(({ chute }) => chute));
    const chutes = named.map(({ chute }) => chute);
    const quiet = chutes.filter((chute) => !busy.includes(chute));
    const seen = await workshop.host.observe(state.applied, quiet);
    return { seen, facts: await workshop.host.facts() };
  }

  #planned(asked: Asked, scene: Pick<PlanScene, 'applied' | 'facts'>): Planned {
    const { planners, sha256 } = this.#engine.workshop;
    return planOn(this.#engine.state, asked, { ...scene, planners, sha256 });
  }
}

/** One part of a request, and what it comes to on the device as it is. */
type Part = { readonly asked: Asked; readonly planned: Planned };

/** An update that begins, before it is in the state. */
type UpdateBegun = Pick<UpdateState, 'id' | 'seq' | 'request' | 'phase' | 'stuck'>;

type Begun = {
  readonly id: UpdateId;
  readonly request: Pick<UpdateRequest, 'chutes' | 'host' | 'lane'>;
};

function nothingToDo(parts: readonly Part[]): UpdateHandle {
  const lanes = parts.map(({ asked }) => ({
    chute: subjectsOf(asked)[0]?.chute ?? '',
    outcome: UNCHANGED,
  }));
  const outcome = parts.length === 1 ? UNCHANGED : together(lanes);
  return { id: null, ids: [], done: Promise.resolve(outcome) };
}
