import type { Recorded } from '../../journal/record.ts';
import type { Applied } from '../core/applied.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, UpdateId, UpdateRequest } from '../core/events.ts';
import { canonical, type Json } from '../core/json.ts';
import { makePlan, type Planned } from '../core/make-plan.ts';
import { owedServices } from '../core/network-outcome.ts';
import { blockersOf } from '../core/next.ts';
import { applyPatch, invert, type Patch } from '../core/patch.ts';
import { withPromisedPorts } from '../core/promised-ports.ts';
import type { UpdateState } from '../core/state.ts';
import { driftOf } from './drift.ts';
import type { Engine } from './engine.ts';
import { planEvents } from './lane-events.ts';
import { type Outcome, UNCHANGED } from './outcome.ts';
import { SUPERVISOR } from './supervised.ts';

/** What is asked for, as far as the caller says it; the rest has defaults. */
export type Asked = Omit<UpdateRequest, 'contentHash'>;

/** An accepted request; `id` is null when there was nothing to do and nothing was journaled. */
export interface UpdateHandle {
  readonly id: UpdateId | null;
  /** Resolves when the update rests or is stuck. */
  readonly done: Promise<Outcome>;
}

/**
 * Takes requests in: one at a time, so that numbers follow each other and every decision is made on
 * the state it is recorded on.
 */
export class Requests {
  readonly #engine: Engine;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Accepts or refuses a request; refusals that are not about its form are journaled with it.
   *
   * Throws RIPCORD_REQUEST_CONFLICT when its request id stands for something else.
   */
  async ask(asked: Asked): Promise<UpdateHandle> {
    return await this.#inTurn(async () => await this.#ask(asked));
  }

  /** What `ask` would plan, without asking. Journals nothing. */
  async plan(asked: Asked): Promise<Planned> {
    const { applied } = await this.#observed(asked);
    return await this.#planned(asked, applied);
  }

  async #ask(asked: Asked): Promise<UpdateHandle> {
    const shop = this.#engine.workshop;
    const contentHash = contentHashOf(asked, shop.sha256);
    const earlier = this.#earlier(asked.requestId, contentHash);
    if (earlier) return this.#handle(earlier);

    const { applied, drift } = await this.#observed(asked);
    const planned = await this.#planned(asked, applied);
    const update = `u${this.#engine.state.nextUpdate}`;
    const request = { ...asked, contentHash };
    const requested: ChuteEvent = { type: 'update.requested', update, request };
    const blockers = this.#blockers(request, update);
    // With another update on its way, what is there now says nothing of what will be.
    const decided = blockers.length === 0 && !('plan' in planned);
    if (decided && 'unchanged' in planned && asked.requestId === null)
      return { id: null, done: Promise.resolve(UNCHANGED) };

    const refusal = this.#refusal(request, update);
    if (refusal) {
      return this.#handle(update, await shop.append([...drift, requested, refusal]));
    }
    if (decided) return await this.#decideNow(update, [...drift, requested]);

