import { hash } from 'node:crypto';
import { resolve } from 'node:path';

import pino, { type Logger } from 'pino';

import { nodeDisk } from '../../journal/disk-node.ts';
import type { Head, Recorded, Seq } from '../../journal/record.ts';
import { openSecrets, type Secrets } from '../../journal/secrets-store.ts';
import type { Drivers } from '../core/driver.ts';
import type { ChuteEvent, ChuteRequest, Requester, UpdateId } from '../core/events.ts';
import type { Planned } from '../core/make-plan.ts';
import type { Planner } from '../core/plan.ts';
import { PLANNERS } from '../core/planners/all.ts';
import type { State } from '../core/state.ts';
import { builtInDrivers } from '../drivers/all.ts';
import { Engine } from '../engine/engine.ts';
import { parseFaults } from '../engine/faults.ts';
import type { Outcome } from '../engine/outcome.ts';
import { Requests } from '../engine/requests.ts';
import { type Resolution, resolveStep } from '../engine/resolve.ts';
import { RETRY, type RetryPolicy } from '../engine/retry.ts';
import { Supervisor } from '../engine/supervisor.ts';
import { askedAgain } from './asked-again.ts';
import { type ApplyOptions, askedOf, localRequester, onInterruptOf } from './asked.ts';
import { comparingSecrets, type ReadDefinition, storingSecrets } from './definitions.ts';
import { type Wanted, wantedFrom } from './host-request.ts';
import { type Configured, localHost } from './local-host.ts';
import { readAll } from './read-all.ts';
import { chooseConfigured } from './root-config.ts';
import { rootJournal } from './root-journal.ts';
import { prepareRoot, refuseFewDescriptors } from './root-place.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

export type RipcordOptions = {
  /** The directory where journal and state live. */
  readonly root: string;
  /** Whether a missing root is made. Default true. */
  readonly create?: boolean;
  /** Only for a new root; an existing one knows its own. Default `process`. */
  readonly runtime?: Configured['runtime'];
  /** Only for a new root. Default `render`: configuration is written, nothing is activated. */
  readonly host?: Configured['host'];
  /** Kinds of steps beside the built-in ones: see `defineDriver`. */
  readonly drivers?: Drivers;
  /** Planning modules beside the built-in ones, asked after them: see `definePlanner`. */
  readonly planners?: readonly Planner[];
  /** Default: silent. */
  readonly logger?: Logger;
  /** Whether services that exit unexpectedly are started again. Default true. */
  readonly supervise?: boolean;
  /** What others are told who find the root held. */
  readonly command?: string;
  readonly retry?: Partial<RetryPolicy>;
  readonly concurrencyMax?: number;
  /** Factor on the waits between attempts: fire drills and tests need not wait. Default 1. */
  readonly backoffScale?: number;
  /** The fault switch, `RIPCORD_FAULT`, for fire drills. */
  readonly faults?: string;
};

/** An accepted request on its way. */
export interface Update {
  /** Null when nothing had to change and nothing was journaled. */
  readonly id: UpdateId | null;
  /** Its records from the request on, as they become durable; ends when it rests or is stuck. */
  events(): AsyncIterable<Recorded<ChuteEvent>>;
  /** How it ended. */
  readonly done: Promise<Outcome>;
}

/**
 * An engine on this machine: one root, its journal, the built-in planners and drivers.
 *
 *     await using ripcord = await Ripcord.open({ root });
 *     const update = await ripcord.apply([definition]);
 *     console.log(await update.done);
 *
 * Opening finishes or undoes what an earlier engine left unfinished (`settled`).
 */
export class Ripcord implements AsyncDisposable {
  readonly engine: Engine;
  readonly requests: Requests;
  readonly root: string;
  readonly secrets: Secrets;
  /**
   * Resolves when what an earlier engine left unfinished is at rest and, after a reboot, what should run
   * was started.
   */
  readonly settled: Promise<void>;
  readonly #supervisor: Supervisor | null;

  private constructor(engine: Engine, root: string, secrets: Secrets, supervise: boolean) {
    this.engine = engine;
    this.root = root;
    this.secrets = secrets;
    this.requests = new Requests(engine);
    this.#supervisor = supervise ? new Supervisor(engine, this.requests) : null;
    this.settled = this.#supervisor?.booted ?? engine.settle();
    this.settled.catch(() => undefined);
  }

  /**
   * Opens a root and takes hold of it. Throws RIPCORD_JOURNAL_LOCKED when another engine has it,
   * RIPCORD_JOURNAL_DAMAGED when it may only be read, RIPCORD_ROOT_MISSING without `create`,
   * RIPCORD_ROOT_UNUSABLE for what can be none, and where too few files may be opened.
   */
  static async open(options: RipcordOptions): Promise<Ripcord> {
    const { create = true, logger = pino({ level: 'silent' }), command = 'library' } = options;
    const configured = chooseConfigured(options.root, options);
    const faults = parseFaults(options.faults ?? '');
    const root = prepareRoot(resolve(options.root), create);
    refuseFewDescriptors(root);
    const secrets = openSecrets(nodeDisk, root);
    const drivers: Drivers = { ...(builtInDrivers() as unknown as Drivers), ...options.drivers };
    const engine = await Engine.open({
      root,
      openJournal: rootJournal({ root, create, configured, command }),
      drivers,
      planners: [...PLANNERS, ...(options.planners ?? [])],
      host: localHost(root, configured, secrets),
      clock: systemClock(),
      sha256: (text) => hash('sha256', text),
      logger,
      faults,
      retry: scaled({ ...RETRY, ...options.retry }, options.backoffScale ?? 1),
      ...(options.concurrencyMax !== undefined && { concurrencyMax: options.concurrencyMax }),
      version: VERSION,
      command,
      pid: process.pid,
    });
    return new Ripcord(engine, root, secrets, options.supervise ?? true);
  }

