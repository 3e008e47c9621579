import type { Journal } from '../../journal/journal.ts';
import { memoryJournal } from '../../journal/memory.ts';
import type { Recorded } from '../../journal/record.ts';
import { Replay } from '../../replay/replay.ts';
import { NEW_CHUTE, stateHash } from '../../src/core/applied.ts';
import type { Definition, Environment } from '../../src/core/chute.ts';
import type {
  AbortCause,
  ChuteEvent,
  ChuteRequest,
  UpdateId,
  UpdateRequest,
} from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { invert, type Patch } from '../../src/core/patch.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import type { Step } from '../../src/core/step.ts';
import { applyOf, FAILURE, requestOf, stepsOf } from './asked.ts';
import { sha256 } from './sha256.ts';
import { ToldClock } from './told-clock.ts';

/**
 * A device whose journal is told by hand, event by event, with shortcuts for what every update has. A
 * second passes with each batch; patches and their inverses are made for what is applied then.
 */
export class ToldDevice {
  readonly journal: Journal<ChuteEvent>;
  readonly records: Recorded<ChuteEvent>[] = [];
  readonly clock: ToldClock;

  constructor(clock: ToldClock = new ToldClock(), journal?: Journal<ChuteEvent>) {
    this.clock = clock;
    this.journal = journal ?? memoryJournal<ChuteEvent>({ clock });
  }

  get state(): State {
    return fold(NEW_STATE, this.records);
  }

  async replay(): Promise<Replay> {
    return await Replay.of(this.journal);
  }

  /** One batch. */
  async tell(...events: readonly ChuteEvent[]): Promise<readonly Recorded<ChuteEvent>[]> {
    this.clock.pass(1000);
    const records = await this.journal.append(events);
    this.records.push(...records);
    return records;
  }

  /** The wall clock jumps; the boot-monotonic one does not. */
  setClock(at: string): void {
    this.clock.time = Date.parse(at);
  }

  async starts(...interrupted: readonly { update: UpdateId; step: string }[]): Promise<void> {
    await this.tell({ type: 'engine.started', version: '0', pid: 1, command: 'test', interrupted });
  }

  /** The power fails, the machine boots, an engine starts. */
  async reboots(boot: string, ...interrupted: { update: UpdateId; step: string }[]): Promise<void> {
    this.clock.boot = boot;
    this.clock.uptime = 1000;
    await this.starts(...interrupted);
  }

  async asks(
    update: UpdateId,
    chutes: readonly ChuteRequest[],
    request: Partial<UpdateRequest> = {},
  ): Promise<void> {
    await this.tell({ type: 'update.requested', update, request: requestOf(chutes, request) });
  }

  async plans(update: UpdateId, steps: readonly Step[], patch: Patch = []): Promise<void> {
    await this.tell(
      {
        type: 'update.planned',
        update,
        patch,
        steps,
        planHash: sha256(update),
        planners: { state: 1 },
        factsSeq: 1,
      },
      { type: 'update.started', update, stateHash: this.hash, ownHash: this.hash, baseline: {} },
    );
  }

  get hash(): string {
    return stateHash(this.state.applied, sha256);
  }

  async intends(update: UpdateId, { id, n, kind }: Step, attempt = 1): Promise<void> {
    const about = { update, step: id, n, attempt };
    await this.tell({ type: 'step.intended', ...about, kind, inputHash: 'x', undo: { was: n } });
  }

  async succeeds(
    update: UpdateId,
    { id, n }: Step,
    patch: Patch = [],
    more: { readonly attempt?: number; readonly recovered?: true } = {},
  ): Promise<void> {
    const inverse = invert(this.state.applied, patch);
    const about = { update, step: id, n, attempt: 1 };
    await this.tell({
      type: 'step.succeeded',
      ...about,
      result: null,
      patch,
      inverse,
      durationMs: 40,
      ...more,
    });
  }