    const behind = blockers.map(({ id }) => id);
    const queued: ChuteEvent[] =
      behind.length > 0 ? [{ type: 'update.queued', update, behind }] : [];
    const records = await shop.append([...drift, requested, ...queued]);
    if (asked.mode === 'supersede') this.#supersede(blockers, update);
    return this.#handle(update, records);
  }

  /** The request and its refusal, or that nothing has to change, in one batch. */
  async #decideNow(update: UpdateId, events: readonly ChuteEvent[]): Promise<UpdateHandle> {
    const shop = this.#engine.workshop;
    const requested = events.find((event) => event.type === 'update.requested');
    const { request } = requested as Extract<ChuteEvent, { type: 'update.requested' }>;
    const state = { id: update, request } as UpdateState;
    const decided = await planEvents(shop, state);
    return this.#handle(update, await shop.append([...events, ...decided]));
  }

  #handle(id: UpdateId, records: readonly Recorded<ChuteEvent>[] | null = null): UpdateHandle {
    if (this.#engine.state.updates[id]) this.#engine.drive(id);
    const done = this.#engine.outcome(id, records);
    done.catch(() => undefined);
    return { id, done };
  }

  #earlier(requestId: string | null, contentHash: string): UpdateId | null {
    if (requestId === null) return null;
    const earlier = this.#engine.state.requests[requestId];
    if (!earlier) return null;
    if (earlier.contentHash === contentHash) return earlier.update;
    throw new RipcordError(
      'RIPCORD_REQUEST_CONFLICT',
      `cannot take request '${requestId}': ${earlier.update} used this id for something else`,
      { hint: 'use a new id for a new request' },
    );
  }

  #refusal(request: UpdateRequest, update: UpdateId): ChuteEvent | null {
    const quarantine = this.#engine.state.quarantine[request.contentHash];
    const { clock } = this.#engine.workshop;
    if (quarantine && !request.allowQuarantined && clock.now() < quarantine.retryAt)
      return rejected(update, {
        code: 'RIPCORD_VERSION_QUARANTINED',
        message: `cannot apply this content: ${quarantine.update} was ${quarantine.reason}; next try at ${quarantine.retryAt}`,
        hint: 'apply a mended version, or add --allow-quarantined',
      });
    const blockers = this.#blockers(request, update);
    // Nobody asked for what the supervisor does: a request of somebody's waits for it.
    const first = blockers.find(({ request: other }) => other.by.via !== SUPERVISOR);
    const stuck = blockers.find(({ phase }) => phase === 'stuck');
    const blocker = stuck ?? (request.mode === 'refuse' ? first : undefined);
    if (!blocker) return null;
    const chutes = blocker.request.chutes.map(({ chute }) => chute).join(', ');
    return rejected(update, {
      code: 'RIPCORD_UPDATE_CONFLICT',
      message: `cannot change ${chutes}: ${blocker.id} is ${stuck ? 'stuck' : 'on its way'}`,
      hint: stuck
        ? `ripcord show ${blocker.id} names what is stuck, ripcord resolve settles it`
        : `ripcord watch ${blocker.id}, or ask again with --mode queue`,
    });
  }

  #blockers(request: UpdateRequest, id: UpdateId): readonly UpdateState[] {
    return blockersOf({ id, seq: Number.POSITIVE_INFINITY, request }, this.#engine.state);
  }

  #supersede(blockers: readonly UpdateState[], by: UpdateId): void {
    for (const { id, phase } of blockers) {
      if (phase === 'committed' || phase === 'aborting') continue;
      // Too late to turn it around is fine: then the new one simply comes after it.
      this.#engine.turnAround(id, { cause: 'superseded', by }).catch(() => undefined);
    }
  }

  async #observed(
    asked: Asked,
  ): Promise<{ readonly applied: Json; readonly drift: readonly ChuteEvent[] }> {
    const { applied } = this.#engine.state;
    const chutes = asked.chutes.map(({ chute }) => chute);
    const busy = Object.values(this.#engine.state.updates).flatMap(({ request }) =>
      request.chutes.map(({ chute }) => chute),
    );
    const quiet = chutes.filter((chute) => !busy.includes(chute));
    const seen = await this.#engine.workshop.host.observe(applied, quiet);
    const after = structuredClone(applied) as unknown as Json;
    const drift = seen.flatMap((each): ChuteEvent[] => {
      const found = driftOf(applied, each);
      if (!found) return [];
      const inverse: Patch = invert(after, found.patch);
      applyPatch(after, found.patch);
      return [{ type: 'drift.found', ...found, inverse }];
    });
    return { applied: after, drift };
  }

  async #planned(asked: Asked, applied: Json): Promise<Planned> {
    const { host, planners, sha256 } = this.#engine.workshop;
    const facts = await host.facts();
    const underWay = Object.values(this.#engine.state.updates).flatMap(
      ({ plan }) => plan?.steps ?? [],
    );
    const promised = withPromisedPorts(applied as unknown as Applied, underWay);
    const owed = owedServices(this.#engine.state);
    return makePlan({ request: asked, applied: promised, facts, planners, sha256, owed });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }
}

/** SHA-256 of what is asked: not who asks, when, or under which id. Pure. */
export function contentHashOf(asked: Asked, sha256: (text: string) => string): string {
  const chutes = asked.chutes.map(({ chute, operation, definition, purge }) => ({
    chute,
    operation,
    definition,
    purge: purge ?? false,
  }));
  return sha256(canonical(chutes));
}

function rejected(
  update: UpdateId,
  why: { readonly code: string; readonly message: string; readonly hint: string },
): ChuteEvent {
  return { type: 'update.rejected', update, ...why, refusals: [] };
}
