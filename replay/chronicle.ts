import type { Recorded, Seq } from '../journal/record.ts';
import { errorOfCause } from '../src/core/abort-error.ts';
import type { ChuteEvent, UpdateEvent, UpdateId } from '../src/core/events.ts';
import { isEndEvent, outcomeOf, REPEATS } from '../src/core/fold-end.ts';
import { fold } from '../src/core/fold.ts';
import { HOST } from '../src/core/host-config/document.ts';
import { NEW_STATE, type State } from '../src/core/state.ts';
import { elapsedMs } from './elapsed.ts';
import { newSummary, type UpdateSummary, versionIn } from './update-summary.ts';

/** The records of one boot of the machine. */
export type BootSpan = { readonly boot: string; readonly from: Seq; readonly to: Seq };

type Told = { readonly summary: UpdateSummary; readonly requested: Recorded<ChuteEvent> };

/** What became of every update, gathered from records as they are read, oldest first. */
export class Chronicle {
  readonly #updates = new Map<UpdateId, Told>();
  readonly #boots: BootSpan[] = [];
  #state: State = NEW_STATE;
  /** As it was when an update ended last: versions and revisions change only then. */
  #rested: State = NEW_STATE;
  #unfolded: Recorded<ChuteEvent>[] = [];
  #seq: Seq = 0;

  /** The last record that was read. */
  get seq(): Seq {
    return this.#seq;
  }

  /** The boots that left records, oldest first. */
  get boots(): readonly BootSpan[] {
    return this.#boots;
  }

  /** Every update that was ever asked for, oldest first, unfinished and rejected ones included. */
  get updates(): readonly UpdateSummary[] {
    const { updates } = this.#folded();
    return [...this.#updates.values()].map(({ summary }) => ({
      ...summary,
      phase: updates[summary.id]?.phase ?? null,
    }));
  }

  /** One update, or undefined. */
  update(id: UpdateId): UpdateSummary | undefined {
    return this.updates.find((each) => each.id === id);
  }

  /** Takes in the record after the last one. */
  read(record: Recorded<ChuteEvent>): void {
    this.#seq = record.seq;
    this.#unfolded.push(record);
    if (this.#unfolded.length >= UNFOLDED_MAX) this.#folded();
    this.#readBoot(record);
    if (record.type === 'engine.started') {
      for (const { update } of record.interrupted) {
        const interruptions = (this.#updates.get(update)?.summary.interruptions ?? 0) + 1;
        this.#set(update, { recovered: true, interruptions });
      }
    } else if ('update' in record) this.#readUpdate(record);
  }

  #readBoot({ boot, seq }: Recorded<ChuteEvent>): void {
    const last = this.#boots.at(-1);
    if (last?.boot === boot) this.#boots[this.#boots.length - 1] = { ...last, to: seq };
    else this.#boots.push({ boot, from: seq, to: seq });
  }

  #readUpdate(record: Recorded<UpdateEvent>): void {
    const { update, seq } = record;
    if (record.type === 'update.requested') {
      const summary = newSummary(record, this.#rested);
      this.#updates.set(update, { summary, requested: record });
      return;
    }
    this.#set(update, { lastSeq: seq });
    switch (record.type) {
      case 'update.planned':
        return this.#planned(update);
      case 'update.aborting': {
        const { cause, step, error } = record;
        return this.#set(update, {
          cause,
          failedStep: step,
          error: error ?? errorOfCause(cause),
        });
      }
      case 'update.stuck':
        return this.#set(update, { outcome: 'stuck' });
      case 'compensation.resolved':
        return this.#set(update, { outcome: null });
      default:
        if (isEndEvent(record)) this.#ended(record);
    }
  }

  /** The difference is taken now, not when it was asked for: others may have come first. */
  #planned(update: UpdateId): void {
    const told = this.#updates.get(update);
    if (!told) return;
    const each = Object.entries(told.summary.versions).map(([chute, { to }]) => {
      const from = versionIn(this.#rested, chute);
      const stays = REPEATS.has(told.summary.operations[chute] ?? '');
      return [chute, { from, to: stays ? from : to }] as const;
    });
    this.#set(update, { versions: Object.fromEntries(each) });
  }

  #ended(record: Recorded<Extract<UpdateEvent, { readonly type: `update.${string}` }>>): void {
    const told = this.#updates.get(record.update);
    if (!told || !isEndEvent(record)) return;
    this.#rested = this.#folded();
    const { chutes, host } = this.#rested;
    const revisions = Object.entries(told.summary.revisions).map(
      ([chute]) => [chute, (chute === HOST ? host : chutes[chute])?.revision ?? null] as const,
    );
    this.#set(record.update, {
      outcome: outcomeOf(record),
      endSeq: record.seq,
      endedAt: record.at,
      durationMs: elapsedMs(told.requested, record),
      revisions: Object.fromEntries(revisions),
      ...(record.type === 'update.rejected' && {
        error: { code: record.code, message: record.message },
      }),
    });
  }

  #set(id: UpdateId, part: Partial<UpdateSummary>): void {
    const told = this.#updates.get(id);
    if (told) this.#updates.set(id, { ...told, summary: { ...told.summary, ...part } });
  }

  #folded(): State {
    if (this.#unfolded.length > 0) this.#state = fold(this.#state, this.#unfolded);
    this.#unfolded = [];
    return this.#state;
  }
}

/** Records folded in one go: see `fold`. */
const UNFOLDED_MAX = 1000;