  async fails(
    update: UpdateId,
    { id, n }: Step,
    { attempt = 1, final = true }: { readonly attempt?: number; readonly final?: boolean } = {},
  ): Promise<void> {
    const retryInMs = final ? null : 200;
    const how = { error: FAILURE, class: 'transient' as const, final, retryInMs, durationMs: 36 };
    await this.tell({ type: 'step.failed', update, step: id, n, attempt, ...how });
  }

  async undoes(update: UpdateId, { id, n }: Step): Promise<void> {
    const about = { update, step: id, n, attempt: 1 };
    await this.tell({ type: 'compensation.intended', ...about });
    const done = this.records.findLast(
      (record) => record.type === 'step.succeeded' && record.update === update && record.n === n,
    );
    const [patch, inverse] =
      done?.type === 'step.succeeded' ? [done.inverse, done.patch] : [[], []];
    await this.tell({ type: 'compensation.succeeded', ...about, patch, inverse, durationMs: 20 });
  }

  async aborts(update: UpdateId, step: Step | null, cause: AbortCause = 'failed'): Promise<void> {
    const error = cause === 'failed' ? FAILURE : null;
    await this.tell({ type: 'update.aborting', update, cause, step: step?.id ?? null, error });
  }

  async commits(update: UpdateId): Promise<void> {
    await this.tell({ type: 'update.committed', update, stateHash: this.hash });
  }

  async reverts(update: UpdateId): Promise<void> {
    const how = { cause: 'failed' as const, stateHash: this.hash, verified: true };
    await this.tell({ type: 'update.reverted', update, ...how });
  }

  /** A whole update that brings `name` to `version`, up to its commit and what comes behind it. */
  async installs(
    update: UpdateId,
    name: string,
    version: number,
    { environment, ...request }: Partial<UpdateRequest> & { environment?: Environment } = {},
  ): Promise<void> {
    const asked = applyOf(name, version, environment);
    await this.asks(update, [asked], request);
    const steps = stepsOf(name);
    await this.plans(update, steps);
    await this.goes(update, asked, steps);
    await this.commits(update);
    const drop = steps[4];
    if (drop) await this.intends(update, drop);
    if (drop) await this.succeeds(update, drop);
  }

  /** The steps before the commit, one after the other, as far as `until`. */
  async goes(
    update: UpdateId,
    { chute, definition }: ChuteRequest,
    steps: readonly Step[],
    until = 4,
  ): Promise<void> {
    for (const step of steps.slice(0, until)) {
      if (step.kind.startsWith('gate.')) {
        const about = { update, step: step.id, n: step.n, attempt: 1 };
        const deadline = { deadlineUp: this.clock.uptime + 5000, deadlineBoot: this.clock.boot };
        await this.tell({ type: 'gate.started', ...about, ...deadline });
        await this.tell({ type: 'gate.passed', ...about, result: 'well', durationMs: 15 });
        continue;
      }
      if (step.kind !== 'chute.save@1') await this.intends(update, step);
      await this.succeeds(update, step, this.patchOf(step, chute, definition));
    }
  }

  /** What a step of `stepsOf` changes in what is applied now. */
  patchOf({ n }: Step, chute: string, definition: Definition | null): Patch {
    const there = this.state.applied.chutes[chute] !== undefined;
    const path = `/chutes/${chute}`;
    if (n === 1) return there ? [] : [{ op: 'add', path, value: NEW_CHUTE }];
    const pid = this.records.length;
    const instance = { pid, startTicks: 1, boot: this.clock.boot, mark: 'm' };
    const main = { state: 'running', spec: null, instance } as const;
    if (n === 2) return [{ op: 'add', path: `${path}/services/main`, value: main }];
    if (n !== 4) return [];
    return [
      { op: 'replace', path: `${path}/definition`, value: definition as never },
      { op: 'replace', path: `${path}/run`, value: 'running' },
      { op: 'add', path: '/reservations/ports/18080~1tcp', value: { chute, service: 'main' } },
    ];
  }
}
