import type { Recorded } from '../../journal/record.ts';
import { type Applied, stateHash } from '../core/applied.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteEvent, UpdateId, UpdateRequest } from '../core/events.ts';
import { canonical } from '../core/json.ts';
import type { Planned } from '../core/make-plan.ts';
import { blockersOf } from '../core/next.ts';
import { requestKey, type UpdateState } from '../core/state.ts';
import type { Engine } from './engine.ts';
import { decisionEvent } from './lane-events.ts';
import { type Outcome, UNCHANGED } from './outcome.ts';
import { planOn, withDrift } from './planning.ts';
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
    const blockers = this.#blockers(request, update);
    // With another update on its way, what is there now says nothing of what will be.
    const isClear = blockers.length === 0;
    if (isClear && 'unchanged' in planned && asked.requestId === null)
      return { id: null, done: Promise.resolve(UNCHANGED) };

    const events: ChuteEvent[] = [...drift, { type: 'update.requested', update, request }];
    const refusal = this.#refusal(request, update);
    // The request and what is decided at once go to disk as one batch.
    if (refusal) events.push(refusal);
    else if (isClear && !('plan' in planned))
      events.push(decisionEvent(update, planned, stateHash(applied, shop.sha256)));
    else if (!isClear)
      events.push({ type: 'update.queued', update, behind: blockers.map(({ id }) => id) });
    const records = await shop.append(events);
    // `next` sees that a newer update takes their place; they only have to look.
    if (asked.mode === 'supersede') for (const { id } of blockers) this.#engine.nudge(id);
    return this.#handle(update, records);
  }

  #handle(id: UpdateId, records: readonly Recorded<ChuteEvent>[] | null = null): UpdateHandle {
    if (this.#engine.state.updates[id]) this.#engine.drive(id);
    const done = this.#engine.outcome(id, records);
    done.catch(() => undefined);
    return { id, done };
  }

  #earlier(requestId: string | null, contentHash: string): UpdateId | null {
    if (requestId === null) return null;
    const earlier = this.#engine.state.requests[requestKey(requestId)];
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

  async #observed(asked: Asked): Promise<ReturnType<typeof withDrift>> {
    const { applied, updates } = this.#engine.state;
    const busy = Object.values(updates).flatMap(({ request }) =>
      request.chutes.map(({ chute }) => chute),
    );
    const chutes = asked.chutes.map(({ chute }) => chute);
    const quiet = chutes.filter((chute) => !busy.includes(chute));
    return withDrift(applied, await this.#engine.workshop.host.observe(applied, quiet));
  }

  async #planned(asked: Asked, applied: Applied): Promise<Planned> {
    const { host, planners, sha256 } = this.#engine.workshop;
    const facts = await host.facts();
    return planOn(this.#engine.state, asked, { facts, planners, sha256, applied });
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