  /** The state after the last flush. */
  get state(): State {
    return this.engine.state;
  }

  /** The last durable record. */
  get head(): Head {
    return this.engine.journal.head;
  }

  /**
   * The state at a point in time, `@1287`, `u43`, `u43^`, `u43.s7`, `hello@r41`, `HEAD~2`, a date.
   * Throws RIPCORD_REF_UNKNOWN.
   */
  async stateAt(ref: string): Promise<State> {
    const { Replay } = await import('../../replay/replay.ts');
    const { resolveRef } = await import('../../replay/resolve-ref.ts');
    const replay = await Replay.of(this.engine.journal);
    const { seq } = await resolveRef(replay, ref);
    return await replay.stateAt(seq);
  }

  /**
   * Asks for chutes to become as defined: created where absent, changed where different.
   *
   * A definition is a value as it would stand in YAML, or one that was read before. Throws
   * RIPCORD_DEFINITION_INVALID and RIPCORD_SOURCE_… before anything is written; later refusals are the
   * outcome `rejected`.
   */
  async apply(
    definitions: readonly (ReadDefinition | object)[],
    options: ApplyOptions = {},
  ): Promise<Update> {
    const { chutes, host } = await this.#requests(definitions, true, options.strict);
    const said = { onInterrupt: onInterruptOf(chutes), ...options };
    return await this.ask(chutes, { ...said, ...(host && { host }) });
  }

  /** What `apply` would do. Journals nothing. */
  async plan(
    definitions: readonly (ReadDefinition | object)[],
    options: ApplyOptions = {},
  ): Promise<Planned> {
    const { chutes, host } = await this.#requests(definitions, false, options.strict);
    return await this.requests.plan(askedOf(chutes, { ...options, ...(host && { host }) }));
  }

  /** Starts, stops, restarts or deletes chutes, or asks for ready-made requests. */
  async ask(chutes: readonly ChuteRequest[], options: ApplyOptions = {}): Promise<Update> {
    await this.settled;
    const before = this.head.seq;
    const { id, ids, done } = await this.requests.ask(askedOf(chutes, options));
    return { id, done, events: () => this.#events(new Set(ids), before + 1, done) };
  }

  /**
   * Asks again for what an update asked for, as a new update; with the first of several lanes, for what
   * of them did not get through. Throws RIPCORD_UPDATE_UNKNOWN.
   */
  async retry(id: UpdateId, options: ApplyOptions = {}): Promise<Update> {
    const again = await askedAgain(this.engine.journal, id);
    return await this.ask(again.chutes, { ...again.options, ...options });
  }

  /** Turns an update around, with its lanes. Throws RIPCORD_UPDATE_FINISHED when it is too late, saying what to do. */
  async cancel(id: UpdateId, by: Requester = localRequester()): Promise<void> {
    await this.engine.turnAround(id, { by });
  }

  /** Settles a stuck step; the rollback goes on. Resolves with how the update then stands. */
  async resolve(id: UpdateId, n: number, resolution: Resolution): Promise<Outcome> {
    await resolveStep(this.engine, id, n, resolution);
    return await this.engine.outcome(id);
  }

  /**
   * Stops at a step boundary and lets go of the root. Nothing is rolled back; services go on running.
   * Safe to repeat.
   */
  async close(reason?: string): Promise<void> {
    this.#supervisor?.stop();
    await this.engine.close(reason);
    await this.#supervisor?.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#events(
    ids: ReadonlySet<UpdateId>,
    from: Seq,
    done: Promise<Outcome>,
  ): AsyncIterable<Recorded<ChuteEvent>> {
    if (ids.size === 0) return;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    done.then(end, end);
    const last = async (): Promise<Seq> => {
      await done.catch(() => undefined);
      return this.head.seq;
    };
    const until = last();
    let seq = from - 1;
    const mine = (record: Recorded<ChuteEvent>): boolean =>
      'update' in record && ids.has(record.update);
    for await (const record of this.engine.journal.follow(from, ended.signal)) {
      seq = record.seq;
      if (mine(record)) yield record;
    }
    for await (const record of this.engine.journal.read(seq + 1, await until))
      if (mine(record)) yield record;
  }

  async #requests(
    definitions: readonly (ReadDefinition | object)[],
    store: boolean,
    strict = false,
  ): Promise<Wanted> {
    const { config } = this.state.applied.host;
    const configured = async (): Promise<typeof config> => config;
    const read = await readAll(definitions, { root: this.root, strict, configured });
    const mark = store ? storingSecrets(this.secrets) : comparingSecrets(this.root);
    return await wantedFrom(read, mark, configured);
  }
}

function scaled(policy: RetryPolicy, scale: number): RetryPolicy {
  const { firstMs, longestMs } = policy;
  return { ...policy, firstMs: firstMs * scale, longestMs: longestMs * scale };
}
