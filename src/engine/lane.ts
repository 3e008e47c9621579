import { produce } from 'immer';

import { type Applied, stateHash } from '../core/applied.ts';
import { assert } from '../core/assert.ts';
import type { ChuteEvent, EventOf, Requester, StuckStep, UpdateId } from '../core/events.ts';
import { peek } from '../core/mark.ts';
import { next, type Next } from '../core/next.ts';
import { applyPatch } from '../core/patch.ts';
import type { UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { Attempts, type AttemptsListener } from './attempts.ts';
import { conflictEvent } from './conflict.ts';
import {
  endEvent,
  errorAt,
  giveUpEvent,
  loopEvents,
  planEvents,
  startEvent,
  worseThanBefore,
} from './lane-events.ts';
import { ledgerAfter } from './reload-events.ts';
import { engineClosed, tooLate } from './too-late.ts';
import { UndoData } from './undo-data.ts';
import { Undoing } from './undoing.ts';
import type { Workshop } from './workshop.ts';

/** Why somebody wants an update to turn around. */
export type TurnAround = { readonly by: Requester };

type Turning = TurnAround & { readonly settle: (error?: Error) => void };

/**
 * Brings one update to rest: asks `next` what it needs, does it, and writes down what came of it.
 *
 * The outcome of one step and the intent of the following go to disk in one flush: outcomes wait in
 * `carry` until an intent, or an event that needs them on disk, is written.
 */
export class Lane {
  readonly id: UpdateId;
  readonly #shop: Workshop;
  readonly #attempts: Attempts;
  readonly #undoing: Undoing;
  /** Outcomes that are known and not yet written. */
  #carry: ChuteEvent[] = [];
  #stopping = false;
  #broken: Error | null = null;
  #turnAround: Turning | null = null;
  #wake: () => void = () => undefined;
  /** Set when something happened since the lane last looked: a wake-up is never lost. */
  #woken = false;
  #isQueued = false;

  constructor(shop: Workshop, id: UpdateId) {
    this.id = id;
    this.#shop = shop;
    const undoData = new UndoData(shop.journal);
    const listener: AttemptsListener = {
      applied: () => this.#appliedNow(),
      ledger: () => ledgerAfter(this.#shop.state(), this.#carry),
      settled: (events) => {
        this.#carry.push(...events);
        this.wake();
      },
      broke: (error) => {
        this.#broken = error;
        this.wake();
      },
      ready: () => this.wake(),
    };
    this.#attempts = new Attempts(shop, id, undoData, listener);
    this.#undoing = new Undoing(shop, id, undoData, listener);
  }

  /** Resolves when the update rests, is stuck, or was stopped at a step boundary. */
  async drive(): Promise<void> {
    try {
      while (await this.#once());
    } catch (error) {
      this.#turnAround?.settle(error instanceof Error ? error : new Error('the lane ended'));
      throw error;
    }
    const isLeft = this.#stopping && this.#now() !== undefined;
    this.#turnAround?.settle(isLeft ? engineClosed(this.id) : tooLate(this.id));
  }

  /** Takes no further step; `drive` resolves once what is under way has its outcome on disk. */
  stop(): void {
    this.#stopping = true;
    this.wake();
  }

  /** Other updates have moved: whoever queues behind them asks again. */
  othersMoved(): void {
    if (this.#isQueued) this.wake();
  }

  /** Asks again: something this lane waits for may have changed. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /**
   * Turns the update around. Resolves when that is on disk; throws RIPCORD_UPDATE_FINISHED when it is
   * committed or being undone already.
   */
  async turnAround(request: TurnAround): Promise<void> {
    if (this.#turnAround) throw tooLate(this.id, 'aborting');
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error): void => {
        this.#turnAround = null;
        if (error) reject(error);
        else resolve();
      };
      this.#turnAround = { ...request, settle };
      this.wake();
    });
  }

  async #once(): Promise<boolean> {
    this.#woken = false;
    this.#isQueued = false;
    if (this.#broken) throw this.#broken;
    const update = this.#now();
    if (!update) return await this.#rest();
    if (this.#stopping) return await this.#halt();
    if (this.#turnAround) return await this.#turn(update, this.#turnAround);
    return await this.#act(update, next(update, this.#shop.state()));
  }

  /** The update as it stands once what is carried is written. */
  #now(): UpdateState | undefined {
    const update = this.#shop.state().updates[this.id];
    return update && this.#carry.length > 0 ? peek(update, this.#carry) : update;
  }

  #appliedNow(): Applied {
    const { applied } = this.#shop.state();
    const patches = this.#carry.flatMap((event) => ('patch' in event ? event.patch : []));
    return patches.length === 0 ? applied : produce(applied, (draft) => applyPatch(draft, patches));
  }

  async #act(update: UpdateState, todo: Next): Promise<boolean> {
    switch (todo.do) {
      case 'queue':
        return await this.#queue();
      case 'wait':
        return await this.#wait();
      case 'run':
        return await this.#run(update, todo.steps);
      case 'probe':
        return await this.#write(await this.#attempts.probe(update, todo.step));
      case 'undo':
        return await this.#undo(update, todo.step);
      case 'refuse':
        return await this.#refuse(update, todo.by);
      case 'plan':
        return this.#shop.isHeldBack(update) ? await this.#queue() : await this.#plan(update);
      case 'start':
        return await this.#write([await startEvent(this.#shop, update)]);
      case 'commit':
        return await this.#commit(update);
      case 'abort':
        return await this.#abort(update, todo);
      case 'giveUp':
        return await this.#write([giveUpEvent(update, todo.step)]);
      case 'revert':
      case 'resolved':
        return await this.#end(todo.do);
      case 'stick':
        return await this.#stick(todo.steps);
      case 'rest':
        return await this.#rest();
    }
  }

  /** Intents first, with the outcomes carried so far, in one flush; then the steps themselves. */
  async #run(update: UpdateState, steps: readonly Step[]): Promise<boolean> {
    const ready = this.#attempts.ready(update, steps);
    if (ready.length === 0) return await this.#wait();
    const intents = await this.#attempts.intend(update, ready);
    if (intents.events.length > 0) await this.#write(intents.events);
    this.#attempts.start(intents.attempts);
    return true;
  }

  async #refuse(update: UpdateState, by: UpdateId): Promise<boolean> {
    const blocker = this.#shop.state().updates[by];
    return await this.#write(blocker ? [conflictEvent(update.id, blocker)] : []);
  }

  /** Waits until others have moved. */
  async #queue(): Promise<true> {
    this.#isQueued = true;
    return await this.#wait();
  }

  async #plan(update: UpdateState): Promise<boolean> {
    const plan = async () => await this.#write(await planEvents(this.#shop, update));
    return await this.#shop.planning.take(plan);
  }

  async #undo(update: UpdateState, step: Step): Promise<boolean> {
    const undo = await this.#undoing.intend(update, step);
    if (undo.do === 'wait') return await this.#wait();
    if (undo.do === 'record') this.#carry.push(undo.event);
    else {
      await this.#write([undo.intent]);
      this.#carry.push(...(await undo.carryOut()));
    }
    return true;
  }

  async #commit(update: UpdateState): Promise<boolean> {
    await this.#write([]);
    const worse = await worseThanBefore(this.#shop, update);
    if (worse) {
      await this.#turnTo({ cause: 'failed', step: null, error: worse });
      return true;
    }
    const hash = stateHash(this.#shop.state().applied, this.#shop.sha256);
    await this.#write([{ type: 'update.committed', update: update.id, stateHash: hash }]);
    return true;
  }

  async #turn(update: UpdateState, request: Turning): Promise<boolean> {
    if (update.phase === 'aborting' || update.phase === 'committed' || update.phase === 'stuck') {
      request.settle(tooLate(this.id, update.phase));
      return true;
    }
    await this.#turnTo({ cause: 'cancelled', step: null, error: null, by: request.by });
    request.settle();
    return true;
  }

  async #abort(update: UpdateState, todo: Extract<Next, { do: 'abort' }>): Promise<boolean> {
    const { cause, step, by } = todo;
    const error = errorAt(update, step, this.#carry);
    const events = cause === 'looping' ? loopEvents(this.#shop, update) : [];
    await this.#turnTo({ cause, step, error, ...(by !== undefined && { by }) }, events);
    return true;
  }

  /** Turns around, in one batch with what is said of it. */
  async #turnTo(
    about: Omit<EventOf<'update.aborting'>, 'type' | 'update'>,
    events: readonly ChuteEvent[] = [],
  ): Promise<void> {
    this.#attempts.interrupt();
    await this.#write([...events, { type: 'update.aborting', update: this.id, ...about }]);
  }

  async #end(how: 'revert' | 'resolved'): Promise<boolean> {
    await this.#write([]);
    const update = this.#shop.state().updates[this.id];
    assert(update, `${this.id} ended before its end`);
    await this.#write([endEvent(this.#shop, update, how)]);
    return false;
  }

  async #stick(steps: readonly StuckStep[]): Promise<boolean> {
    await this.#write([{ type: 'update.stuck', update: this.id, steps }]);
    return false;
  }

  /** Writes what is carried, then `events`, as one batch. On disk on return. */
  async #write(events: readonly ChuteEvent[]): Promise<true> {
    const carried = this.#carry;
    if (carried.length + events.length === 0) return true;
    this.#carry = [];
    await this.#shop.append([...carried, ...events]);
    return true;
  }

  async #wait(): Promise<true> {
    // What is known need not wait for what is not.
    if (this.#carry.length > 0) return await this.#write([]);
    if (this.#woken) return true;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = () => undefined;
    return true;
  }

  async #rest(): Promise<boolean> {
    if (this.#carry.length === 0) return false;
    return await this.#write([]);
  }

  async #halt(): Promise<boolean> {
    this.#attempts.leaveGates();
    if (this.#attempts.running) return await this.#wait();
    await this.#write([]);
    this.#attempts.interrupt();
    this.#undoing.stop();
    return false;
  }
}
